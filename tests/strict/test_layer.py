"""Every test's BigQuery has the judge inside: what it refuses is answered, written down, and fails the test."""

import pytest
from google.api_core.exceptions import BadRequest

from schemas.strategies import StrategyVersion
from tests.stack import LocalStack

_UNFILTERED = "SELECT strategy_id FROM dim_strategies"


def _asks_without_a_filter(corner: LocalStack) -> None:
    corner.parts().tables.apply(StrategyVersion)
    with pytest.raises(BadRequest, match="that can be used for partition elimination"):
        corner.rows(_UNFILTERED)


def test_a_test_fails_when_bigquery_would_have_refused_something(servers: LocalStack) -> None:
    with (
        pytest.raises(AssertionError, match=r"partition filter: .*\n.*POST .*" + _UNFILTERED),
        servers.watched() as one,
    ):
        _asks_without_a_filter(one)


def test_a_test_that_expects_the_refusal_passes(servers: LocalStack) -> None:
    with servers.watched() as corner:
        corner.watch.expect("partition filter")
        _asks_without_a_filter(corner)


def test_what_another_test_did_is_not_held_against_this_one(servers: LocalStack) -> None:
    with servers.watched() as first:
        first.watch.expect("partition filter")
        _asks_without_a_filter(first)
        with servers.watched() as second:
            second.parts().tables.apply(StrategyVersion)
            assert second.rows(f"{_UNFILTERED} WHERE ds >= '2000-01-01'") == []


def test_a_second_corner_of_a_test_is_watched_too(servers: LocalStack) -> None:
    with pytest.raises(AssertionError, match="BigQuery would have refused"), servers.watched() as one:
        _asks_without_a_filter(one.fresh())
