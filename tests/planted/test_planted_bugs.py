"""Tests that bite: each mistake of design that the protocol and the rules rule out is made, and a test must object.

The one-line edits are in `bugs.py`. A bug counts as caught when the expectation of its own named test fails; a crash,
or a failure of the fixtures, does not count.
"""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.planted.bugs import BUGS, QUICK
from tests.planted.nursery import CHECKOUT
from tests.planted.planting import Bug, copy_project, judged_by, open_nursery, plant

REST = [bug for bug in BUGS if bug not in QUICK]
Nursery = subprocess.Popen[str]


@pytest.fixture(scope="module")
def nursery() -> Iterator[Nursery]:
    with open_nursery() as process:
        yield process


def assert_caught(bug: Bug, project: Path, nursery: Nursery) -> None:
    plant(bug, copy_project(project))
    verdict = judged_by([bug.caught_by], project, nursery)
    assert verdict.catches(bug), verdict.output


@pytest.mark.parametrize("bug", QUICK, ids=[bug.name for bug in QUICK])
def test_a_planted_bug_is_caught_by_its_test(bug: Bug, tmp_path: Path, nursery: Nursery) -> None:
    assert_caught(bug, tmp_path, nursery)


@pytest.mark.nightly
@pytest.mark.parametrize("bug", REST, ids=[bug.name for bug in REST])
def test_a_planted_bug_is_caught_by_its_test_at_leisure(bug: Bug, tmp_path: Path, nursery: Nursery) -> None:
    assert_caught(bug, tmp_path, nursery)


@pytest.mark.nightly
def test_without_a_bug_every_named_test_passes_in_a_copy(tmp_path: Path, nursery: Nursery) -> None:
    verdict = judged_by(sorted({bug.caught_by for bug in BUGS}), copy_project(tmp_path), nursery)
    assert verdict.complaints == (), verdict.output
    assert verdict.passed


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_every_bug_still_fits_the_code_and_has_its_test(bug: Bug) -> None:
    file, _, test = bug.caught_by.partition("::")
    assert (CHECKOUT / bug.file).read_text(encoding="utf-8").count(bug.right) == 1
    assert bug.right != bug.wrong
    assert f"def {test}(" in (CHECKOUT / file).read_text(encoding="utf-8")
