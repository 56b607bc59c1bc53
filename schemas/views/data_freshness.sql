-- How fresh is each table, and how do its jobs fare?
-- One row per day (UTC, of the start of the runs), job and table. last_ended_well_at is the end of the last run that
-- succeeded, also one with documents pending or quarantined; newest_ds the newest partition that runs of that day
-- wrote. last_status is that of the run which ended last, SKIPPED only where all were.
-- failed counts FAILED, INTERRUPTED and ABANDONED runs. archived and revised are sums; slowest_s is in seconds.
-- Known only as of the last run of job-runs. A filter on ds reaches ops_job_runs.
SELECT
  ds,
  job,
  target,
  COUNT(*) AS runs,
  COUNTIF(status IN ('SUCCEEDED', 'PARTIAL')) AS ended_well,
  COUNTIF(status IN ('FAILED', 'INTERRUPTED', 'ABANDONED')) AS failed,
  COUNTIF(status = 'SKIPPED') AS skipped,
  MAX_BY(status, IF(status = 'SKIPPED', TIMESTAMP '0001-01-01', finished_at)) AS last_status,
  MAX(IF(status IN ('SUCCEEDED', 'PARTIAL'), finished_at, NULL)) AS last_ended_well_at,
  MAX(ds_max) AS newest_ds,
  SUM(archived_count) AS archived,
  SUM(revised_count) AS revised,
  MAX(blind_spot) AS blind_spot,
  MAX(IF(status IN ('SUCCEEDED', 'PARTIAL'), duration_s, NULL)) AS slowest_s,
  SUM(cost_estimate_usd) AS cost_estimate_usd
FROM `{dataset}.ops_job_runs`
GROUP BY ds, job, target
