"""Random histories on real servers: days on which runs meet several faults, or each other, and evenings that end well.

`--histories N` sets how many, `--first-seed S` where they begin, so that several processes share the work; `--seed S`
replays one. `-s` shows what they met.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.emulator.conftest import wire_to
from tests.emulator.wire import Wire
from tests.faults import story
from tests.faults.course import Course, Met
from tests.faults.story import TIMES, Story
from tests.stack import LocalStack

REPLAY = "pytest tests/faults/test_histories.py"


@pytest.fixture(scope="session")
def wires(servers: LocalStack) -> Iterator[Sequence[Wire]]:
    """A wire for each of the runs that can be under way at once."""
    with ExitStack() as open_wires:
        yield [open_wires.enter_context(wire_to(servers)) for _ in range(3)]


@pytest.fixture
def tell(
    seeds: Callable[[int], range],
    stack: LocalStack,
    wires: Sequence[Wire],
    tmp_path: Path,
    request: pytest.FixtureRequest,
) -> Callable[[Callable[[int], Story], int], list[str]]:
    """Tell histories and what is wrong with them; figures of what they met go to standard output."""

    def told(make: Callable[[int], Story], default: int) -> list[str]:
        met, found = Met(), []
        try:
            for seed in seeds(default):
                course = Course(make(seed), stack.fresh(), wires, tmp_path / str(seed), met)
                for wrong in course.broken():
                    found.append(f"{wrong}\n    {REPLAY} -k {request.function.__name__} --seed {seed}")
                    print(found[-1], flush=True)  # noqa: T201 - hours before the end
                met.histories += 1
        finally:
            print(met)  # noqa: T201 - the figures of a nightly lane, whole or not
        return found

    return told


Tell = Callable[[Callable[[int], Story], int], list[str]]


def number_of(sample: int, volume: int) -> pytest.MarkDecorator:
    """How many histories the default lane tells, and how many the nightly one."""
    return pytest.mark.parametrize("number", [sample, pytest.param(volume, marks=pytest.mark.nightly)])


@number_of(6, 1200)
def test_a_history_ends_well_whatever_befalls_its_runs(number: int, tell: Tell) -> None:
    assert tell(story.of_faults, number) == []


@number_of(5, 800)
def test_a_history_ends_well_however_its_runs_overlap(number: int, tell: Tell) -> None:
    assert tell(story.of_overlaps, number) == []


@number_of(1, 200 // TIMES)
def test_a_job_that_is_started_twice_at_once_does_its_work_once(number: int, tell: Tell) -> None:
    assert tell(story.of_double_fires, number) == []


@number_of(2, 200 // TIMES)
def test_a_run_that_is_told_to_stop_ends_in_time_and_says_so(number: int, tell: Tell) -> None:
    assert tell(story.of_stops, number) == []
