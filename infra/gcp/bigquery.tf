resource "google_bigquery_dataset" "trading" {
  #checkov:skip=CKV_GCP_81:Google's own encryption at rest is enough here; a key of ours would be one more thing to lose the data by.
  dataset_id  = var.dataset
  location    = var.bigquery_location
  description = "Trading history that stays true: validated, one row per key, each row explained."

  # The jobs refuse a dataset of another environment by this label.
  labels = { environment = var.environment }

  # A wrong statement can be undone for a week.
  max_time_travel_hours = "168"

  depends_on = [google_project_service.service]
}

resource "google_bigquery_table" "table" {
  #checkov:skip=CKV_GCP_80:See the dataset.
  #checkov:skip=CKV_GCP_121:On by default; a variable, so that an environment can be taken down on purpose.
  for_each = local.tables

  dataset_id               = google_bigquery_dataset.trading.dataset_id
  table_id                 = each.key
  description              = each.value.description
  schema                   = jsonencode(each.value.schema)
  clustering               = each.value.clustering
  require_partition_filter = each.value.require_partition_filter
  deletion_protection      = var.deletion_protection

  time_partitioning {
    type  = each.value.partition_type
    field = each.value.partition_field
  }
}

# Views are files; {dataset} in them stands for project and dataset, and the comment they begin with is their description.
# `golden-thread schema apply` makes the same of them.
resource "google_bigquery_table" "view" {
  #checkov:skip=CKV_GCP_80:A view stores nothing.
  #checkov:skip=CKV_GCP_121:A view stores nothing.
  for_each = local.views

  dataset_id          = google_bigquery_dataset.trading.dataset_id
  table_id            = each.key
  description         = join(" ", flatten(regexall("(?m)^-- (.*)$", regex("^(?:-- .*\n)*", each.value))))
  deletion_protection = false

  view {
    query          = replace(each.value, "{dataset}", "${var.project}.${var.dataset}")
    use_legacy_sql = false
  }

  depends_on = [google_bigquery_table.table]
}
