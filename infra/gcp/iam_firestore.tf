# Rights hold for a database and all its collections; a condition names the database.
locals {
  source_condition = {
    title      = "source database"
    expression = "resource.name == \"projects/${var.project}/databases/${var.source_database}\""
  }
  bookkeeping_condition = {
    title      = "bookkeeping database"
    expression = "resource.name == \"projects/${var.project}/databases/${google_firestore_database.bookkeeping.name}\""
  }

  # datastore.databases.get is the right to begin a transaction.
  firestore_reads = ["datastore.databases.get", "datastore.entities.get", "datastore.entities.list"]

  source_roles = {
    reads   = "roles/datastore.viewer"
    mends   = google_project_iam_custom_role.mender.id
    deletes = google_project_iam_custom_role.retirer.id
  }
}

# No job ever deletes a lease, a run record or a quarantine record; the service does, by their expires_at.
resource "google_project_iam_custom_role" "bookkeeper" {
  role_id     = "${replace(local.name, "-", "_")}_bookkeeper"
  title       = "Golden Thread: leases, run records, quarantine (${var.environment})"
  description = "Reads and writes documents, deletes none."
  permissions = concat(local.firestore_reads, ["datastore.entities.create", "datastore.entities.update"])

  depends_on = [google_project_service.service]
}

resource "google_project_iam_custom_role" "mender" {
  role_id     = "${replace(local.name, "-", "_")}_mender"
  title       = "Golden Thread: missing values of source documents (${var.environment})"
  description = "Reads documents and changes them; makes none and deletes none."
  permissions = concat(local.firestore_reads, ["datastore.entities.update"])

  depends_on = [google_project_service.service]
}

resource "google_project_iam_custom_role" "retirer" {
  role_id     = "${replace(local.name, "-", "_")}_retirer"
  title       = "Golden Thread: archived source documents (${var.environment})"
  description = "Deletes documents, and leaves a receipt of each in the same commit."
  permissions = concat(local.firestore_reads, [
    "datastore.entities.create",
    "datastore.entities.delete",
    "datastore.entities.update",
  ])

  depends_on = [google_project_service.service]
}

resource "google_project_iam_member" "bookkeeper" {
  for_each = local.movers

  project = var.project
  role    = google_project_iam_custom_role.bookkeeper.id
  member  = google_service_account.job[each.key].member

  condition {
    title      = local.bookkeeping_condition.title
    expression = local.bookkeeping_condition.expression
  }
}

resource "google_project_iam_member" "source" {
  for_each = local.movers

  project = var.project
  role    = local.source_roles[each.value.needs.source]
  member  = google_service_account.job[each.key].member

  condition {
    title      = local.source_condition.title
    expression = local.source_condition.expression
  }
}
