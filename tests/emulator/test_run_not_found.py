"""BigQuery finds no table or stream for a while, as it may with fresh ones: nothing is lost, nothing is there twice."""

import json
from pathlib import Path

import pytest

from schemas.run_record import Status
from tests.emulator import moments
from tests.emulator.builders import position, put, write_market
from tests.emulator.promises import Promises
from tests.emulator.wire import Call, InsteadError, Moment, RefusedError, Step, Wire
from tests.stack import LocalStack

REASON = {"reason": "notFound", "message": "Not found"}
NOT_FOUND = json.dumps({"error": {"code": 404, "message": "Not found: Table", "errors": [REASON]}}).encode()


@pytest.fixture(autouse=True)
def _positions(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path, range(1, 4)))
    put(stack, "live_positions", position(1))
    stack.run("trades")
    put(stack, "live_positions", *map(position, range(1, 4)))


def looks_at_the_table(call: Call) -> bool:
    return call.name.startswith("GET ") and call.name.endswith("/tables/fact_trades")


PLACES: dict[str, Moment] = {
    "the table": looks_at_the_table,
    "the stream's opening": moments.opens,
    "the append": moments.appends,
    "the stream's end": moments.finalizes,
    "the commit": moments.commits,
}


def not_found(moment: Moment, times: int) -> Step:
    """Say of the first calls of a kind that there is no such thing."""
    left = [None] * times

    def step(call: Call) -> None:
        if left and moment(call):
            left.pop()
            raise RefusedError("NOT_FOUND") if call.server == "storage" else InsteadError(404, NOT_FOUND)

    return step


@pytest.mark.parametrize(("place", "times"), [*((place, 1) for place in PLACES), ("the table", 3)])
def test_what_is_not_found_for_a_while_costs_a_run_at_most(
    place: str, times: int, stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    wire.set(before=not_found(PLACES[place], times))

    record = wired.run("trades", RETRY_SECONDS="0.5")

    # A table that a local run cannot find once is one that it makes, and then finds.
    expected = None if (place, times) == ("the table", 1) else "UndecidedError" if place == "the commit" else "NotFound"
    assert (record.error.type if record.error else None) == expected
    assert record.status is (Status.FAILED if expected else Status.SUCCEEDED)
    assert record.counts.balanced
    stack.run("trades")
    promises = Promises(stack)
    promises.assert_kept()
    assert len(promises.rows) == 3
