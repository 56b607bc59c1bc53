locals {
  channels = [for channel in google_monitoring_notification_channel.email : channel.id]
}

resource "google_monitoring_notification_channel" "email" {
  for_each = var.alert_emails

  type         = "email"
  display_name = "Golden Thread (${var.environment}): ${each.key}"
  labels       = { email_address = each.key }

  depends_on = [google_project_service.service]
}

# Two witnesses: the platform, which also sees what was killed or never started, and the run's own record. A task that was
# killed is tried again and then waits for the dead attempt's lease (shared/attempts.py): skipped for it, it would count
# here as done.
resource "google_monitoring_alert_policy" "failed" {
  display_name          = "Golden Thread (${var.environment}): a run failed"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "An execution failed, retries included"
    condition_threshold {
      filter = join(" AND ", [
        "metric.type=\"run.googleapis.com/job/completed_execution_count\"",
        "resource.type=\"cloud_run_job\"",
        "metric.labels.result=\"failed\"",
        "resource.labels.job_name=monitoring.regex.full_match(\"${local.name}-.*\")",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.job_name"]
      }
    }
  }

  conditions {
    display_name = "A run recorded a failure"
    condition_threshold {
      filter = join(" AND ", [
        "metric.type=\"logging.googleapis.com/user/${google_logging_metric.runs.name}\"",
        "resource.type=\"cloud_run_job\"",
        "metric.labels.status=\"FAILED\"",
      ])
      comparison      = "COMPARISON_GT"
      threshold_value = 0
      duration        = "0s"

      aggregations {
        alignment_period     = "300s"
        per_series_aligner   = "ALIGN_DELTA"
        cross_series_reducer = "REDUCE_SUM"
        group_by_fields      = ["resource.label.job_name"]
      }
    }
  }

  documentation {
    subject = "Golden Thread (${var.environment}): a run failed"
    content = "A run failed; nothing is lost, and everything it did not finish is pending. What to do: ${var.runbook_url}#a-run-failed"
  }
}

# In PromQL, since metric absence ends at 24 hours, and needs a first success to miss the next one.
# Source: https://cloud.google.com/monitoring/alerts/metric-absence and https://cloud.google.com/monitoring/alerts/using-promql
resource "google_monitoring_alert_policy" "silent" {
  for_each = local.scheduled

  display_name          = "Golden Thread (${var.environment}): no successful run of ${each.key}"
  enabled               = !var.paused
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "No run of ${each.key} succeeded in ${lookup(var.max_silence_hours, each.key, 26)} hours"
    condition_prometheus_query_language {
      query = format(
        "(sum(sum_over_time(%s{monitored_resource=\"cloud_run_job\",job_name=\"%s\",status=~\"SUCCEEDED|PARTIAL\"}[%dh])) or vector(0)) == 0",
        local.runs_promql,
        google_cloud_run_v2_job.job[each.key].name,
        lookup(var.max_silence_hours, each.key, 26),
      )
      evaluation_interval = "300s"
      duration            = "300s"
      # The metric exists from the first run on; the policy shall wait for that one too.
      disable_metric_validation = true
    }
  }

  documentation {
    subject = "Golden Thread (${var.environment}): no successful run of ${each.key}"
    content = "Nothing was archived, and nobody complained. What to do: ${var.runbook_url}#no-successful-run-in-26-hours"
  }
}

# Today's level against yesterday's: what stays in quarantine was told once.
resource "google_monitoring_alert_policy" "quarantine" {
  display_name          = "Golden Thread (${var.environment}): the quarantine grows"
  combiner              = "OR"
  severity              = "WARNING"
  notification_channels = local.channels

  conditions {
    display_name = "Runs of the last 24 hours refused more documents than those of the 24 hours before"
    condition_prometheus_query_language {
      query = join(" > ", [for window in ["[24h]", "[24h] offset 24h"] : format(
        "(sum by (job_name) (sum_over_time(%[1]s_sum{monitored_resource=\"cloud_run_job\"}%[2]s)) / sum by (job_name) (sum_over_time(%[1]s_count{monitored_resource=\"cloud_run_job\"}%[2]s)))",
        local.quarantined_promql,
        window,
      )])
      evaluation_interval       = "300s"
      duration                  = "0s"
      disable_metric_validation = true
    }
  }

  documentation {
    subject = "Golden Thread (${var.environment}): the quarantine grows"
    content = "Documents were refused that were not refused yesterday. What to do: ${var.runbook_url}#the-quarantine-grows"
  }
}

resource "google_monitoring_alert_policy" "unbalanced" {
  display_name          = "Golden Thread (${var.environment}): the balance does not hold"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "A run could not account for every document it read"
    condition_matched_log {
      filter           = "${local.run_records} AND jsonPayload.error.type=\"BalanceError\""
      label_extractors = { run_id = "EXTRACT(jsonPayload.run_id)" }
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    subject = "Golden Thread (${var.environment}): the balance does not hold"
    content = "A run read documents that it cannot account for. What to do: ${var.runbook_url}#the-balance-does-not-hold"
  }
}

resource "google_monitoring_alert_policy" "blind_spot" {
  display_name          = "Golden Thread (${var.environment}): a blind spot"
  combiner              = "OR"
  severity              = "ERROR"
  notification_channels = local.channels

  conditions {
    display_name = "A collection holds documents that the run did not see"
    condition_matched_log {
      filter           = "${local.run_records} AND jsonPayload.blind_spot>0"
      label_extractors = { run_id = "EXTRACT(jsonPayload.run_id)" }
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    subject = "Golden Thread (${var.environment}): a blind spot"
    content = "Firestore counts more documents than the run was given. What to do: ${var.runbook_url}#a-blind-spot"
  }
}

# By the check's own record: "a run failed" sees an execution only when its retry failed, too.
resource "google_monitoring_alert_policy" "broken" {
  display_name          = "Golden Thread (${var.environment}): the thread is broken"
  combiner              = "OR"
  severity              = "CRITICAL"
  notification_channels = local.channels

  conditions {
    display_name = "A check did not get its marked records through, or not as they were sent"
    condition_matched_log {
      filter           = "${local.run_records} AND jsonPayload.error.type=\"BrokenThreadError\""
      label_extractors = { hops = "EXTRACT(jsonPayload.error.message)" }
    }
  }

  alert_strategy {
    notification_rate_limit {
      period = "3600s"
    }
  }

  documentation {
    subject = "Golden Thread (${var.environment}): the thread is broken"
    content = "Marked records did not arrive as they were sent; the check's record names each hop, what was expected and what was found. What to do: ${var.runbook_url}#the-thread-is-broken"
  }
}
