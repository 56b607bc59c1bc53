"""A copy of the project with one bug in it, and what a named test says to that."""

import json
import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.planted.nursery import CHECKOUT

_COPIED = ("jobs", "shared", "schemas", "infra", "tests", "pyproject.toml")
_SEED = "0"
_REFUSALS = ("assert ", "AssertionError", "Failed: DID NOT RAISE", "tests.simulation.histories.BrokenPromiseError")
"""How the message of a failed expectation begins, as opposed to that of a crash."""


@dataclass(frozen=True)
class Bug:
    """A mistake of design that somebody could make, and the test that is there to catch it."""

    name: str
    file: str
    right: str
    """The text as it stands in the file, once."""
    wrong: str
    caught_by: str
    """The test, as pytest names it."""
    error: str = ""
    """The error that must reach the test, where that is its complaint; else an expectation of its own must fail."""


@dataclass(frozen=True)
class Verdict:
    """What pytest reported."""

    passed: int
    complaints: tuple[str, ...]
    """The message of each failure and each error."""
    output: str

    def catches(self, bug: Bug) -> bool:
        """Whether an expectation failed, and nothing else went wrong."""
        expected = bug.error or _REFUSALS
        return bool(self.complaints) and all(one.startswith(expected) for one in self.complaints)


def copy_project(target: Path) -> Path:
    """Copy what tests need, compiled files included; the working tree stays as it is."""
    for name in _COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, target / name)
        else:
            shutil.copy2(source, target / name)
    return target


def plant(bug: Bug, project: Path) -> None:
    """Put a bug into a copy.

    Raises:
        ValueError: The text to spoil is not there exactly once: the code changed, so must the bug.
    """
    file = project / bug.file
    text = file.read_text(encoding="utf-8")
    if (found := text.count(bug.right)) != 1:
        raise ValueError(f"{bug.file} holds the text of {bug.name!r} {found} times:\n{bug.right}")
    file.write_text(text.replace(bug.right, bug.wrong), encoding="utf-8")


@contextmanager
def open_nursery() -> Iterator["subprocess.Popen[str]"]:
    """Start the process that forks the tests."""
    # A file spoilt within its second looks compiled; and of the Firestores the embedded one is the quickest.
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "GOLDEN_THREAD_TEST_FIRESTORE": "embedded"}
    command = [sys.executable, "-m", "tests.planted.nursery"]
    with subprocess.Popen(  # noqa: S603 - this interpreter and a module of this project
        command, cwd=CHECKOUT, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as nursery:
        yield nursery
        if nursery.stdin:
            nursery.stdin.close()


def judged_by(tests: Iterable[str], project: Path, nursery: "subprocess.Popen[str]") -> Verdict:
    """Run tests in a copy, with a fixed seed, until one of them fails."""
    report = project / "report.xml"
    options = ["-q", "-x", "-p", "no:cacheprovider", f"--hypothesis-seed={_SEED}", "-m", "", f"--junit-xml={report}"]
    if nursery.stdin is None or nursery.stdout is None:
        raise ValueError("the nursery has no ears")
    nursery.stdin.write(json.dumps([str(project), [*options, *tests]]) + "\n")
    nursery.stdin.flush()
    nursery.stdout.readline()
    output = (project / "output.txt").read_text(encoding="utf-8")
    if not report.exists():
        raise RuntimeError(f"pytest reported nothing:\n{output}")
    return _read(report, output)


def _read(report: Path, output: str) -> Verdict:
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it a moment ago
    complaints = [part.get("message", "") for case in cases for part in (*case.iter("failure"), *case.iter("error"))]
    return Verdict(len(cases) - len(complaints), tuple(complaints), output)
