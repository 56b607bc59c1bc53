"""SIGTERM: the run says INTERRUPTED, gives its lease back and ends within Cloud Run's grace; the next one goes on."""

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from signal import SIGKILL, SIGTERM
from threading import Event
from time import monotonic, sleep

import pytest

from tests.emulator import moments
from tests.emulator.builders import position, put, write_market
from tests.emulator.job_process import UNHURRIED, errors_of, let_a_minute_pass, start_job
from tests.emulator.promises import Promises
from tests.emulator.wire import PATIENCE_S, Call, CutError, Gate, Moment, Wire
from tests.stack import AS_OF, LocalStack

GRACE_S = 8
REFUSED = {"live_positions/position-0006": "NOT_FINITE"}


@pytest.fixture(autouse=True)
def _positions(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path, range(1, 6)))
    put(stack, "live_positions", *map(position, range(1, 6)), position(6, qty="NaN"))


def test_a_job_blocked_in_a_broker_call_ends_in_time(stack: LocalStack, wire: Wire) -> None:
    gate = Gate(moments.asks_broker, loses=True)
    wire.set(before=gate)
    command = [sys.executable, "-m", "jobs.trades", "--as-of", AS_OF]
    environment = {**os.environ, **stack.environment, **wire.environment}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:  # noqa: S603 - ours
        with gate.held():
            told = monotonic()
            process.send_signal(SIGTERM)
            output, errors = process.communicate(timeout=GRACE_S)
        assert monotonic() - told < GRACE_S
    assert (process.returncode, errors) == (1, b"")
    assert b"stopped by SIGTERM" in output
    promises = Promises(stack)
    promises.assert_at_rest()
    (run,) = promises.runs
    assert (run["status"], run["error"]["type"]) == ("INTERRUPTED", "InterruptedRunError")
    assert (run["counts"]["read"], run["counts"]["pending"]) == (6, 6)
    assert (promises.rows, promises.quarantine) == ([], [])
    assert stack.run("trades").counts.archived == 5
    Promises(stack).assert_kept(REFUSED)


BLOCKED_IN = {
    "the scan": moments.scans,
    "the quarantine": moments.quarantines,
    "the stream's opening": moments.opens,
    "the append": moments.appends,
    "the intent": moments.intends,
    "the commit": moments.commits,
    "a query": moments.counts_rows,
    "the intent's clearing": moments.clears,
}


@pytest.mark.parametrize("place", BLOCKED_IN)
def test_a_job_blocked_anywhere_ends_in_time_and_the_next_run_goes_on(
    place: str, stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    interrupt(BLOCKED_IN[place], stack, wire, tmp_path / "output")
    promises = Promises(stack)
    assert [run["status"] for run in promises.runs] == ["INTERRUPTED"]
    assert promises.lease["owner"] is None
    let_a_minute_pass(stack, wire)
    stack.run("trades")
    promises = Promises(stack)
    promises.assert_kept(REFUSED)
    assert len(promises.rows) == 5


def test_a_stopped_job_gives_its_lease_back_although_its_record_is_answered_too_late(
    stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    stopped = Gate(moments.scans, loses=True)

    def answer_late(call: Call) -> None:
        if moments.records(call) and call.mentions("INTERRUPTED"):
            call.until_given_up()
            raise CutError

    wire.set(before=stopped, after=answer_late)
    process = start_job(stack.changed(**wire.environment), tmp_path / "output")
    with stopped.held():
        process.terminate()
        process.join(GRACE_S)
        assert process.exitcode == 1
    assert Promises(stack).lease["owner"] is None
    assert stack.run("trades").counts.archived == 5
    Promises(stack).assert_kept(REFUSED)


def test_a_job_ends_in_time_even_if_firestore_hangs_for_ever(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    gate, release = Gate(moments.scans), Event()

    def hang(call: Call) -> None:
        gate(call)
        if gate.reached.is_set() and call.server == "firestore":
            release.wait(PATIENCE_S)
            raise CutError

    wire.set(before=hang)
    process = start_job(stack.changed(**wire.environment), tmp_path / "output")
    with gate.held():
        process.terminate()
        process.join(GRACE_S)
        assert process.exitcode == 1
    release.set()
    let_a_minute_pass(stack, wire)
    stack.run("trades")
    Promises(stack).assert_kept(REFUSED)


@pytest.mark.parametrize("place", ["acquires", "releases"])
def test_a_job_told_to_stop_at_either_end_leaves_nothing_that_the_next_run_minds(
    place: str, stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    interrupt(getattr(moments, place), stack, wire, tmp_path / "output")
    lease = stack.firestore.document("job_leases/fact_trades").get().to_dict() or {}
    assert lease.get("owner") is None
    let_a_minute_pass(stack, wire)
    stack.run("trades")
    Promises(stack).assert_kept(REFUSED)


def test_a_job_that_has_done_its_work_says_so_although_it_is_told_to_stop(
    stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    interrupt(lambda call: moments.records(call) and call.mentions("PARTIAL"), stack, wire, tmp_path / "output")
    promises = Promises(stack)
    assert [run["status"] for run in promises.runs] == ["PARTIAL"]
    promises.assert_kept(REFUSED)


@pytest.mark.parametrize("place", ["the scan", "the append", "the commit"])
def test_a_job_killed_while_it_says_that_it_was_stopped_leaves_nothing_that_the_next_run_minds(
    place: str, stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    stopped, saying = Gate(BLOCKED_IN[place], loses=True), Gate(moments.records, loses=True)

    def hold(call: Call) -> None:
        stopped(call)
        if stopped.reached.is_set():
            saying(call)

    wire.set(before=hold)
    process = start_job(stack.changed(**wire.environment), tmp_path / "output")
    with stopped.held():
        process.terminate()
        with saying.held():
            process.kill()
            process.join(GRACE_S)
    assert process.exitcode == -SIGKILL
    assert [run["status"] for run in Promises(stack).runs] == ["RUNNING"]
    let_a_minute_pass(stack, wire)
    stack.run("trades")
    promises = Promises(stack)
    promises.assert_kept(REFUSED)
    assert len(promises.rows) == 5


def interrupt(moment: Moment, stack: LocalStack, wire: Wire, output: Path) -> None:
    """Send SIGTERM to a job that is blocked in a call, which then never reaches its server."""
    gate = Gate(moment, loses=True)
    wire.set(before=gate)
    process = start_job(stack.changed(**wire.environment, **UNHURRIED), output)
    with gate.held():
        process.terminate()
        process.join(PATIENCE_S)
        assert process.exitcode == 1, errors_of(output).read_text(encoding="utf-8")


def test_a_run_interrupted_after_its_intent_is_finished_by_the_next(
    stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    interrupt(moments.commits, stack, wire, tmp_path / "output")
    (interrupted,) = (run["run_id"] for run in Promises(stack).runs)
    assert stack.run("trades").counts.already == 5
    assert {row["run_id"] for row in Promises(stack).rows} == {interrupted}


def test_a_retried_task_that_waits_for_a_lease_ends_at_once(stack: LocalStack, tmp_path: Path) -> None:
    held = {"fence": 7, "owner": "killed", "expires_at": datetime.now(UTC) + timedelta(minutes=1), "intent": None}
    stack.firestore.document("job_leases/fact_trades").set(held)
    output = tmp_path / "output"
    process = start_job(stack.changed(CLOUD_RUN_TASK_ATTEMPT="1"), output)
    until(lambda: output.exists() and b"waiting for the lease" in output.read_bytes())
    process.terminate()
    process.join(GRACE_S)
    assert process.exitcode == 1, errors_of(output).read_text(encoding="utf-8")
    assert stack.firestore.document("job_leases/fact_trades").get().to_dict() == held
    ended = [one.to_dict() or {} for one in stack.firestore.collection("job_metadata").stream()]
    assert [run["status"] for run in ended] == ["INTERRUPTED"]


def until(come: Callable[[], bool]) -> None:
    """Wait for what a process of its own does."""
    patience = monotonic() + PATIENCE_S
    while not come():
        assert monotonic() < patience
        sleep(0.05)
