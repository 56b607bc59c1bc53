"""The container lane of continuous integration: uses an engine, ends what it started, and never skips in silence."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.pipeline.documents import ROOT

PREPARED = """
(trap 'echo told >"$1/ended"; exit' TERM; touch "$1/up"; while :; do sleep 0.1; done) >/dev/null 2>&1 &
echo $! >"$1/dockerd.pid"
until [ -e "$1/up" ]; do sleep 0.1; done
echo 'something else'
echo 'export DOCKER_CONFIG=as-prepared'
"""


class Machine:
    """A machine whose docker, make and program to prepare an engine are scripts of the test."""

    def __init__(self, folder: Path) -> None:
        self._programs = folder / "programs"
        self._programs.mkdir()
        self.engine = folder / "engine"
        self.installs(docker="exit 1", make="exit 1")

    def installs(self, **programs: str) -> None:
        for name, script in programs.items():
            (self._programs / name).write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
            (self._programs / name).chmod(0o755)

    def lane(self) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own script
            [str(ROOT / ".ci" / "containers"), str(self._programs / "prepare"), str(self.engine)],
            env={**os.environ, "PATH": f"{self._programs}:{os.environ['PATH']}"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_prepares_an_engine_can_be_named_and_else_lies_beside_the_clone() -> None:
    run = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert '\n.ci/containers "${PREPARE_ENGINE:-../shared/lane/prepare}" "$scratch/engine" ' in run


def test_without_an_engine_it_says_that_nothing_was_tested(machine: Machine) -> None:
    ran = machine.lane()
    assert (ran.returncode, ran.stdout.startswith("SKIPPED: no Docker engine")) == (0, True)


def test_an_engine_that_cannot_be_prepared_is_no_failure_and_its_log_is_shown(machine: Machine) -> None:
    machine.installs(prepare="echo 'no rights' >&2; exit 1")
    ran = machine.lane()
    assert ran.returncode == 0
    assert "no rights" in ran.stdout
    assert "SKIPPED" in ran.stdout


def test_an_engine_that_is_here_is_used(machine: Machine) -> None:
    machine.installs(docker="exit 0", make='echo "make $*"')
    ran = machine.lane()
    assert (ran.returncode, ran.stdout.splitlines()[0]) == (0, "make container")


@pytest.mark.parametrize("code", [0, 2])
def test_a_prepared_engine_is_used_and_ended_however_the_tests_end(code: int, machine: Machine) -> None:
    machine.installs(prepare=PREPARED, docker="exit 0", make=f'echo "with $DOCKER_CONFIG"; exit {code}')
    ran = machine.lane()
    assert ran.returncode == code, ran.stderr
    assert "with as-prepared" in ran.stdout
    assert (machine.engine / "ended").read_text(encoding="utf-8") == "told\n"
