"""A copy of the project with one bug in it, and what a named test says to that."""

import os
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
_COPIED = ("jobs", "shared", "schemas", "infra", "tests", "pyproject.toml")
_SEED = "0"
_PATIENCE_S = 300
_REFUSALS = ("assert ", "AssertionError", "Failed: DID NOT RAISE")
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
    quick: bool = False
    """Whether the test needs no servers, so that the default lane plants the bug too."""


@dataclass(frozen=True)
class Verdict:
    """What pytest reported."""

    passed: int
    complaints: tuple[str, ...]
    """The message of each failure and each error."""
    output: str

    @property
    def refused(self) -> bool:
        """Whether an expectation failed, and nothing else went wrong."""
        return bool(self.complaints) and all(one.startswith(_REFUSALS) for one in self.complaints)


def copy_project(target: Path) -> Path:
    """Copy what tests need; the working tree stays as it is."""
    for name in _COPIED:
        source = CHECKOUT / name
        if source.is_dir():
            shutil.copytree(source, target / name)  # compiled files, too, and the times that make them valid
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


def judged_by(tests: Iterable[str], project: Path) -> Verdict:
    """Run tests in a copy, with a fixed seed."""
    report = project / "report.xml"
    options = ["-q", "-x", "-p", "no:cacheprovider", f"--hypothesis-seed={_SEED}", "-m", "", f"--junit-xml={report}"]
    command = [sys.executable, "-m", "pytest", *options, *tests]
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}  # a file spoilt within its second looks compiled
    # The command is this interpreter and tests of this project.
    done = subprocess.run(  # noqa: S603
        command, cwd=project, env=environment, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
    )
    if not report.exists():
        raise RuntimeError(f"pytest reported nothing:\n{done.stdout}{done.stderr}")
    return _read(report, done.stdout)


def _read(report: Path, output: str) -> Verdict:
    cases = list(ET.parse(report).iter("testcase"))  # noqa: S314 - pytest wrote it a moment ago
    complaints = [part.get("message", "") for case in cases for part in (*case.iter("failure"), *case.iter("error"))]
    return Verdict(len(cases) - len(complaints), tuple(complaints), output)
