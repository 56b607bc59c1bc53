"""cloudbuild.yaml: what Cloud Build would refuse is refused here, and nothing is deployed that was not checked."""

import copy
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.pipeline.documents import CLOUD_BUILD, ROOT, faults, read, written

BUILD = read("cloudbuild.yaml")
TEXT = (ROOT / "cloudbuild.yaml").read_text(encoding="utf-8")
STEPS: dict[str, Any] = {step["id"]: step for step in BUILD["steps"]}
GIVEN = {"PROJECT_ID", "BUILD_ID", "COMMIT_SHA", "SHORT_SHA"}
"""Substitutions of Cloud Build's own; the header tells how a build by hand gets the two of the commit."""
SUBSTITUTED = re.compile(r"(?<!\$)\$\{?([A-Z_][A-Z0-9_]*)")
DEPLOYED = "roll-forward"


def test_it_fits_the_public_schema() -> None:
    assert faults(ROOT / "cloudbuild.yaml", CLOUD_BUILD) == ""


def _unknown_key(build: dict[str, Any]) -> None:
    build["steps"][0]["scripts"] = "make test"


def _wrong_type(build: dict[str, Any]) -> None:
    build["steps"][0]["env"] = {"A": "B"}


def _no_steps(build: dict[str, Any]) -> None:
    del build["steps"]


def _unknown_option(build: dict[str, Any]) -> None:
    build["options"]["machine"] = "E2_HIGHCPU_8"


def _unknown_logging(build: dict[str, Any]) -> None:
    build["options"]["logging"] = "CLOUD_LOGGING"


@pytest.mark.parametrize("plant", [_unknown_key, _wrong_type, _no_steps, _unknown_option, _unknown_logging])
def test_a_planted_mistake_does_not_fit(plant: Callable[[dict[str, Any]], None], tmp_path: Path) -> None:
    build = copy.deepcopy(BUILD)
    plant(build)
    assert "Schema validation errors" in faults(written(build, tmp_path / "cloudbuild.yaml"), CLOUD_BUILD)


def strings(value: Any) -> list[str]:
    """All texts in which Cloud Build substitutes: not those of scripts."""
    match value:
        case dict():
            return [text for name, item in value.items() if name != "script" for text in strings(item)]
        case list():
            return [text for item in value for text in strings(item)]
        case _:
            return [str(value)]


def test_every_substitution_is_declared_and_every_declared_one_is_used() -> None:
    used = {name for text in strings(BUILD) for name in SUBSTITUTED.findall(text)}
    assert used - GIVEN == set(BUILD["substitutions"])
    assert used >= GIVEN


def test_whoever_builds_by_hand_is_told_to_name_the_commit() -> None:
    (told,) = re.findall(r"gcloud builds submit .*", TEXT)
    assert {name for name in GIVEN if f"{name}=$(git" in told} == {"COMMIT_SHA", "SHORT_SHA"}
    # Without them a build by hand makes tags that begin with nothing, so nobody is shown the command alone.
    assert "gcloud builds submit" not in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_substitution_says_what_it_is() -> None:
    told = re.findall(r"^  (_[A-Z_]+): .+ # .{10,}$", TEXT, re.MULTILINE)
    assert set(told) == set(BUILD["substitutions"])


@pytest.mark.parametrize("step", STEPS)
def test_a_script_is_given_every_variable_that_it_uses(step: str) -> None:
    given = {variable.partition("=")[0] for variable in STEPS[step].get("env", [])}
    assert set(SUBSTITUTED.findall(STEPS[step]["script"])) <= given


@pytest.mark.parametrize("step", STEPS)
def test_a_step_runs_in_an_image_pinned_by_version(step: str) -> None:
    assert re.search(r":\d+\.\d+\.\d+(-[a-z]+)?$", STEPS[step]["name"])


def before(step: str) -> set[str]:
    """The steps that a step waits for, directly or not; without `waitFor`, those written above it."""
    written_above = list(STEPS)[: list(STEPS).index(step)]
    waited = set(STEPS[step].get("waitFor", written_above)) - {"-"}
    return waited.union(*map(before, waited))


def test_nothing_is_deployed_before_it_was_tested_scanned_and_its_tables_were_checked() -> None:
    assert before(DEPLOYED) == set(STEPS) - {DEPLOYED}
    assert before("push") >= {"test", "build"}


def test_the_release_is_pushed_by_cloud_build_itself_which_gives_it_provenance() -> None:
    (release,) = BUILD["images"]
    assert f"RELEASE={release}" in STEPS["build"]["env"]
    assert "docker push" not in TEXT.replace('docker push --quiet "$CANDIDATE"', "")
    assert BUILD["options"]["requestedVerifyOption"] == "VERIFIED"


def test_provenance_that_is_asked_for_can_be_stored() -> None:
    enabled = (ROOT / "infra" / "gcp" / "services.tf").read_text(encoding="utf-8")
    assert '"containeranalysis.googleapis.com",' in enabled


def test_a_build_that_is_run_again_makes_tags_of_its_own() -> None:
    tags = [variable for variable in STEPS["build"]["env"] if variable.startswith(("CANDIDATE=", "RELEASE="))]
    assert len(tags) == 2
    assert all("${BUILD_ID}" in tag for tag in tags)
