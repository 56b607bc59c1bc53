"""The image as Cloud Run would run it: as nobody, with nothing to write to, 512 MiB, and no capability."""

import json

import pytest

from tests.containers.engine import GIT_HASH, HARDENED, docker


def python(image: str, program: str) -> tuple[int, str]:
    ran = docker("run", "--rm", "--network=none", *HARDENED, "--entrypoint=python", image, "-c", program)
    return ran.returncode, ran.stdout + ran.stderr


def test_it_runs_as_nobody_and_can_write_nothing(image: str) -> None:
    tried = "import os; print(os.getuid(), os.getgid(), *(os.access(at, os.W_OK) for at in ('/', '/app', '/venv')))"
    assert python(image, tried) == (0, "65532 65532 False False False\n")


@pytest.mark.parametrize("module", ["pip", "setuptools", "infra", "tests", "bqemulator", "pytest"])
def test_it_holds_nothing_that_no_job_needs(module: str, image: str) -> None:
    code, said = python(image, f"import {module}")
    assert code == 1
    assert "ModuleNotFoundError" in said


def test_everything_is_compiled_beforehand(image: str) -> None:
    program = (
        "import importlib.util, pathlib, jobs; "
        "print([str(one) for one in pathlib.Path('/app').rglob('*.py') "
        "if not pathlib.Path(importlib.util.cache_from_source(one)).exists()])"
    )
    assert python(image, program) == (0, "[]\n")


def test_it_says_what_it_is_made_of(image: str) -> None:
    (about,) = json.loads(docker("image", "inspect", image).stdout)
    labels = about["Config"]["Labels"]
    assert labels["org.opencontainers.image.title"] == "golden-thread"
    assert labels["org.opencontainers.image.revision"] == GIT_HASH
    assert labels["org.opencontainers.image.base.name"] == "python:3.11-slim-bookworm"


def test_the_job_is_named_by_its_module_alone(image: str) -> None:
    shown = docker("run", "--rm", "--network=none", *HARDENED, image, "jobs.rejected_signals", "--help")
    assert shown.returncode == 0
    assert "python -m jobs.rejected_signals" in shown.stdout
