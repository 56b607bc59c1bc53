# The secrets only: their values are added by `gcloud secrets versions add`, so that no state file ever holds one.
resource "google_secret_manager_secret" "broker" {
  for_each = local.broker_keys

  secret_id           = "${local.name}-${lower(replace(each.key, "_", "-"))}"
  deletion_protection = var.deletion_protection

  replication {
    auto {}
  }

  depends_on = [google_project_service.service]
}

resource "google_secret_manager_secret_iam_member" "broker" {
  for_each = {
    for pair in setproduct(local.broker_jobs, local.broker_keys) : "${pair[0]}:${pair[1]}" => { job = pair[0], key = pair[1] }
  }

  secret_id = google_secret_manager_secret.broker[each.value.key].id
  role      = "roles/secretmanager.secretAccessor"
  member    = google_service_account.job[each.value.job].member
}
