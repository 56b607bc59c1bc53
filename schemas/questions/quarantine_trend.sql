-- Is the quarantine growing, and for which reason?
-- What the last run of each of these days refused, of each shard where a table is split, by job and reason.
-- Without --since: the last 14 days.
SELECT
  ds,
  job,
  reason,
  refused,
  pending
FROM quarantine_trend
WHERE ds >= @since AND ds <= @until
ORDER BY job, ds, reason
