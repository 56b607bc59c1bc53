"""The clock of the machine that a run is on stamps what is written and decides nothing; nor does midnight."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

import pytest

from tests.simulation.histories import THEMES, History, Theme
from tests.simulation.listening import Listening
from tests.simulation.network import Fault
from tests.simulation.world import Errand, World, statuses

HISTORIES = 4
"""Of each theme and each clock; every one is told twice."""
STAMPS = {"archived_at", "revised_at", "first_seen", "last_seen", "resolved_at", "expires_at"}
"""Columns and fields that say when a machine did something."""
NAMES = {"run_id", "revised_by", "resolved_by"}
"""Those that name a run, whose id begins with when it started."""
READ_STAMPS = {"retire", "job-runs"}
"""Jobs whose sources are stamps: for how long a row was held, and when a run began."""
OF_DATA = [theme._replace(jobs=tuple(job for job in theme.jobs if job not in READ_STAMPS)) for theme in THEMES]
OF_STAMPS = [theme for theme in THEMES if READ_STAMPS & set(theme.jobs)]
DAY = timedelta(days=1)
A_MOMENT_S = 0.1
"""Not as long as a run takes."""

Clock = Callable[[], datetime]


def a_day_slow(world: World) -> Clock:
    return lambda: world.time.now() - DAY


def a_day_fast(world: World) -> Clock:
    return lambda: world.time.now() + DAY


def jumping_about(world: World) -> Clock:
    chance = Random(0)  # noqa: S311 - a seed that replays
    return lambda: world.time.now() + chance.uniform(-1, 1) * DAY


def unstamped(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row or a document, without when a machine did something to it and without the time in the names of runs."""
    fields: dict[str, Any] = {name: value for name, value in row.items() if name not in STAMPS}
    return fields | {name: str(value)[-12:] for name, value in row.items() if name in NAMES}


def unfolded(seed: int, theme: Theme, clock: Callable[[World], Clock] | None = None) -> History:
    """A history that has come to its end, on a machine with such a clock or a right one."""
    history = History(seed, theme)
    if clock:
        history.world.clock = clock(history.world)
    history.unfold()
    return history


def told(history: History) -> tuple[list[str], Any, Any]:
    """What happened in a history, and the tables and the quarantine it ends with."""
    world = history.world
    tables = {name: [unstamped(row) for row in table.rows] for name, table in world.dataset.tables.items()}
    refused = {name: unstamped(fields) for name, (_, fields) in world.documents("quarantine").items()}
    return history.told, tables, refused


under_each_clock = pytest.mark.parametrize("clock", [a_day_slow, a_day_fast, jumping_about])


def about(themes: list[Theme]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("theme", themes, ids=lambda theme: "+".join(theme.jobs))


@under_each_clock
@about(OF_DATA)
def test_whatever_the_clock_of_the_machine_says_the_same_happens_and_the_same_rows_stand(
    theme: Theme, clock: Callable[[World], Clock]
) -> None:
    for seed in range(HISTORIES):
        assert told(unfolded(seed, theme, clock)) == told(unfolded(seed, theme))


@under_each_clock
@about(OF_STAMPS)
def test_whatever_the_clock_of_the_machine_says_the_promises_hold_where_stamps_are_read(
    theme: Theme, clock: Callable[[World], Clock]
) -> None:
    for seed in range(HISTORIES):
        unfolded(seed, theme, clock)


def shortly_before_midnight() -> Listening:
    """A world with three trades to archive, in which a run that begins now ends tomorrow."""
    world = Listening.of_three_trades()
    tomorrow = world.time.now().replace(hour=0, minute=0, second=0, microsecond=0) + DAY
    world.time.sleep((tomorrow - world.time.now()).total_seconds() - A_MOMENT_S)
    return world


@pytest.fixture
def at_noon() -> Listening:
    """A world in which a run ended on the day it began."""
    world = Listening.of_three_trades()
    world.run(Errand("trades"))
    return world


def data(world: Listening) -> list[dict[str, Any]]:
    """The rows, whoever wrote them."""
    return [{name: value for name, value in unstamped(row).items() if name not in NAMES} for row in world.rows]


def test_a_run_over_midnight_makes_the_rows_of_one_at_noon(at_noon: Listening) -> None:
    world = shortly_before_midnight()

    (ended,) = world.run(Errand("trades"))

    assert ended.record
    assert ended.record.finished_at
    assert ended.record.started_at.date() < ended.record.finished_at.date()
    assert data(world) == data(at_noon) != []


def test_a_run_that_died_at_midnight_is_made_whole_on_the_next_day_with_the_rows_of_one_at_noon(
    at_noon: Listening,
) -> None:
    places = 0
    for world in Listening.dying_everywhere(shortly_before_midnight, Fault.KILLED_AFTER):
        world.time.sleep(DAY.total_seconds())
        assert statuses(world.run(Errand("trades"))) == ["SUCCEEDED"]
        assert data(world) == data(at_noon)
        places += 1
    assert places > 10
