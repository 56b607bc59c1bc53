output "repository" {
  description = "Where images are pushed to."
  value       = "${var.region}-docker.pkg.dev/${var.project}/${google_artifact_registry_repository.images.repository_id}"
}

output "jobs" {
  description = "The Cloud Run job of each job, for `gcloud run jobs execute`."
  value       = { for name, job in google_cloud_run_v2_job.job : name => job.name }
}

output "service_accounts" {
  description = "Who runs each job."
  value       = { for name, account in google_service_account.job : name => account.email }
}

output "secrets" {
  description = "The secrets to give versions to, by the variable that carries them."
  value       = { for key, secret in google_secret_manager_secret.broker : key => secret.secret_id }
}
