# The corner that `golden-thread check` sends its marked records through: a dataset and a database that hold nothing else
# and that nobody else may touch. It makes and empties its tables by itself, so no table is listed here.
resource "google_bigquery_dataset" "check" {
  #checkov:skip=CKV_GCP_81:It holds synthetic rows, for a minute.
  dataset_id                 = "${var.dataset}_check"
  location                   = var.bigquery_location
  description                = "Where the check sends marked records through; empty but for that minute."
  labels                     = { environment = var.environment }
  delete_contents_on_destroy = true

  # Nothing in it is ever worth having back.
  max_time_travel_hours = "48"

  depends_on = [google_project_service.service]
}

resource "google_firestore_database" "check" {
  name                              = "${local.name}-check"
  location_id                       = var.firestore_location
  type                              = "FIRESTORE_NATIVE"
  point_in_time_recovery_enablement = "POINT_IN_TIME_RECOVERY_DISABLED"
  delete_protection_state           = "DELETE_PROTECTION_DISABLED"
  deletion_policy                   = "DELETE"

  depends_on = [google_project_service.service]
}

resource "google_bigquery_dataset_iam_member" "corner" {
  for_each = local.checkers

  dataset_id = google_bigquery_dataset.check.dataset_id
  role       = "roles/bigquery.dataEditor"
  member     = google_service_account.job[each.key].member
}

resource "google_project_iam_member" "corner" {
  for_each = local.checkers

  project = var.project
  role    = "roles/datastore.user"
  member  = google_service_account.job[each.key].member

  condition {
    title      = "database of the check"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.check.name}\""
  }
}
