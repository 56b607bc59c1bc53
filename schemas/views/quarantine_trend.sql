-- Is the quarantine growing, and for which reason?
-- One row per day (UTC), job and reason code: how many documents the last run of that day that ended well refused.
-- Each run looks at every due document anew, so these are levels, not additions. A job whose last run refused nothing
-- has one row without a reason and with refused 0.
-- A filter on ds reaches ops_job_runs.
WITH last_runs AS (
  SELECT
    ds,
    job,
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
  WHERE status IN ('SUCCEEDED', 'PARTIAL')
  GROUP BY ds, job
)

SELECT
  last_runs.ds,
  last_runs.job,
  REGEXP_EXTRACT(part, r'"([A-Z_]+)"') AS reason,
  COALESCE(CAST(REGEXP_EXTRACT(part, r'([0-9]+)$') AS INT64), 0) AS refused,
  last_runs.run.pending AS pending,
  last_runs.run.finished_at AS finished_at,
  last_runs.run.job_run_id AS job_run_id
FROM last_runs
LEFT JOIN UNNEST(REGEXP_EXTRACT_ALL(last_runs.run.rejects, r'"[A-Z_]+": *[0-9]+')) AS part
