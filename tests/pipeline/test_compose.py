"""compose.yaml: fits the public specification, publishes to this machine only, runs jobs as Cloud Run would."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.documents import COMPOSE, ROOT, faults, read, written

STACK = read("compose.yaml")
SERVICES: dict[str, Any] = STACK["services"]
MOVING = {"firestore"}
"""Google publishes the image with the emulators under a tag that moves; FIRESTORE_IMAGE pins it."""


def test_it_fits_the_public_schema() -> None:
    assert faults(ROOT / "compose.yaml", COMPOSE) == ""


def _unknown_key(stack: dict[str, Any]) -> None:
    stack["services"]["job"]["readonly"] = True


def _wrong_type(stack: dict[str, Any]) -> None:
    stack["services"]["broker"]["ports"] = "9080:9080"


def _unknown_condition(stack: dict[str, Any]) -> None:
    stack["services"]["job"]["depends_on"] = {"broker": {"condition": "healthy"}}


@pytest.mark.parametrize("plant", [_unknown_key, _wrong_type, _unknown_condition])
def test_a_planted_mistake_does_not_fit(plant: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    stack = copy.deepcopy(STACK)
    plant(stack)
    assert "Schema validation errors" in faults(written(stack, tmp_path / "compose.yaml"), COMPOSE)


def test_everything_that_is_published_is_published_on_the_loopback_interface() -> None:
    published = [port for service in SERVICES.values() for port in service.get("ports", [])]
    assert len(published) == 5
    assert [port for port in published if not re.fullmatch(r"127\.0\.0\.1:\d+:\d+", port)] == []


@pytest.mark.parametrize("name", sorted(set(SERVICES) - MOVING))
def test_an_image_is_built_here_under_a_name_of_its_own(name: str) -> None:
    assert "build" in SERVICES[name]
    assert SERVICES[name]["image"].endswith(":local")


@pytest.mark.parametrize("name", sorted(MOVING))
def test_an_image_that_moves_can_be_pinned(name: str) -> None:
    assert re.fullmatch(r"\$\{FIRESTORE_IMAGE:-[a-z./-]+:emulators\}", SERVICES[name]["image"])


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_may_gain_a_privilege(name: str) -> None:
    assert (SERVICES[name]["cap_drop"], SERVICES[name]["security_opt"]) == (["ALL"], ["no-new-privileges:true"])


@pytest.mark.parametrize("name", sorted(set(SERVICES) - MOVING))
def test_our_own_images_run_as_nobody_and_write_to_nothing_but_tmp(name: str) -> None:
    service = SERVICES[name]
    assert (service["user"], service["read_only"], service["tmpfs"]) == ("65532:65532", True, ["/tmp"])  # noqa: S108 - a mount


@pytest.mark.parametrize("name", ["job", "http"])
def test_a_job_has_the_memory_of_its_cloud_run_job(name: str) -> None:
    assert SERVICES[name]["mem_limit"] == "512m"
    assert '"512Mi"' in (ROOT / "infra" / "gcp" / "jobs.tf").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(name for name, service in SERVICES.items() if "profiles" not in service))
def test_whatever_is_waited_for_has_a_health_check(name: str) -> None:
    assert SERVICES[name]["healthcheck"]["test"][0] == "CMD"


def test_up_starts_the_servers_and_no_job() -> None:
    assert {name for name, service in SERVICES.items() if "profiles" not in service} == {
        "firestore",
        "bigquery",
        "broker",
    }
