"""Random histories on real servers: days on which runs meet several faults, or each other, and evenings that end well.

`--histories N` sets how many, `--first-seed S` where they begin, so that several processes share the work; `--seed S`
replays one.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.emulator.conftest import wire_to
from tests.emulator.wire import Wire
from tests.faults import story
from tests.faults.course import Course, Met
from tests.faults.story import Story
from tests.stack import LocalStack


@pytest.fixture(scope="session")
def wires(servers: LocalStack) -> Iterator[Sequence[Wire]]:
    """A wire for each of the runs that can be under way at once."""
    with ExitStack() as open_wires:
        yield [open_wires.enter_context(wire_to(servers)) for _ in range(3)]


@pytest.fixture
def seeds(pytestconfig: pytest.Config, histories: Callable[[int], int]) -> Callable[[int], Iterable[int]]:
    """The seeds to try: one, or so many from the first on."""
    one, first = pytestconfig.getoption("--seed"), pytestconfig.getoption("--first-seed")
    return lambda default: range(first, first + histories(default)) if one is None else [one]


@pytest.fixture
def tell(
    seeds: Callable[[int], Iterable[int]],
    stack: LocalStack,
    wires: Sequence[Wire],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Callable[[Callable[[int], Story], int], list[str]]:
    """Tell histories and what is wrong with them; figures of what they met go to standard output."""

    def told(make: Callable[[int], Story], default: int) -> list[str]:
        met, found = Met(), []
        for seed in seeds(default):
            course = Course(make(seed), stack.fresh(), wires, tmp_path / str(seed), met)
            for wrong in course.broken():
                found.append(f"{wrong}\n    pytest tests/faults/test_histories.py -k {request.node.name} --seed {seed}")
                print(found[-1], flush=True)  # noqa: T201 - hours before the end
        print(met)  # noqa: T201 - figures of the nightly lane
        return found

    return told


Tell = Callable[[Callable[[int], Story], int], list[str]]


def test_a_history_ends_well_whatever_befalls_its_runs(tell: Tell) -> None:
    assert tell(story.of_faults, 25) == []


def test_a_history_ends_well_however_its_runs_overlap(tell: Tell) -> None:
    assert tell(story.of_overlaps, 15) == []


def test_a_job_that_is_started_twice_at_once_does_its_work_once(tell: Tell) -> None:
    assert tell(story.of_double_fires, 3) == []


def test_a_run_that_is_told_to_stop_ends_in_time_and_says_so(tell: Tell) -> None:
    assert tell(story.of_stops, 3) == []
