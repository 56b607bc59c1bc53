"""Random books of a broker one by one, for mutants of how fees are attributed. Not of the default lane, by its name."""

import pytest

from tests.unit.test_reconciliation_graphs import assert_holds

MANY = 60


@pytest.mark.parametrize("seed", range(MANY))
def test_every_posted_cent_is_accounted_for_once(seed: int) -> None:
    assert_holds([seed])
