"""The Terraform files, held to the provider's schema and to themselves, on any machine."""

import json
import re

import pytest

from infra import doctor
from tests.infra import files
from tests.infra.extract import EXTRACT, PROJECT, extract, load
from tests.infra.hcl import parse
from tests.infra.plants import PLANTS, Plant
from tests.infra.provider import schemas

PACKAGE = sorted((PROJECT / ".venv" / "provider").glob("*.whl"))
TERRAFORM = [text for path, text in files.read().items() if path.endswith(".tf")]
CHECKS = ("schema", "references", "unused", "descriptions", "layout", "freshness")


@pytest.fixture(scope="module")
def found() -> dict[str, list[str]]:
    return files.checked(files.read())


@pytest.mark.parametrize("check", CHECKS)
def test_the_terraform_files_pass_every_check(check: str, found: dict[str, list[str]]) -> None:
    assert found[check] == []
    assert set(found) == set(CHECKS)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_a_planted_mistake_is_found_by_its_check(plant: Plant) -> None:
    found = files.checked(plant.into(files.read()))

    assert any(plant.found in problem for problem in found[plant.check]), found


@pytest.mark.parametrize(
    ("resource", "definitions"),
    [
        ("google_bigquery_table.table", "local.tables"),
        ("google_bigquery_table_iam_member.writes", "local.jobs"),
        ("google_cloud_run_v2_job.job", "local.jobs"),
        ("google_cloud_scheduler_job.schedule", "local.scheduled"),
        ("google_firestore_field.bookkeeping", "local.firestore"),
        ("google_monitoring_alert_policy.silent", "local.scheduled"),
        ("google_project_iam_member.source", "local.movers"),
        ("google_service_account.job", "local.jobs"),
    ],
)
def test_what_a_loop_gets_is_made_for_each_generated_definition(resource: str, definitions: str) -> None:
    blocks = {block.name: block for text in TERRAFORM for block in parse(text)}

    assert definitions in blocks[resource].body.attributes["for_each"]


def test_the_roles_that_the_doctor_advises_are_the_ones_that_are_made_and_no_wider_ones() -> None:
    blocks = [block for text in TERRAFORM for block in parse(text)]
    granted = {role.strip('"') for block in blocks if isinstance(role := block.body.attributes.get("role"), str)}
    made = {block.labels[1] for block in blocks if block.labels[:1] == ("google_project_iam_custom_role",)}
    advice = " ".join(advised for _, _, advised in doctor.CHECKS)

    assert set(re.findall(r"gt_<environment>_(\w+)", advice)) == made
    assert set(re.findall(r"roles/[\w.]+\w", advice)) <= {*granted, "roles/datastore.viewer"}
    assert "Editor" not in advice


def test_the_pinned_provider_is_the_one_whose_schema_is_held_against() -> None:
    versions = files.read()["infra/gcp/versions.tf"]
    major, minor, _ = schemas().version.split(".")

    assert f'version = "~> {major}.{minor}"' in versions


@pytest.mark.slow
@pytest.mark.skipif(not PACKAGE, reason="the package is not here: `make provider-schema`")
def test_the_extract_is_what_the_package_says() -> None:
    extracted = extract(*load(PACKAGE[0]))

    assert json.dumps(extracted, indent=1) + "\n" == EXTRACT.read_text(encoding="utf-8")
