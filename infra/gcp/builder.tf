# Who builds images and rolls the jobs forward to them: cloudbuild.yaml runs under this account.
resource "google_service_account" "builder" {
  account_id   = "${local.name}-builder"
  display_name = "Golden Thread: builds (${var.environment})"
  description  = "Builds, scans and pushes the image, and points the jobs at it; reads no data."

  depends_on = [google_project_service.service]
}

resource "google_project_iam_member" "builder" {
  for_each = toset(["roles/logging.logWriter", "roles/ondemandscanning.admin"])

  project = var.project
  role    = each.key
  member  = google_service_account.builder.member
}

# What `gcloud builds submit` packs goes into a bucket that it makes by itself when it is first used, so the right cannot be
# given on the bucket. A trigger brings its sources in another way.
resource "google_project_iam_member" "builder_source" {
  project = var.project
  role    = "roles/storage.objectViewer"
  member  = google_service_account.builder.member

  condition {
    title      = "submitted sources"
    expression = "resource.name.startsWith(\"projects/_/buckets/${var.project}_cloudbuild/\")"
  }
}

resource "google_artifact_registry_repository_iam_member" "builder" {
  for_each = { images = google_artifact_registry_repository.images, cache = google_artifact_registry_repository.cache }

  repository = each.value.repository_id
  location   = var.region
  role       = "roles/artifactregistry.writer"
  member     = google_service_account.builder.member
}

resource "google_cloud_run_v2_job_iam_member" "builder" {
  for_each = local.jobs

  name     = google_cloud_run_v2_job.job[each.key].name
  location = var.region
  role     = "roles/run.developer"
  member   = google_service_account.builder.member
}

# A job is changed only by who may act as the account that it runs under.
resource "google_service_account_iam_member" "builder" {
  for_each = local.jobs

  service_account_id = google_service_account.job[each.key].name
  role               = "roles/iam.serviceAccountUser"
  member             = google_service_account.builder.member
}

# `golden-thread schema check`, before anything is rolled forward.
resource "google_bigquery_dataset_iam_member" "builder" {
  dataset_id = google_bigquery_dataset.trading.dataset_id
  role       = "roles/bigquery.metadataViewer"
  member     = google_service_account.builder.member
}

# Layers of earlier builds, under one tag that moves; the repository of images lets no tag move.
resource "google_artifact_registry_repository" "cache" {
  #checkov:skip=CKV_GCP_84:Google's own encryption at rest is enough for an image without secrets.
  repository_id = "${local.name}-cache"
  location      = var.region
  format        = "DOCKER"
  description   = "Layers that the next build begins with."

  cleanup_policies {
    id     = "delete-old"
    action = "DELETE"
    condition {
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [google_project_service.service]
}
