-- How fresh is each table, and how do its jobs fare?
-- One row per day (UTC, of the start of the runs), job and table. last_ended_well_at is the end of the last run that
-- succeeded, also one with documents pending or quarantined, and looked at all that was due; blind_spot is what that run
-- did not see, NULL where there was none; newest_ds the newest partition that runs of that day wrote. last_status is
-- that of the run which ended last, SKIPPED only where all were.
-- failed counts FAILED, INTERRUPTED and ABANDONED runs. archived and revised are sums; slowest_s is in seconds.
-- Each shard of a table that is split has runs of its own: last_status is the worst of their last ones, and
-- last_ended_well_at the earliest, NULL where a shard that was tried did not end well that day.
-- Known only as of the last run of job-runs. A filter on ds reaches ops_job_runs.
WITH runs AS (
  SELECT
    *,
    IF(status IN ('SUCCEEDED', 'PARTIAL') AND narrowed IS NOT TRUE, finished_at, NULL) AS ended_well_at
  FROM `{dataset}.ops_job_runs`
),

shards AS (
  SELECT
    ds,
    job,
    target,
    -- Each shard has a lease of its own, and no other column tells them apart: a task may run several.
    lease,
    COUNT(*) AS runs,
    COUNTIF(status IN ('SUCCEEDED', 'PARTIAL')) AS ended_well,
    COUNTIF(status IN ('FAILED', 'INTERRUPTED', 'ABANDONED')) AS failed,
    COUNTIF(status = 'SKIPPED') AS skipped,
    MAX_BY(status, IF(status = 'SKIPPED', TIMESTAMP '0001-01-01', finished_at)) AS last_status,
    MAX(ended_well_at) AS last_ended_well_at,
    MAX(ds_max) AS newest_ds,
    SUM(archived_count) AS archived,
    SUM(revised_count) AS revised,
    MAX_BY(
      IF(ended_well_at IS NULL, NULL, blind_spot),
      COALESCE(ended_well_at, TIMESTAMP '0001-01-01')
    ) AS blind_spot,
    MAX(IF(status IN ('SUCCEEDED', 'PARTIAL'), duration_s, NULL)) AS slowest_s,
    SUM(cost_estimate_usd) AS cost_estimate_usd
  FROM runs
  GROUP BY ds, job, target, lease
)

SELECT
  ds,
  job,
  target,
  SUM(runs) AS runs,
  SUM(ended_well) AS ended_well,
  SUM(failed) AS failed,
  SUM(skipped) AS skipped,
  MAX_BY(
    last_status,
    CASE last_status
      WHEN 'SKIPPED' THEN 0
      WHEN 'SUCCEEDED' THEN 1
      WHEN 'PARTIAL' THEN 2
      WHEN 'INTERRUPTED' THEN 3
      WHEN 'FAILED' THEN 4
      ELSE 5
    END
  ) AS last_status,
  IF(COUNTIF(last_ended_well_at IS NULL) = 0, MIN(last_ended_well_at), NULL) AS last_ended_well_at,
  MAX(newest_ds) AS newest_ds,
  SUM(archived) AS archived,
  SUM(revised) AS revised,
  -- Each shard counts the whole collection, so they all tell the same at the same time.
  MAX(blind_spot) AS blind_spot,
  MAX(slowest_s) AS slowest_s,
  SUM(cost_estimate_usd) AS cost_estimate_usd
FROM shards
GROUP BY ds, job, target
