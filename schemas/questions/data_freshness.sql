-- How fresh is each table, and how do its jobs fare?
-- The runs of these days by job; hours_ago counts from now. last_status is SKIPPED only where all were.
-- Without --since: the last 7 days.
SELECT
  job,
  target,
  MAX(last_ended_well_at) AS last_ended_well_at,
  TIMESTAMP_DIFF(CURRENT_TIMESTAMP(), MAX(last_ended_well_at), HOUR) AS hours_ago,
  MAX(newest_ds) AS newest_ds,
  SUM(runs) AS runs,
  SUM(ended_well) AS ended_well,
  SUM(failed) AS failed,
  SUM(skipped) AS skipped,
  MAX_BY(last_status, IF(last_status = 'SKIPPED', DATE '0001-01-01', ds)) AS last_status,
  MAX(slowest_s) AS slowest_s,
  SUM(cost_estimate_usd) AS cost_estimate_usd
FROM data_freshness
WHERE ds >= @since AND ds <= @until
GROUP BY job, target
ORDER BY job
