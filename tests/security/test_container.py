"""The image as Cloud Run would run it: as nobody, with nothing to write to, 512 MiB, and no capability.

Skipped where there is no Docker engine, or where the base image is neither there nor to be had.
"""

import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.emulator.builders import position, put
from tests.emulator.promises import Promises
from tests.stack import AS_OF, LocalStack

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
BASE = "python:3.11-slim-bookworm"
IMAGE = "golden-thread:tested"
HARDENED = ("--read-only", "--tmpfs=/tmp", "--cap-drop=ALL", "--security-opt=no-new-privileges", "--memory=512m")
PATIENCE_S = 600


def docker(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command line
        ["docker", *arguments],  # noqa: S607 - wherever it is installed
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=PATIENCE_S,
    )


def has_engine() -> bool:
    try:
        return docker("info").returncode == 0
    except FileNotFoundError:
        return False


@pytest.fixture(scope="module")
def image() -> str:
    """The image, built from this very tree."""
    if not has_engine():
        pytest.skip("no Docker engine: the container is not tested")
    if docker("image", "inspect", BASE).returncode != 0 and docker("pull", BASE).returncode != 0:
        pytest.skip(f"{BASE} is neither here nor to be had: the container is not tested")
    built = docker("build", "--build-arg", "GIT_HASH=tested", "--tag", IMAGE, ".")
    assert built.returncode == 0, built.stdout + built.stderr
    return IMAGE


def run(image: str, command: Sequence[str], stack: LocalStack | None = None) -> subprocess.CompletedProcess[str]:
    """Run a command in a container that is gone afterwards; a stack is reached by the host's own network."""
    given = [f"--env={name}={value}" for name, value in (stack.environment if stack else {}).items()]
    network = "host" if stack else "none"
    return docker("run", "--rm", "--network", network, *HARDENED, *given, image, *command)


def test_it_runs_as_nobody_and_can_write_nothing(image: str) -> None:
    tried = "import os; print(os.getuid(), os.getgid(), os.access('/app', os.W_OK), os.access('/venv', os.W_OK))"
    ran = run(image, ["python", "-c", tried])
    assert (ran.returncode, ran.stdout.split()) == (0, ["65532", "65532", "False", "False"]), ran.stderr


@pytest.mark.parametrize("module", ["pip", "infra", "tests", "bqemulator", "pytest"])
def test_it_holds_nothing_that_no_job_needs(module: str, image: str) -> None:
    assert run(image, ["python", "-c", f"import {module}"]).returncode == 1


def test_a_job_in_its_container_archives_like_any_other(image: str, stack: LocalStack) -> None:
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"), position(2, qty="NaN"))

    ran = run(image, ["python", "-m", "jobs.trades", "--as-of", AS_OF], stack)

    assert ran.returncode == 0, ran.stdout + ran.stderr
    promises = Promises(stack)
    promises.assert_kept({"live_positions/position-0002": "NOT_FINITE"})
    assert {row["git_hash"] for row in promises.rows} == {"tested"}
