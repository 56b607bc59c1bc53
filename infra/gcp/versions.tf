# 6.50 is the release whose schema the tests hold these files against (tests/infra/extract.py).
terraform {
  required_version = ">= 1.9, < 2.0"

  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region

  # The budget's service asks for a project to bill its calls to.
  billing_project       = var.project
  user_project_override = true

  default_labels = {
    app         = "golden-thread"
    environment = var.environment
  }
}
