"""Does the simulation see? Mistakes of design are planted in copies of the project, and some history must object."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.planted.bugs import BUGS
from tests.planted.planting import copy_project, plant
from tests.simulation.search import AGAIN

QUICK = {"no look whether the table holds the key": 50}
AT_LEISURE = {
    "run_id overwritten by a revision": 200,
    "a revision that undoes a reconciled fee": 1_500,
    "retire by key alone": 3_000,
    "intent after commit": 5_000,
    "no fence": 6_000,
}
"""Bug → the number of histories of which one must object; it takes a tenth of them or so."""
_PATIENCE_S = 3_600


def objections(bug: str, histories: int, project: Path) -> str:
    """What the histories of a copy with this bug in it object to."""
    (planted,) = (one for one in BUGS if one.name == bug)
    plant(planted, copy_project(project))
    searched = subprocess.run(  # noqa: S603 - this interpreter and a module of this project
        [sys.executable, "-B", "-m", "tests.simulation", "--histories", str(histories), "--enough", "1"],
        cwd=project,
        capture_output=True,
        text=True,
        check=False,
        timeout=_PATIENCE_S,
    )
    assert searched.returncode in {0, 1}, searched.stderr
    return searched.stdout


def assert_seen(told: str) -> None:
    assert AGAIN in told
    assert "Traceback" not in told


@pytest.mark.parametrize(("bug", "histories"), QUICK.items())
def test_a_planted_bug_breaks_some_history(bug: str, histories: int, tmp_path: Path) -> None:
    assert_seen(objections(bug, histories, tmp_path))


@pytest.mark.nightly
@pytest.mark.parametrize(("bug", "histories"), AT_LEISURE.items())
def test_a_planted_bug_breaks_some_history_at_leisure(bug: str, histories: int, tmp_path: Path) -> None:
    assert_seen(objections(bug, histories, tmp_path))
