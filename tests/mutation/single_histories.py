"""Simulated histories one by one, for mutants of what only whole runs reach. Not of the default lane, by its name."""

import pytest

from tests.simulation.histories import History

MANY = 24
"""Four of each theme."""


@pytest.mark.parametrize("seed", range(MANY))
def test_the_promises_hold(seed: int) -> None:
    History(seed).unfold()
