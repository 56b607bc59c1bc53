"""What a run does with an intent it finds: finish it, drop it when it is past hope, or leave it alone."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from jobs.registry import loops
from schemas.run_record import RunRecord, Status
from shared.run import run
from shared.survey import Options
from tests.emulator import moments
from tests.emulator.builders import position, put, write_market
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import Wire, cut
from tests.stack import AS_OF, LocalStack

LEASE = "job_leases/fact_trades"


@pytest.fixture(autouse=True)
def _positions(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path, [1, 2, 3]))
    put(stack, "live_positions", position(1), position(2))


def run_without_waiting(stack: LocalStack, **changes: str) -> RunRecord:
    """Run the job; between attempts to settle it does not wait."""
    parts = replace(stack.parts(**changes), pause=lambda _seconds: None)
    return run(loops()["trades"], Options(as_of=datetime.fromisoformat(AS_OF)), parts)


def intent_in(stack: LocalStack) -> object:
    return (stack.firestore.document(LEASE).get().to_dict() or {}).get("intent")


def leave_intent(stack: LocalStack, stream: str, run_id: str, n: int, age: timedelta = timedelta(0)) -> None:
    """Write an intent as a run does that then dies."""
    intent = {"stream": stream, "run_id": run_id, "n": n, "created_at": datetime.now(UTC) - age}
    lease = {"fence": 3, "owner": "dead", "expires_at": datetime(2020, 1, 1, tzinfo=UTC), "intent": intent}
    stack.firestore.document(LEASE).set(lease)


def unknown_stream(stack: LocalStack) -> str:
    settings = stack.settings()
    return f"projects/{settings.project}/datasets/{settings.dataset}/tables/fact_trades/streams/forgotten"


def test_a_stream_that_the_service_forgot_is_archived_anew(stack: LocalStack) -> None:
    stack.run("trades")
    put(stack, "live_positions", position(3))
    leave_intent(stack, unknown_stream(stack), "trades-dead", 1, timedelta(hours=25))
    record = run_without_waiting(stack, INTENT_GONE_AFTER_HOURS="24")
    assert (record.status, record.counts.archived, record.fence) == (Status.SUCCEEDED, 1, 4)
    Promises(stack).assert_kept()


def test_a_stream_that_may_still_appear_is_waited_for(stack: LocalStack) -> None:
    stack.run("trades")
    put(stack, "live_positions", position(3))
    leave_intent(stack, unknown_stream(stack), "trades-dead", 1, timedelta(hours=23))
    before = intent_in(stack)
    record = run_without_waiting(stack, INTENT_GONE_AFTER_HOURS="24")
    assert (record.status, record.error and record.error.type) == (Status.FAILED, "UndecidedError")
    assert intent_in(stack) == before
    assert len(read_table(stack)) == 2


def test_a_stream_of_which_only_a_part_is_visible_stops_everything(stack: LocalStack) -> None:
    first = stack.run("trades")
    put(stack, "live_positions", position(3))
    leave_intent(stack, unknown_stream(stack), first.run_id, 3, timedelta(hours=25))
    before = intent_in(stack)
    record = run_without_waiting(stack)
    assert (record.status, record.error and record.error.type) == (Status.FAILED, "PartialCommitError")
    assert intent_in(stack) == before
    assert len(read_table(stack)) == 2


@pytest.mark.parametrize("cut_at", ["before", "after"])
def test_a_commit_without_an_answer_is_settled_by_the_next_run(
    cut_at: str, stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    cuts: dict[str, Callable[..., None]] = {
        cut_at: cut(lambda call: moments.commits(call) or moments.counts_rows(call))
    }
    wire.set(**cuts)
    undecided = run_without_waiting(wired, RETRY_SECONDS="0.1")
    assert (undecided.status, undecided.counts.pending) == (Status.FAILED, 2)
    assert intent_in(stack) is not None
    record = stack.run("trades")
    assert (record.status, record.counts.already, record.counts.archived) == (Status.SUCCEEDED, 2, 0)
    promises = Promises(stack)
    promises.assert_kept()
    assert {row["run_id"] for row in promises.rows} == {undecided.run_id}


def test_an_unreachable_write_service_leaves_the_intent_for_the_next_run(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    wire.set(before=cut(moments.commits))
    undecided = run_without_waiting(wired)
    assert (undecided.status, undecided.error and undecided.error.type) == (Status.FAILED, "UndecidedError")
    assert read_table(stack) == []
    assert stack.run("trades").counts.already == 2
    Promises(stack).assert_kept()
