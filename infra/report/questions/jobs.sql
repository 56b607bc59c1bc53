-- How each job fared in these days. Days on which all were skipped, or none saw its source, say nothing.
SELECT
  job,
  MAX_BY(last_status, IF(last_status = 'SKIPPED', DATE '0001-01-01', ds)) AS last_status,
  MAX(last_ended_well_at) AS last_ended_well_at,
  MAX(newest_ds) AS newest_ds,
  SUM(runs) AS runs,
  SUM(ended_well) AS ended_well,
  SUM(failed) AS failed,
  SUM(skipped) AS skipped,
  SUM(archived) AS archived,
  SUM(revised) AS revised,
  MAX_BY(blind_spot, IF(blind_spot IS NULL, DATE '0001-01-01', ds)) AS blind_spot,
  MAX(slowest_s) AS slowest_s,
  SUM(cost_estimate_usd) AS cost_estimate_usd
FROM data_freshness
WHERE ds >= @since AND ds <= @until
GROUP BY job
ORDER BY job
