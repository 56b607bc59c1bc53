"""The Terraform files, held to the provider's schema and to themselves, on any machine."""

import pytest

from tests.infra import files
from tests.infra.plants import PLANTS, Plant
from tests.infra.provider import schemas

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


def test_the_pinned_provider_is_the_one_whose_schema_is_held_against() -> None:
    versions = files.read()["infra/gcp/versions.tf"]
    major, minor, _ = schemas().version.split(".")

    assert f'version = "~> {major}.{minor}"' in versions
