# Cloud Scheduler may fire twice, and an execution may outlast its interval: the lease keeps them apart.
resource "google_cloud_scheduler_job" "schedule" {
  for_each = local.scheduled

  name             = "${local.name}-${each.key}"
  region           = var.region
  description      = local.jobs[each.key].summary
  schedule         = each.value.schedule
  time_zone        = "Etc/UTC"
  attempt_deadline = "60s" # it only starts the execution
  paused           = var.paused

  retry_config {
    retry_count = 3
  }

  http_target {
    http_method = "POST"
    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.job[each.key].id}:run"
    headers     = { "Content-Type" = "application/json" }
    body = base64encode(length(each.value.options) == 0 ? "{}" : jsonencode({
      overrides = { containerOverrides = [{ args = each.value.options }] }
    }))

    oauth_token {
      service_account_email = google_service_account.scheduler.email
    }
  }

  depends_on = [google_cloud_run_v2_job_iam_member.scheduler]
}
