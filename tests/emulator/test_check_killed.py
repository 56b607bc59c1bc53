"""A check that is killed leaves nothing that disturbs the next one, which removes its leavings first."""

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.namespace import GUARD
from tests.emulator import moments
from tests.emulator.checks import NOTHING, bad, checked, give_bars, left, states
from tests.emulator.job_process import let_a_minute_pass
from tests.emulator.wire import PATIENCE_S, Call, Moment, Wire
from tests.stack import LocalStack


def removes_rows(call: Call) -> bool:
    """The first statement that empties the dataset; there is nothing to remove before the records are sent."""
    return call.server == "bigquery" and call.mentions("DELETE FROM", "fact_trades")


MOMENTS: dict[str, tuple[Moment, int]] = {
    "between two writes to hot storage": (
        lambda call: call.name == "Commit" and call.mentions("check_rejected_signals/"),
        1,
    ),
    "before the intent of a run": (moments.intends, 2),
    "when a run's rows are visible": (moments.commits, 2),
    "in the clean-up": (removes_rows, 2),
}
"""What happens, and for which time."""


@pytest.mark.parametrize(
    "when",
    [
        pytest.param(one, marks=pytest.mark.slow if one == "when a run's rows are visible" else pytest.mark.nightly)
        for one in MOMENTS
    ],
)
def test_the_next_check_clears_up_and_finds_all_well(when: str, stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    give_bars(stack, tmp_path)
    kill_at(*MOMENTS[when], stack, wire)
    documents, rows = left(stack)
    assert (documents, rows) != NOTHING

    let_a_minute_pass(stack, wire, "thread", prefix="check_")
    verdict = checked(stack)

    assert bad(verdict) == {}
    removed = f"{len(documents) - 1} documents of an earlier check removed"
    cleared = next(hop.detail for hop in verdict.hops if hop.name == "make ready")
    assert cleared == (removed if len(documents) > 1 else "no document was left there")
    assert left(stack) == NOTHING


@pytest.mark.slow
def test_a_check_right_after_a_killed_one_waits_for_its_lease(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    give_bars(stack, tmp_path)
    kill_at(*MOMENTS["between two writes to hot storage"], stack, wire)
    before = left(stack)

    assert checked(stack).skipped
    assert left(stack) == before


@pytest.mark.slow
def test_a_check_that_is_tried_again_waits_for_the_lease_of_a_killed_one(stack: LocalStack, tmp_path: Path) -> None:
    give_bars(stack, tmp_path)
    guard = {"fence": 1, "owner": "killed", "expires_at": datetime.now(UTC) + timedelta(minutes=1), "intent": None}
    stack.firestore.document(f"check_job_leases/{GUARD}").set(guard)

    # It waits for the length of its own lease at most.
    verdict = checked(stack, CLOUD_RUN_TASK_ATTEMPT="1", LEASE_SECONDS="5")
    assert verdict.skipped

    stack.firestore.document(f"check_job_leases/{GUARD}").update(
        {"expires_at": datetime.now(UTC) + timedelta(seconds=5)}
    )
    verdict = checked(stack, CLOUD_RUN_TASK_ATTEMPT="1", LEASE_SECONDS="5")
    assert (verdict.skipped, bad(verdict)) == (False, {})


@pytest.mark.slow
def test_a_check_that_is_told_to_stop_ends_at_once_and_says_so(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    give_bars(stack, tmp_path)
    code, errors = kill_at(moments.commits, 2, stack, wire, signal.SIGTERM)

    assert code == 1
    assert "stopped" in errors
    let_a_minute_pass(stack, wire, GUARD, prefix="check_")
    assert set(states(checked(stack)).values()) <= {"good", "slow"}


def kill_at(
    moment: Moment, time: int, stack: LocalStack, wire: Wire, how: signal.Signals = signal.SIGKILL
) -> tuple[int, str]:
    """Start a check as its job does and end it when a call is executed and not answered; exit code and output."""
    struck: list[Call] = []

    def strike(call: Call) -> None:
        if moment(call):
            struck.append(call)
            if len(struck) == time:
                os.kill(process.pid, how)

    wire.set(after=strike)
    environment = {**os.environ, **stack.environment, **wire.environment}
    command = [sys.executable, "-m", "jobs.check"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own job
        output, _ = process.communicate(timeout=2 * PATIENCE_S)
    assert len(struck) >= time, output
    return process.returncode, output
