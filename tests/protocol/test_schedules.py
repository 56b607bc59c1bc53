"""The protocol as a program, under random schedules: what the exhaustive search proves, met again by another road."""

from collections.abc import Callable
from operator import attrgetter

import pytest

from tests.protocol.guards import Guards
from tests.protocol.schedules import first_broken, story_of
from tests.protocol.state import Scenario
from tests.protocol.test_protocol_model import BROKEN, REDUNDANT, Mutant

_PATIENCE = 20_000
"""Histories within which a mutant must be caught; the first few thousand do."""
_MANY = 400_000
_RARE = [mutant for mutant in BROKEN if mutant.sentence == "any intent is cleared by anybody"]
"""Three attempts in one order of some twenty calls, once in tens of thousands of histories: a matter for a night."""
_SCENARIOS = (Scenario(), Scenario(retries_in_process=True), Scenario(executions=(0, 1, 0)))


def _keeps_every_promise(histories: int) -> None:
    for number, scenario in enumerate(_SCENARIOS):
        story = first_broken(range(number, histories, len(_SCENARIOS)), Guards(), scenario)
        assert story is None, f"{scenario}\n{story}"


def test_random_schedules_keep_every_promise(histories: Callable[[int], int]) -> None:
    _keeps_every_promise(histories(6000))


@pytest.mark.nightly
def test_very_many_random_schedules_keep_every_promise(histories: Callable[[int], int]) -> None:
    _keeps_every_promise(histories(_MANY))


def _notice(mutant: Mutant, histories: int) -> None:
    story = first_broken(range(histories), Guards().without(*mutant.removed), mutant.scenario)
    assert story is not None
    assert story.verdict == mutant.verdict


@pytest.mark.parametrize("mutant", [one for one in BROKEN if one not in _RARE], ids=attrgetter("sentence"))
def test_random_schedules_notice_that(mutant: Mutant) -> None:
    _notice(mutant, _PATIENCE)


@pytest.mark.nightly
@pytest.mark.parametrize("mutant", _RARE, ids=attrgetter("sentence"))
def test_very_many_random_schedules_notice_even_that(mutant: Mutant) -> None:
    _notice(mutant, _MANY)


@pytest.mark.parametrize("mutant", REDUNDANT, ids=attrgetter("sentence"))
def test_random_schedules_can_spare_it_too(mutant: Mutant) -> None:
    story = first_broken(range(1000), Guards().without(*mutant.removed), mutant.scenario)
    assert story is None, str(story)


def test_a_seed_tells_the_same_story_every_time() -> None:
    first, second = (story_of(7, Guards().without("known_is_asked")) for _ in range(2))
    assert str(first) == str(second)
    assert "python -m tests.protocol.schedules 7" in str(first)
