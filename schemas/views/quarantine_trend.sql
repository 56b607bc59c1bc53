-- Is the quarantine growing, and for which reason?
-- One row per day (UTC), job and reason code: how many documents the last run of that day that ended well and
-- looked at all that was due refused.
-- Each run looks at every due document anew, so these are levels, not additions. A job whose last run refused nothing
-- has one row without a reason and with refused 0. Where a table is split into shards, the last runs of each are added,
-- refused and pending, and finished_at and job_run_id are of the one that ended last; on the day of a split, runs from
-- before and after it.
-- A filter on ds reaches ops_job_runs.
WITH last_runs AS (
  SELECT
    ds,
    job,
    -- Each shard has a lease of its own, and no other column tells them apart: a task may run several.
    lease,
    MAX_BY(
      STRUCT(
        job_run_id AS job_run_id,
        finished_at AS finished_at,
        pending_count AS pending,
        TO_JSON_STRING(rejects_by_reason) AS rejects
      ),
      finished_at
    ) AS run
  FROM `{dataset}.ops_job_runs`
  WHERE status IN ('SUCCEEDED', 'PARTIAL') AND narrowed IS NOT TRUE
  GROUP BY ds, job, lease
),

jobs AS (
  SELECT
    ds,
    job,
    STRING_AGG(run.rejects) AS rejects,
    SUM(run.pending) AS pending,
    MAX(run.finished_at) AS finished_at,
    MAX_BY(run.job_run_id, run.finished_at) AS job_run_id
  FROM last_runs
  GROUP BY ds, job
)

SELECT
  jobs.ds,
  jobs.job,
  REGEXP_EXTRACT(part, r'"([A-Z_]+)"') AS reason,
  COALESCE(SUM(CAST(REGEXP_EXTRACT(part, r'([0-9]+)$') AS INT64)), 0) AS refused,
  jobs.pending AS pending,
  jobs.finished_at AS finished_at,
  jobs.job_run_id AS job_run_id
FROM jobs
LEFT JOIN UNNEST(REGEXP_EXTRACT_ALL(jobs.rejects, r'"[A-Z_]+": *[0-9]+')) AS part
GROUP BY jobs.ds, jobs.job, reason, jobs.pending, jobs.finished_at, jobs.job_run_id
