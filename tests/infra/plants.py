"""Mistakes to plant in the Terraform files, each with the check that must find it and what Terraform says of it."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Plant:
    """One mistake: a text of a file, and what stands in its place."""

    name: str
    file: str
    old: str
    new: str
    check: str
    """The check of `tests.infra.files` that finds it."""
    found: str
    """What that check says."""
    terraform: str | None = None
    """What `terraform validate` says; None where only the check above can know."""

    def into(self, files: Mapping[str, str]) -> dict[str, str]:
        """Plant it."""
        path = f"infra/gcp/{self.file}"
        if files[path].count(self.old) < 1:
            raise LookupError(f"{self.name}: {self.old!r} is not in {path}")
        return {**files, path: files[path].replace(self.old, self.new, 1)}


PLANTS = (
    Plant(
        "a misspelt argument",
        "bigquery.tf",
        "require_partition_filter =",
        "requires_partition_filter =",
        "schema",
        "google_bigquery_table.table: no argument requires_partition_filter",
        'An argument named "requires_partition_filter" is not expected here',
    ),
    Plant(
        "a missing argument",
        "scheduler.tf",
        '    uri         = "https://run.googleapis.com/v2/${google_cloud_run_v2_job.job[each.key].id}:run"\n',
        "",
        "schema",
        "google_cloud_scheduler_job.schedule.http_target: uri is missing",
        'The argument "uri" is required',
    ),
    Plant(
        "a missing block",
        "secrets.tf",
        "  replication {\n    auto {}\n  }\n",
        "",
        "schema",
        "google_secret_manager_secret.broker: block replication is missing",
        'At least 1 "replication" blocks are required',
    ),
    Plant(
        "a block too many",
        "scheduler.tf",
        "  retry_config {\n    retry_count = 3\n  }\n",
        "  retry_config {\n    retry_count = 3\n  }\n\n  retry_config {\n    retry_count = 4\n  }\n",
        "schema",
        "google_cloud_scheduler_job.schedule: block retry_config stands here 2 times, 1 at most",
        'No more than 1 "retry_config" blocks are allowed',
    ),
    Plant(
        "an unknown nested block",
        "artifact_registry.tf",
        "  docker_config {",
        "  docker_settings {",
        "schema",
        "google_artifact_registry_repository.images: no block docker_settings",
        'Blocks of type "docker_settings" are not expected here',
    ),
    Plant(
        "an unknown block made dynamically",
        "firestore.tf",
        'dynamic "ttl_config"',
        'dynamic "lifetime"',
        "schema",
        "google_firestore_field.bookkeeping: no block lifetime",
        'Blocks of type "lifetime" are not expected here',
    ),
    Plant(
        "a list where a text belongs",
        "artifact_registry.tf",
        'format        = "DOCKER"',
        'format        = ["DOCKER"]',
        "schema",
        "google_artifact_registry_repository.images: format is a string, not",
        'Inappropriate value for attribute "format": string required',
    ),
    Plant(
        "a word where a number belongs",
        "alerts.tf",
        "threshold_value = 0",
        'threshold_value = "none"',
        "schema",
        "threshold_value is a number, not",
        'Inappropriate value for attribute "threshold_value": a number is required',
    ),
    Plant(
        "a number where a flag belongs",
        "artifact_registry.tf",
        "immutable_tags = true",
        "immutable_tags = 2",
        "schema",
        "immutable_tags is a bool, not 2",
        'Inappropriate value for attribute "immutable_tags": bool required',
    ),
    Plant(
        "a value that there is not",
        "artifact_registry.tf",
        '"UNTAGGED"',
        '"NOT_TAGGED"',
        "schema",
        "tag_state is one of TAGGED, UNTAGGED, ANY, not",
    ),
    Plant(
        "an argument that only the service tells",
        "iam.tf",
        '  account_id   = "${local.name}-scheduler"\n',
        '  account_id   = "${local.name}-scheduler"\n  email        = "me@example.com"\n',
        "schema",
        "google_service_account.scheduler: email is told by the service, not to it",
    ),
    Plant(
        "an unknown resource",
        "iam.tf",
        'resource "google_service_account" "scheduler"',
        'resource "google_service_acount" "scheduler"',
        "schema",
        "no resource google_service_acount in the extract",
        "does not support resource type",
    ),
    Plant(
        "a variable that is nowhere",
        "scheduler.tf",
        "var.paused",
        "var.is_paused",
        "references",
        "infra/gcp/scheduler.tf: var.is_paused is nowhere",
        'An input variable with the name "is_paused" has not been declared',
    ),
    Plant(
        "a local that is nowhere",
        "secrets.tf",
        "for_each = local.broker_keys",
        "for_each = local.broker_key",
        "references",
        "infra/gcp/secrets.tf: local.broker_key is nowhere",
        'A local value with the name "broker_key" has not been declared',
    ),
    Plant(
        "a resource that is nowhere, in a string",
        "outputs.tf",
        "${google_artifact_registry_repository.images.repository_id}",
        "${google_artifact_registry_repository.image.repository_id}",
        "references",
        "infra/gcp/outputs.tf: google_artifact_registry_repository.image is nowhere",
        "has not been declared in the root module",
    ),
    Plant(
        "an attribute that a resource does not tell",
        "scheduler.tf",
        "google_service_account.scheduler.email",
        "google_service_account.scheduler.mail",
        "references",
        "infra/gcp/scheduler.tf: google_service_account.scheduler has no mail",
        'This object has no argument, nested block, or exported attribute named "mail"',
    ),
    Plant(
        "an attribute that none of several resources tells",
        "jobs.tf",
        "google_service_account.job[each.key].email",
        "google_service_account.job[each.key].mail",
        "references",
        "infra/gcp/jobs.tf: google_service_account.job has no mail",
    ),
    Plant(
        "a variable that nobody uses",
        "alerts.tf",
        "= var.alert_emails",
        "= toset([])",
        "unused",
        "var.alert_emails is used by nothing",
    ),
    Plant(
        "a variable without a word",
        "variables.tf",
        '  description = "Who is told when something is wrong."\n',
        "",
        "descriptions",
        "variable.alert_emails: no description",
    ),
    Plant(
        "an odd indentation",
        "outputs.tf",
        "  value ",
        "   value ",
        "layout",
        "infra/gcp/outputs.tf:3: tabs, trailing blanks or an odd indentation",
    ),
    Plant(
        "a generated file that drifted",
        "jobs.json",
        '"source": "reads"',
        '"source": "deletes"',
        "freshness",
        "infra/gcp/jobs.json is stale; run `golden-thread schema docs`",
    ),
)
