# Every run ends with its record as one line of the log; dry runs say so and are not counted, nor are the runs that a
# check makes in its corner, which bear its id as a label. The check's own record counts like any other.
locals {
  run_records = join(" AND ", [
    "resource.type=\"cloud_run_job\"",
    "resource.labels.job_name=~\"^${local.name}-\"",
    "jsonPayload.run_id:*",
    "jsonPayload.dry_run=false",
    "NOT labels.check:*",
  ])

  # As PromQL spells the metrics below.
  runs_promql        = "logging_googleapis_com:user_${replace(google_logging_metric.runs.name, "-", "_")}"
  quarantined_promql = "logging_googleapis_com:user_${replace(google_logging_metric.quarantined.name, "-", "_")}"
}

resource "google_logging_metric" "runs" {
  name        = "${local.name}-runs"
  description = "Finished runs, by how they ended."
  filter      = local.run_records

  label_extractors = { status = "EXTRACT(jsonPayload.status)" }

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "INT64"
    unit        = "1"

    labels {
      key         = "status"
      value_type  = "STRING"
      description = "SUCCEEDED, PARTIAL, FAILED, SKIPPED or INTERRUPTED."
    }
  }

  depends_on = [google_project_service.service]
}

resource "google_logging_metric" "quarantined" {
  name            = "${local.name}-quarantined"
  description     = "Documents that a run refused. One that stays broken is refused by every run, so this is a level."
  filter          = "${local.run_records} AND jsonPayload.status=(\"SUCCEEDED\" OR \"PARTIAL\")"
  value_extractor = "EXTRACT(jsonPayload.counts.quarantined)"

  metric_descriptor {
    metric_kind = "DELTA"
    value_type  = "DISTRIBUTION"
    unit        = "1"
  }

  bucket_options {
    exponential_buckets {
      num_finite_buckets = 24
      growth_factor      = 2
      scale              = 1
    }
  }

  depends_on = [google_project_service.service]
}
