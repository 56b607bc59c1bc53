resource "google_service_account" "job" {
  for_each = local.jobs

  account_id   = "${local.name}-${each.key}"
  display_name = "Golden Thread: ${each.key} (${var.environment})"
  description  = "Runs one job; may do what infra/needs.py says of it."

  lifecycle {
    precondition {
      condition     = length("${local.name}-${each.key}") <= 30
      error_message = "The id of a service account has 30 characters at most: give ${each.key} a shorter name."
    }
  }

  depends_on = [google_project_service.service]
}

resource "google_service_account" "scheduler" {
  account_id   = "${local.name}-scheduler"
  display_name = "Golden Thread: schedules (${var.environment})"
  description  = "Starts the scheduled jobs and may do nothing else."

  depends_on = [google_project_service.service]
}

resource "google_cloud_run_v2_job_iam_member" "scheduler" {
  for_each = local.scheduled

  name     = google_cloud_run_v2_job.job[each.key].name
  location = var.region
  # To give an execution arguments is another right than to start it.
  role   = length(each.value.options) == 0 ? "roles/run.invoker" : "roles/run.jobsExecutorWithOverrides"
  member = google_service_account.scheduler.member
}
