-- Which fields arrive that no schema knows?
-- One row per day (UTC), job and field: in how many documents the last run of that day that ended well met it. field is
-- written as JSON writes it. Such fields are kept whole in source_extra; here it shows that the engine, or the broker,
-- says something new. Each run looks at every due document anew, so these are levels, not additions. Where a table is
-- split into shards, the last runs of each are added, and job_run_id is of the one that met the field last; on the day
-- of a split, runs from before and after it.
-- A filter on ds reaches ops_job_runs.
WITH last_runs AS (
  SELECT
    ds,
    job,
    -- Each shard has a lease of its own, and no other column tells them apart: a task may run several.
    lease,
    MAX_BY(
      STRUCT(job_run_id AS job_run_id, finished_at AS finished_at, TO_JSON_STRING(drift) AS drift),
      finished_at
    ) AS run
  FROM `{dataset}.ops_job_runs`
  WHERE status IN ('SUCCEEDED', 'PARTIAL')
  GROUP BY ds, job, lease
)

SELECT
  last_runs.ds,
  last_runs.job,
  REGEXP_EXTRACT(part, r'^"(.*)": *[0-9]+$') AS field,
  SUM(CAST(REGEXP_EXTRACT(part, r'([0-9]+)$') AS INT64)) AS documents,
  MAX_BY(last_runs.run.job_run_id, last_runs.run.finished_at) AS job_run_id
FROM last_runs
CROSS JOIN UNNEST(REGEXP_EXTRACT_ALL(last_runs.run.drift, r'"(?:[^"\\]|\\.)*": *[0-9]+')) AS part
GROUP BY last_runs.ds, last_runs.job, field
