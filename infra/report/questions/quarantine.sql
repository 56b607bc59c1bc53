-- What each job's last run of each day refused.
SELECT
  ds,
  job,
  reason,
  refused,
  pending,
  RANK() OVER (PARTITION BY job ORDER BY ds DESC) = 1 AS latest
FROM quarantine_trend
WHERE ds >= @since AND ds <= @until
ORDER BY ds, job, reason
