"""Runs that overlap: started together, taken over, or paused and resumed long after another finished."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from threading import Barrier, Event

import pytest

from schemas.run_record import RunRecord, Status
from tests.emulator import moments
from tests.emulator.builders import position, put, write_market
from tests.emulator.history import History
from tests.emulator.job_process import let_a_minute_pass
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import PATIENCE_S, Gate, Moment, Wire, nth
from tests.stack import LocalStack

LEASE = "job_leases/fact_trades"


@pytest.fixture
def positions(stack: LocalStack, tmp_path: Path) -> None:
    """Ten positions that no run has seen."""
    stack.seed(write_market(tmp_path, range(1, 11)))
    put(stack, "live_positions", *map(position, range(1, 11)))


@pytest.mark.usefixtures("positions")
def test_threads_started_together_archive_everything_once(stack: LocalStack) -> None:
    starters = Barrier(4)

    def run() -> RunRecord:
        starters.wait(PATIENCE_S)
        return stack.run("trades")

    with ThreadPoolExecutor(starters.parties) as threads:
        records = [future.result() for future in [threads.submit(run) for _ in range(starters.parties)]]
    assert {record.status for record in records} <= {Status.SUCCEEDED, Status.SKIPPED}
    assert sorted(record.counts.archived for record in records) == [0, 0, 0, 10]
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_run_that_finds_the_lease_held_is_skipped_and_touches_nothing(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    held = {"fence": 7, "owner": "another", "expires_at": datetime.now(UTC) + timedelta(hours=1), "intent": None}
    stack.firestore.document(LEASE).set(held)
    record = wired.run("trades")
    assert (record.status, record.counts.read) == (Status.SKIPPED, 0)
    assert stack.firestore.document(LEASE).get().to_dict() == held
    assert {call.server for call in wire.calls} == {"firestore"}
    assert not any(map(moments.scans, wire.calls))
    (run,) = (one.to_dict() or {} for one in stack.firestore.collection("job_metadata").stream())
    assert run["status"] == "SKIPPED"


@pytest.mark.usefixtures("positions")
def test_an_expired_lease_is_taken_over_under_the_next_fence(stack: LocalStack) -> None:
    expired = {"fence": 7, "owner": "dead", "expires_at": datetime(2020, 1, 1, tzinfo=UTC), "intent": None}
    stack.firestore.document(LEASE).set(expired)
    record = stack.run("trades")
    assert (record.status, record.fence) == (Status.SUCCEEDED, 8)
    assert stack.run("trades").fence == 9
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_run_renews_its_lease_while_it_works(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    gate, renewed = Gate(moments.asks_broker), Event()
    wire.set(before=gate, after=lambda call: renewed.set() if moments.renews(call) else None)
    with ThreadPoolExecutor(1) as thread:
        working = thread.submit(wired.changed(LEASE_SECONDS="5").run, "trades")
        with gate.held():
            taken = stack.firestore.document(LEASE).get().to_dict() or {}
            assert renewed.wait(PATIENCE_S)
            held = stack.firestore.document(LEASE).get().to_dict() or {}
        assert working.result(PATIENCE_S).status is Status.SUCCEEDED
    assert (held["owner"], held["fence"]) == (taken["owner"], taken["fence"])
    assert held["expires_at"] > taken["expires_at"]


def overtake(stack: LocalStack, wire: Wire, moment: Moment) -> RunRecord | None:
    """Hold a run at a moment while another runs from start to end, then let it go on. None: the moment never came."""
    gate = Gate(moment)
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        paused = thread.submit(stack.changed(**wire.environment).run, "trades")
        paused.add_done_callback(lambda _: gate.reached.set())
        with gate.held():
            if paused.done():
                return None
            let_a_minute_pass(stack, wire)
            assert stack.run("trades").status in {Status.PARTIAL, Status.SUCCEEDED}
        return paused.result(PATIENCE_S)


def test_a_run_paused_before_any_write_does_no_harm_when_it_resumes(
    stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    history = History(stack, tmp_path)
    stack.run("trades")
    for number in count(1):
        history.go_on()
        resumed = overtake(stack, wire, nth(number, moments.writes))
        Promises(stack).assert_kept(history.spoilt)
        if resumed is None:
            break
    assert number > 12


@pytest.mark.usefixtures("positions")
@pytest.mark.parametrize("moment", ["appends", "finalizes", "intends"])
def test_a_run_that_lost_its_lease_before_its_intent_never_commits(moment: str, stack: LocalStack, wire: Wire) -> None:
    zombie = overtake(stack, wire, getattr(moments, moment))
    assert zombie is not None
    assert (zombie.status, zombie.counts.archived, zombie.counts.pending) == (Status.FAILED, 0, 10)
    assert not any(map(moments.commits, wire.calls))
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_run_paused_between_intent_and_commit_is_finished_by_the_next(stack: LocalStack, wire: Wire) -> None:
    zombie = overtake(stack, wire, moments.commits)
    assert zombie is not None
    promises = Promises(stack)
    promises.assert_kept()
    assert {row["run_id"] for row in promises.rows} == {zombie.run_id}
    archived = {run["run_id"]: run["counts"]["already"] for run in promises.runs if run["run_id"] != zombie.run_id}
    assert list(archived.values()) == [10]


@pytest.mark.usefixtures("positions")
def test_a_late_revision_does_not_undo_a_newer_one(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    stack.run("trades")
    put(stack, "live_positions", position(1, exit_reason="first"))
    gate = Gate(moments.revises)
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        late = thread.submit(wired.run, "trades")
        with gate.held():
            put(stack, "live_positions", position(1, exit_reason="second"))
            let_a_minute_pass(stack, wire)
            assert stack.run("trades").counts.revised == 1
        assert late.result(PATIENCE_S).counts.pending == 0
    (row,) = (row for row in read_table(stack) if row["trade_id"] == "position-0001")
    assert row["exit_reason"] == "second"
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_lost_lease_document_does_not_let_a_zombie_commit(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    gate = Gate(moments.finalizes)
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        paused = thread.submit(wired.run, "trades")
        with gate.held():
            let_a_minute_pass(stack, wire)
            stack.firestore.document(LEASE).delete()
        assert paused.result(PATIENCE_S).status is Status.FAILED
    assert stack.run("trades").counts.archived == 10
    Promises(stack).assert_kept()
