"""Seeded histories in a simulated world. One again: `pytest tests/simulation/test_histories.py --seed N`."""

from collections.abc import Callable, Iterable

import pytest

from tests.simulation.histories import BrokenPromiseError, History

SAMPLE = 200
"""Histories of the default lane."""
MANY = 100_000
AGAIN = "pytest tests/simulation/test_histories.py"


@pytest.fixture
def unfold(pytestconfig: pytest.Config, histories: Callable[[int], int]) -> Callable[[int], None]:
    """Live through so many histories, or through the one asked for."""
    only, first = pytestconfig.getoption("--seed"), pytestconfig.getoption("--first-seed")
    return lambda number: _unfold(range(first, first + histories(number)) if only is None else (only,))


def _unfold(seeds: Iterable[int]) -> None:
    for seed in seeds:
        try:
            History(seed).unfold()
        except BrokenPromiseError as error:
            raise AssertionError(f"{error}\nagain: {AGAIN} --seed {seed}") from error


def test_the_promises_hold_in_every_history(unfold: Callable[[int], None]) -> None:
    unfold(SAMPLE)


@pytest.mark.nightly
def test_the_promises_hold_in_very_many_histories(unfold: Callable[[int], None]) -> None:
    unfold(MANY)
