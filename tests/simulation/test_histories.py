"""Seeded histories in a simulated world. One again, step by step: `python -m tests.simulation --seed N`."""

import os
from collections.abc import Callable

import pytest

from tests.simulation.search import live_through, search

SAMPLE = 200
"""Histories of the default lane."""
MANY = 100_000


@pytest.fixture
def seeds(pytestconfig: pytest.Config, histories: Callable[[int], int]) -> Callable[[int], range]:
    """So many seeds, or the one asked for."""
    only, first = pytestconfig.getoption("--seed"), pytestconfig.getoption("--first-seed")
    return lambda number: range(first, first + histories(number)) if only is None else range(only, only + 1)


def test_the_promises_hold_in_every_history(seeds: Callable[[int], range]) -> None:
    broken = live_through(seeds(SAMPLE)).broken

    assert not broken, broken[0]


@pytest.mark.nightly
def test_the_promises_hold_in_very_many_histories(seeds: Callable[[int], range]) -> None:
    for share in search(seeds(MANY), os.cpu_count() or 1):
        assert not share.broken, share.broken[0]
