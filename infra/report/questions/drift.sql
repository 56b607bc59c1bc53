-- The unknown fields that each job met on its last day with any.
SELECT
  job,
  field,
  documents,
  ds
FROM field_drift
WHERE ds >= @since AND ds <= @until
QUALIFY RANK() OVER (PARTITION BY job ORDER BY ds DESC) = 1
ORDER BY job, documents DESC, field
