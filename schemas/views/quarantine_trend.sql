-- Is the quarantine growing, and for which reason?
-- One row per day (UTC), job and reason code: how many documents the last run of that day that ended well refused.
-- Each run looks at every due document anew, so these are levels, not additions. A job whose last run refused nothing
-- has one row without a reason and with refused 0.
-- A filter on ds reaches ops_job_runs.
WITH last_runs AS (
  SELECT
    ds,
    job,
    job_run_id,
    finished_at,
    pending_count,
    rejects_by_reason
  FROM `{dataset}.ops_job_runs`
  WHERE status IN ('SUCCEEDED', 'PARTIAL')
  QUALIFY ROW_NUMBER() OVER (PARTITION BY ds, job ORDER BY finished_at DESC, job_run_id DESC) = 1
)

SELECT
  r.ds,
  r.job,
  REGEXP_EXTRACT(part, r'"([A-Z_]+)"') AS reason,
  COALESCE(CAST(REGEXP_EXTRACT(part, r'([0-9]+)$') AS INT64), 0) AS refused,
  r.pending_count AS pending,
  r.finished_at,
  r.job_run_id
FROM last_runs AS r
LEFT JOIN UNNEST(REGEXP_EXTRACT_ALL(TO_JSON_STRING(r.rejects_by_reason), r'"[A-Z_]+": *[0-9]+')) AS part
