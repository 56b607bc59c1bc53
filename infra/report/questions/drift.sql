-- The unknown fields that each job's last run with any met.
SELECT
  job,
  field,
  documents,
  ds
FROM field_drift
WHERE ds >= @since AND ds <= @until
QUALIFY RANK() OVER (PARTITION BY job ORDER BY ds DESC) = 1
ORDER BY job, documents DESC, field
