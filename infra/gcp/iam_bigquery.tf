resource "google_project_iam_member" "queries" {
  for_each = local.jobs

  project = var.project
  role    = "roles/bigquery.jobUser"
  member  = google_service_account.job[each.key].member
}

# Every run looks at the dataset's label, and at its tables' columns before it writes.
resource "google_bigquery_dataset_iam_member" "looks" {
  for_each = local.movers

  dataset_id = google_bigquery_dataset.trading.dataset_id
  role       = "roles/bigquery.metadataViewer"
  member     = google_service_account.job[each.key].member
}

# roles/bigquery.dataEditor could also delete the table and change its columns.
resource "google_project_iam_custom_role" "table_writer" {
  role_id     = "${replace(local.name, "-", "_")}_table_writer"
  title       = "Golden Thread: rows of a table (${var.environment})"
  description = "Reads, inserts and updates rows; streams them through the Storage Write API."
  permissions = [
    "bigquery.tables.get",
    "bigquery.tables.getData",
    "bigquery.tables.updateData",
  ]

  depends_on = [google_project_service.service]
}

resource "google_bigquery_table_iam_member" "writes" {
  for_each = merge([
    for name, job in local.jobs : { for table in job.needs.writes : "${name}:${table}" => { job = name, table = table } }
  ]...)

  dataset_id = google_bigquery_dataset.trading.dataset_id
  table_id   = google_bigquery_table.table[each.value.table].table_id
  role       = google_project_iam_custom_role.table_writer.id
  member     = google_service_account.job[each.value.job].member
}

resource "google_bigquery_table_iam_member" "reads" {
  for_each = merge([
    for name, job in local.jobs : { for table in job.needs.reads : "${name}:${table}" => { job = name, table = table } }
  ]...)

  dataset_id = google_bigquery_dataset.trading.dataset_id
  table_id   = google_bigquery_table.table[each.value.table].table_id
  role       = "roles/bigquery.dataViewer"
  member     = google_service_account.job[each.value.job].member
}
