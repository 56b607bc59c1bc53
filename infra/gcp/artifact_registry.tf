# Where tags are immutable the service deletes no image that has one, by policy or by hand, and every image of a build has
# one: nothing here goes away by itself. The runbook says how somebody who has looked at what is deployed removes old images
# ("Old images"); the policies see to what that leaves without a tag.
# Source: https://cloud.google.com/artifact-registry/docs/repositories/update-repo-settings
resource "google_artifact_registry_repository" "images" {
  #checkov:skip=CKV_GCP_84:Google's own encryption at rest is enough for an image without secrets.
  repository_id = local.name
  location      = var.region
  format        = "DOCKER"
  description   = "The image of all jobs."

  docker_config {
    immutable_tags = true
  }

  cleanup_policies {
    id     = "keep-recent"
    action = "KEEP"
    most_recent_versions {
      keep_count = 20
    }
  }

  cleanup_policies {
    id     = "delete-untagged"
    action = "DELETE"
    condition {
      tag_state  = "UNTAGGED"
      older_than = "2592000s" # 30 days
    }
  }

  depends_on = [google_project_service.service]
}
