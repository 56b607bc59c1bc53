"""Runs that die at any call, or lose any answer: the next run makes everything whole."""

from itertools import count
from pathlib import Path

from google.cloud.bigquery_storage_v1.types import AppendRowsRequest

from schemas.run_record import Status
from tests.emulator import moments
from tests.emulator.builders import position, put, write_market
from tests.emulator.history import History
from tests.emulator.job_process import kill_at
from tests.emulator.promises import ENDED_WELL, Promises
from tests.emulator.wire import Call, CutError, Wire, cut, nth, numbered
from tests.stack import LocalStack


def test_a_run_killed_at_any_call_is_made_whole_by_the_next(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    history = History(stack, tmp_path)
    stack.run("trades")
    for number in count(1):
        history.go_on()
        call = kill_at(numbered(number), stack, wire, tmp_path / "output")
        if call is not None and not moments.writes(call):
            continue  # a question changes nothing: the next run is killed too, one call later
        assert stack.run("trades").status in ENDED_WELL, call
        Promises(stack).assert_kept(history.spoilt)
        if call is None:
            break
    assert number > 40


def test_a_run_killed_while_it_creates_tables_is_made_whole_by_the_next(
    stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    market = write_market(tmp_path, [1])
    for number in count(1):
        corner = stack.fresh()
        corner.seed(market)
        put(corner, "live_positions", position(1))
        call = kill_at(numbered(number), corner, wire, tmp_path / "output")
        if call is None or moments.scans(call):
            break
        if moments.writes(call):
            assert corner.run("trades").counts.archived == 1, call
            Promises(corner).assert_kept()
    assert sum(map(moments.writes, wire.calls)) >= 5


def test_the_record_of_a_killed_run_is_closed_as_abandoned(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    put(stack, "live_positions", position(1))
    kill_at(moments.scans, stack, wire, tmp_path / "output")
    (killed,) = (run["run_id"] for run in Promises(stack).runs)
    stack.run("trades")
    statuses = {run["run_id"]: run["status"] for run in Promises(stack).runs}
    assert statuses.pop(killed) == "ABANDONED"
    assert len(statuses) == 1


def test_an_unanswered_write_is_looked_up_and_not_repeated(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    history = History(stack, tmp_path)
    stack.run("trades")
    for number in count(1):
        history.go_on()
        wire.set(after=cut(nth(number, moments.writes)))
        record = wired.run("trades")
        assert record.status in ENDED_WELL, (number, record.error)
        Promises(stack).assert_kept(history.spoilt)
        if sum(map(moments.writes, wire.calls)) < number:
            break
    assert number > 12


def test_a_stream_that_holds_rows_of_somebody_else_is_not_committed(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"))

    def append_again(call: Call) -> None:
        if moments.appends(call):
            request = AppendRowsRequest.deserialize(call.request)
            request.offset = 1
            stack.parts().streams.append(request)

    wire.set(after=append_again)
    record = wired.run("trades")
    assert (record.status, record.counts.pending) == (Status.FAILED, 1)
    assert not any(map(moments.commits, wire.calls))
    assert stack.run("trades").counts.archived == 1
    Promises(stack).assert_kept()


def test_a_run_that_loses_every_answer_once_still_succeeds(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    history = History(stack, tmp_path)
    stack.run("trades")
    history.go_on()

    def cut_every_other(call: Call) -> None:
        if call.number % 2:
            raise CutError

    wire.set(after=cut_every_other)
    record = wired.run("trades")
    assert record.status in ENDED_WELL, record.error
    Promises(stack).assert_kept(history.spoilt)
