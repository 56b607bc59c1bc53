"""Histories as values: a seed makes the same one every time, and a few dozen of them leave nothing out."""

from collections.abc import Callable
from random import Random

import pytest

from tests.faults import story
from tests.faults.kinds import KINDS
from tests.faults.story import SOURCES, STOPS, Story
from tests.faults.universe import Universe, Write, refused

MAKERS = [story.of_faults, story.of_overlaps, story.of_double_fires, story.of_stops]


@pytest.mark.parametrize("make", MAKERS)
def test_a_seed_makes_the_same_history_every_time(make: Callable[[int], Story]) -> None:
    assert make(7) == make(7)
    assert make(7) != make(8)


@pytest.mark.parametrize("make", MAKERS)
def test_every_job_has_its_histories(make: Callable[[int], Story]) -> None:
    assert {job for seed in range(60) for job in make(seed).jobs} == SOURCES.keys()


def test_every_kind_of_fault_strikes_somebody() -> None:
    errands = [errand for seed in range(300) for day in story.of_faults(seed).days for errand in day.errands]
    assert {strike.kind for errand in errands for strike in errand.strikes} == KINDS.keys()
    assert {len(errand.strikes) for errand in errands} == {1, 2, 3, 4}


def test_every_way_to_be_told_to_stop_is_tried() -> None:
    days = [day for seed in range(40) for day in story.of_stops(seed).days]
    assert {strike.kind for day in days if day.stopped for strike in day.stopped.strikes} == set(STOPS)
    assert len(days) == 200


def test_every_run_that_overlaps_others_comes_to_its_end() -> None:
    for day in (day for seed in range(100) for day in story.of_overlaps(seed).days):
        last = day.turns[-len(day.together) :]
        assert sorted(turn.run for turn in last) == [*range(len(day.together))]
        assert {turn.until for turn in last} == {None}


def test_what_must_be_refused_is_what_was_written_broken_last() -> None:
    broken, whole = Write("a/1", {}, "BAD_TYPE"), Write("a/1", {}, None)
    assert refused(iter([whole, broken])) == {"a/1": "BAD_TYPE"}
    assert refused(iter([broken, whole])) == {}
    assert refused(iter([broken, Write("a/1", None, None)])) == {}


def test_a_universe_writes_every_document_of_a_day_once() -> None:
    universe = Universe(Random(1), ("live_positions",))  # noqa: S311 - reproducible, not secret
    for _ in range(100):
        paths = [write.path for write in universe.live(6)]
        assert len(set(paths)) == len(paths)
