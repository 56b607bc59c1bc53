-- Each day's runs of each job.
SELECT
  ds,
  job,
  SUM(runs) AS runs,
  SUM(ended_well) AS ended_well,
  SUM(failed) AS failed,
  SUM(skipped) AS skipped,
  MAX(slowest_s) AS slowest_s
FROM data_freshness
WHERE ds >= @since AND ds <= @until
GROUP BY ds, job
ORDER BY ds, job
