locals {
  settings = merge({
    GOOGLE_CLOUD_PROJECT           = var.project
    ENVIRONMENT                    = var.environment
    BIGQUERY_DATASET               = google_bigquery_dataset.trading.dataset_id
    BIGQUERY_LOCATION              = var.bigquery_location
    FIRESTORE_DATABASE             = var.source_database
    FIRESTORE_BOOKKEEPING_DATABASE = google_firestore_database.bookkeeping.name
    IMAGE                          = var.image
    SCHEMA_CHANGES                 = "none" # tables are made here, and by nobody else
  }, var.settings)

  broker_settings = merge(
    { ALPACA_BASE_URL = var.broker_url },
    { for names in [join(",", var.broker_accounts)] : "ALPACA_ACCOUNTS" => names if names != "" },
  )
  corner_settings = {
    CHECK_DATASET            = google_bigquery_dataset.check.dataset_id
    CHECK_FIRESTORE_DATABASE = google_firestore_database.check.name
  }
  no_settings = { for name in [] : name => "" }
}

resource "google_cloud_run_v2_job" "job" {
  for_each = local.jobs

  name                = "${local.name}-${each.key}"
  location            = var.region
  deletion_protection = var.deletion_protection
  labels              = { table = each.value.table }

  template {
    task_count = coalesce(try(var.limits[each.key].tasks, null), 1)

    template {
      service_account = google_service_account.job[each.key].email
      timeout         = coalesce(try(var.limits[each.key].timeout, null), "3600s")
      max_retries     = var.max_retries

      containers {
        image = var.image
        # All of it is the command, so that an execution's own arguments are options and nothing else.
        command = ["python", "-m", each.value.module]

        resources {
          limits = {
            cpu    = coalesce(try(var.limits[each.key].cpu, null), "1")
            memory = coalesce(try(var.limits[each.key].memory, null), "512Mi")
          }
        }

        dynamic "env" {
          for_each = merge(
            local.settings,
            each.value.needs.broker ? local.broker_settings : local.no_settings,
            contains(keys(local.checkers), each.key) ? local.corner_settings : local.no_settings,
            # What is started by hand says so: --update-env-vars=TRIGGER=manual.
            { TRIGGER = contains(keys(local.scheduled), each.key) ? "schedule" : "manual" },
          )
          content {
            name  = env.key
            value = env.value
          }
        }

        dynamic "env" {
          for_each = each.value.needs.broker ? local.broker_keys : toset([])
          content {
            name = env.key
            value_source {
              secret_key_ref {
                secret  = google_secret_manager_secret.broker[env.key].secret_id
                version = lookup(var.secret_versions, env.key, "1")
              }
            }
          }
        }
      }
    }
  }

  # Without these an execution would start and fail.
  depends_on = [
    google_bigquery_dataset_iam_member.corner,
    google_bigquery_dataset_iam_member.looks,
    google_bigquery_table.table,
    google_bigquery_table_iam_member.reads,
    google_bigquery_table_iam_member.writes,
    google_project_iam_member.bookkeeper,
    google_project_iam_member.corner,
    google_project_iam_member.queries,
    google_project_iam_member.source,
    google_secret_manager_secret_iam_member.broker,
  ]
}
