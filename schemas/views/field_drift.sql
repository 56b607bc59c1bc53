-- Which fields arrive that no schema knows?
-- One row per day (UTC), job and field: the most documents in which one run of that day that ended well and looked at
-- all that was due met it. field is written as JSON writes it. Such fields are kept whole in source_extra; here it shows
-- that the engine, or the broker, says something new. A run meets the fields of documents that it had to read; most of
-- those already archived it knows by their names, so later runs of a day meet fewer. Where a table is split into shards,
-- those of each are added, and job_run_id is of the run that met the field last; on the day of a split, runs from before
-- and after it.
-- A filter on ds reaches ops_job_runs.
WITH met AS (
  SELECT
    runs.ds,
    runs.job,
    REGEXP_EXTRACT(part, r'^"(.*)": *[0-9]+$') AS field,
    MAX(CAST(REGEXP_EXTRACT(part, r'([0-9]+)$') AS INT64)) AS documents,
    MAX(runs.finished_at) AS finished_at,
    MAX_BY(runs.job_run_id, runs.finished_at) AS job_run_id
  FROM `{dataset}.ops_job_runs` AS runs
  CROSS JOIN UNNEST(REGEXP_EXTRACT_ALL(TO_JSON_STRING(runs.drift), r'"(?:[^"\\]|\\.)*": *[0-9]+')) AS part
  WHERE runs.status IN ('SUCCEEDED', 'PARTIAL') AND runs.narrowed IS NOT TRUE
  -- Each shard has a lease of its own, and no other column tells them apart: a task may run several.
  GROUP BY runs.ds, runs.job, runs.lease, field
)

SELECT
  ds,
  job,
  field,
  SUM(documents) AS documents,
  MAX_BY(job_run_id, finished_at) AS job_run_id
FROM met
GROUP BY ds, job, field
