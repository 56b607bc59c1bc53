-- Which fields arrive that no schema knows?
-- The most that one run of each of these days met, of each shard where a table is split, by job and field.
-- Without --since: the last 14 days.
SELECT
  ds,
  job,
  field,
  documents
FROM field_drift
WHERE ds >= @since AND ds <= @until
ORDER BY job, ds, field
