"""Runs that die at any call, or lose any answer: the next run makes everything whole."""

from pathlib import Path

import pytest
from google.cloud.bigquery_storage_v1.types import AppendRowsRequest

from schemas.run_record import Status
from tests.emulator import moments
from tests.emulator.builders import position, put
from tests.emulator.history import History
from tests.emulator.job_process import kill_at
from tests.emulator.promises import ENDED_WELL, Promises
from tests.emulator.wire import Call, CutError, Step, Wire
from tests.faults.sites import route_of
from tests.stack import LocalStack


def test_the_record_of_a_killed_run_is_closed_as_abandoned(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    put(stack, "live_positions", position(1))
    kill_at(moments.scans, stack, wire, tmp_path / "output")
    (killed,) = (run["run_id"] for run in Promises(stack).runs)
    stack.run("trades")
    statuses = {run["run_id"]: run["status"] for run in Promises(stack).runs}
    assert statuses.pop(killed) == "ABANDONED"
    assert len(statuses) == 1


def test_a_stream_that_holds_rows_of_somebody_else_is_not_committed(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"))

    def append_again(call: Call) -> None:
        if moments.appends(call):
            request = AppendRowsRequest.deserialize(call.request)
            request.offset = 1
            stack.parts().streams.append(request)()

    wire.set(after=append_again)
    record = wired.run("trades")
    assert (record.status, record.counts.pending) == (Status.FAILED, 1)
    assert not any(map(moments.commits, wire.calls))
    assert stack.run("trades").counts.archived == 1
    Promises(stack).assert_kept()


@pytest.mark.nightly  # A minute of waiting before calls are sent again.
def test_a_run_that_loses_every_answer_once_still_succeeds(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    history = History(stack, tmp_path)
    stack.run("trades")
    history.go_on()

    wire.set(after=lose_every_other_of_each_kind())
    record = wired.run("trades")
    assert record.status in ENDED_WELL, record.error
    Promises(stack).assert_kept(history.spoilt)


def lose_every_other_of_each_kind() -> Step:
    """Lose every call's answer once. By kind: with other threads at work, a call sent again may meet any number."""
    lost: dict[str, bool] = {}

    def step(call: Call) -> None:
        kind = route_of(call)
        lost[kind] = not lost.get(kind, False)
        if lost[kind]:
            raise CutError

    return step
