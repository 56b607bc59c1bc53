"""The scripts of the deployment, under the real shell; only gcloud, which would need a cloud, is a stand-in."""

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.infra.test_runbook import offline
from tests.pipeline.documents import ROOT

SCRIPTS = ROOT / "infra" / "gcp"
IMAGE = f"us-central1-docker.pkg.dev/my-project/gt-paper/golden-thread@sha256:{'0123456789abcdef' * 4}"
JOBS = list(json.loads((SCRIPTS / "jobs.json").read_text(encoding="utf-8")))


AT_THE_DOOR = re.compile("active account|could not authenticate|local-extract")
"""What gcloud says once it has understood a command: it knows no account, or lacks the component that reads images."""


class Cloud:
    """A gcloud that writes its commands down and answers what it is told to."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._heard = folder / "heard"
        self._program = folder / "gcloud"
        self.answer("")

    def answer(self, shell: str) -> None:
        self._program.write_text(f'#!/bin/sh\necho "$*" >>"{self._heard}"\n{shell}\n', encoding="utf-8")
        self._program.chmod(0o755)

    def run(self, script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        environment = {**os.environ, "PATH": f"{self._folder}:{os.environ['PATH']}"}
        return subprocess.run(  # noqa: S603 - our own script
            [str(SCRIPTS / script), *arguments], env=environment, capture_output=True, text=True, check=False
        )

    @property
    def heard(self) -> list[str]:
        return self._heard.read_text(encoding="utf-8").splitlines() if self._heard.exists() else []


@pytest.fixture
def cloud(tmp_path: Path) -> Cloud:
    return Cloud(tmp_path)


def test_every_job_is_rolled_forward_to_the_digest(cloud: Cloud) -> None:
    ran = cloud.run("roll-forward", "us-central1", "gt-paper", IMAGE)
    assert ran.returncode == 0, ran.stderr
    assert cloud.heard == [
        f"run jobs update gt-paper-{job} --region=us-central1 --image={IMAGE} --update-env-vars=IMAGE={IMAGE} --quiet"
        for job in JOBS
    ]
    assert ran.stdout.split() == ["rolled", "forward", "to", f"{IMAGE}:", *JOBS]


def test_the_names_are_those_that_terraform_gives() -> None:
    assert 'name = "gt-${var.environment}"' in (SCRIPTS / "locals.tf").read_text(encoding="utf-8")
    assert '= "${local.name}-${each.key}"' in (SCRIPTS / "jobs.tf").read_text(encoding="utf-8")


@pytest.mark.parametrize("image", ["golden-thread:latest", "", f"{IMAGE}0", IMAGE.replace("sha256", "sha1")])
def test_an_image_without_a_digest_is_rolled_forward_nowhere(image: str, cloud: Cloud) -> None:
    assert cloud.run("roll-forward", "us-central1", "gt-paper", image).returncode == 2
    assert cloud.heard == []


def test_a_job_that_cannot_be_rolled_forward_fails_the_build(cloud: Cloud) -> None:
    cloud.answer(f'case "$*" in *gt-paper-{JOBS[1]}*) exit 1;; esac')
    assert cloud.run("roll-forward", "us-central1", "gt-paper", IMAGE).returncode == 1
    assert len(cloud.heard) == 2


@pytest.mark.parametrize(
    ("found", "refused", "code"),
    [
        ("", "CRITICAL", 0),
        (r"HIGH\tCVE-2026-1\nLOW\tCVE-2026-2", "CRITICAL", 0),
        (r"LOW\tCVE-2026-2\nCRITICAL\tCVE-2026-3", "CRITICAL", 1),
        (r"HIGH\tCVE-2026-1", "CRITICAL|HIGH", 1),
        (r"LOW\tCVE-CRITICAL", "CRITICAL", 0),
    ],
)
def test_a_vulnerability_of_a_refused_severity_fails_the_build(
    found: str, refused: str, code: int, cloud: Cloud
) -> None:
    cloud.answer(f'case "$*" in *list-vulnerabilities*) printf "{found}";; *) echo a-scan;; esac')
    ran = cloud.run("scan", "us", refused, IMAGE)
    assert ran.returncode == code, ran.stderr
    assert cloud.heard[0].startswith(f"artifacts docker images scan {IMAGE} --remote --location=us ")
    assert cloud.heard[1].startswith("artifacts docker images list-vulnerabilities a-scan ")


def test_a_scan_that_fails_fails_the_build(cloud: Cloud) -> None:
    cloud.answer("exit 1")
    assert cloud.run("scan", "us", "CRITICAL", IMAGE).returncode == 1
    assert len(cloud.heard) == 1


@pytest.mark.slow
@pytest.mark.parametrize(
    "arguments",
    [
        f"run jobs update gt-paper-trades --region=us-central1 --image={IMAGE} --update-env-vars=IMAGE={IMAGE} --quiet",
        f"artifacts docker images scan {IMAGE} --remote --location=us --format=value(response.scan)",
        "artifacts docker images list-vulnerabilities projects/my-project/locations/us/scans/1 --format=json",
    ],
)
def test_gcloud_itself_understands_the_commands(arguments: str, tmp_path: Path) -> None:
    said = offline(["gcloud", *arguments.split(), "--project=my-project"], tmp_path)
    assert AT_THE_DOOR.search(said.stderr), said.stderr
