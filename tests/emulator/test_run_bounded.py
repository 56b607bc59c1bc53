"""What keeps a run's memory flat changes none of its promises: pages, portions, proof by fingerprint, healing."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore_v1.types import BatchGetDocumentsRequest

from jobs.registry import loops
from schemas.run_record import Status
from shared import documents, quarantine, reviser, survey
from shared.run import run
from shared.survey import Options
from tests.emulator import moments
from tests.emulator.builders import HOUR, START, position, put, strategy, write_market
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import Call, CutError, Moment, Wire, cut, nth, once
from tests.stack import LocalStack


def asks_for_the_fingerprint(call: Call) -> bool:
    return call.name.startswith("POST ") and call.mentions("BIT_XOR")


def looks_up_whole_documents(call: Call) -> bool:
    """Whether positions are read as they are now, which only the quarantine is asked about."""
    if call.name != "BatchGetDocuments" or not call.mentions("live_positions/"):
        return False
    return "read_time" not in BatchGetDocumentsRequest.deserialize(call.request)


def asks_what_is_stored(call: Call) -> bool:
    return call.name.startswith("POST ") and call.mentions("SELECT trade_id, ds, source_rev", "@identities")


@pytest.fixture
def positions(stack: LocalStack, tmp_path: Path) -> None:
    """Six positions that no run has seen."""
    stack.seed(write_market(tmp_path, range(1, 13)))
    put(stack, "live_positions", *map(position, range(1, 7)))


def events(stack: LocalStack, message: str) -> list[dict[str, Any]]:
    """What runs of this process logged under a message."""
    lines = (json.loads(line) for line in stack.log.getvalue().splitlines())
    return [line for line in lines if line["message"] == message]


def order_of(wire: Wire, *kinds: Moment) -> Sequence[int]:
    """Which of these kinds of calls came, one after the other."""
    return [number for call in wire.calls for number, kind in enumerate(kinds) if kind(call)]


@pytest.mark.usefixtures("positions")
def test_a_run_whose_rows_stand_asks_for_one_number_and_reads_its_source_once(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    wire.set()
    assert wired.run("trades", PAGE_SIZE="2").counts.archived == 6
    # The first scan is of names, of which the table knows none.
    assert order_of(wire, moments.scans, asks_for_the_fingerprint) == [0, 0, 1]
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_row_that_vanished_after_the_commit_is_named_and_archived_by_the_next_run(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    gone = "DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND trade_id = 'position-0003'"
    wire.set(before=once(asks_for_the_fingerprint, lambda: stack.rows(gone)))

    record = wired.run("trades", PAGE_SIZE="2")

    assert (record.status, record.counts.archived, record.counts.pending) == (Status.PARTIAL, 5, 1)
    (lost,) = events(wired, "rows are not in the table yet")
    assert (lost["rows"], lost["keys"]) == (1, ["('position-0003',)"])
    assert stack.run("trades").counts.archived == 1
    assert len(read_table(stack)) == 6


@pytest.mark.usefixtures("positions")
def test_a_document_that_passes_only_when_it_is_read_again_is_not_taken_for_lost(
    wired: LocalStack, stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    put(stack, "live_positions", *(position(number, entry_fill_price=None) for number in (20, 21)))

    def the_broker_learns_of_their_orders_and_a_row_vanishes() -> None:
        stack.seed(write_market(tmp_path / "later", range(1, 22)))
        stack.rows("DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND trade_id = 'position-0003'")

    wire.set(before=once(asks_for_the_fingerprint, the_broker_learns_of_their_orders_and_a_row_vanishes))

    counts = wired.run("trades").counts

    assert (counts.archived, counts.pending, counts.quarantined) == (5, 1, 2)
    assert stack.run("trades").counts.archived == 3
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_rows_that_somebody_revised_since_the_commit_are_not_taken_for_lost(
    wired: LocalStack, stack: LocalStack, wire: Wire
) -> None:
    newer = "UPDATE fact_trades SET source_rev = TIMESTAMP '2099-01-01T00:00:00Z' WHERE ds >= '2000-01-01'"
    wire.set(before=once(asks_for_the_fingerprint, lambda: stack.rows(newer)))

    record = wired.run("trades")

    assert (record.status, record.counts.archived) == (Status.SUCCEEDED, 6)
    assert len(events(wired, "rows of this run hold newer revisions already")) == 1


@pytest.mark.usefixtures("positions")
def test_revisions_are_sent_as_soon_as_enough_of_them_wait(
    stack: LocalStack, wired: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.run("trades")
    monkeypatch.setattr(reviser, "MAX_WAITING", 2)
    put(stack, "live_positions", *(position(number, exit_reason="corrected") for number in range(1, 6)))
    put(stack, "live_positions", position(7), position(8))

    wire.set()
    record = wired.run("trades", PAGE_SIZE="3")

    assert (record.counts.revised, record.counts.already, record.counts.archived) == (5, 1, 2)
    assert order_of(wire, moments.revises, moments.commits) == [0, 0, 1, 0]
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_run_that_fails_after_it_revised_rows_counts_them_and_the_next_one_does_the_rest(
    stack: LocalStack, wired: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack.run("trades")
    monkeypatch.setattr(reviser, "MAX_WAITING", 2)
    put(stack, "live_positions", *(position(number, exit_reason="corrected") for number in range(1, 4)))
    put(stack, "live_positions", position(7), position(8))
    wire.set(before=cut(moments.appends))

    failed = wired.run("trades", PAGE_SIZE="2", RETRY_SECONDS="0.5")

    assert (failed.status, failed.counts.revised) == (Status.FAILED, 2)
    assert failed.counts.balanced
    reasons = {row["trade_id"]: row["exit_reason"] for row in read_table(stack)}
    assert [reasons[f"position-{number:04}"] for number in (1, 2, 3)] == ["corrected", "corrected", "TP1"]
    assert (again := stack.run("trades").counts).archived == 2
    assert (again.revised, again.already) == (1, 5)
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_page_ends_where_its_documents_grow_too_heavy(
    stack: LocalStack, wired: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MAX_PAGE_BYTES", 25_000)
    put(stack, "live_positions", *(position(number, note="#" * 10_000) for number in range(1, 6)))

    assert wired.run("trades").counts.archived == 6

    assert [page["documents"] for page in events(wired, "page done")] == [2, 4, 6]
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_a_page_that_does_not_come_is_asked_for_again_and_costs_no_document(
    stack: LocalStack, wired: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(documents, "PAGE", 2)
    second = nth(2, moments.scans)

    def never(call: Call) -> None:
        if second(call):
            call.until_given_up()
            raise CutError

    wire.set(before=never)
    assert wired.run("trades", CALL_TIMEOUT_S="1").counts.archived == 6
    Promises(stack).assert_kept()


@pytest.mark.usefixtures("positions")
def test_of_a_long_quarantine_each_record_whose_document_is_cured_is_resolved(
    stack: LocalStack, wired: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(quarantine, "PAGE", 2)
    put(stack, "live_positions", *(position(number, qty="NaN") for number in range(1, 8)))
    assert stack.run("trades").counts.quarantined == 7
    stack.firestore.document("live_positions/position-0001").delete()
    put(stack, "live_positions", *map(position, range(2, 7)))

    wire.set()
    record = wired.run("trades", PAGE_SIZE="3")

    assert (record.counts.archived, record.counts.quarantined) == (5, 1)
    assert set(stack.quarantined()) == {"live_positions/position-0001", "live_positions/position-0007"}
    looked_up = [call for call in wire.calls if looks_up_whole_documents(call)]
    assert not any(call.mentions("position-0007") for call in looked_up), "it was refused a moment ago"


@pytest.mark.usefixtures("positions")
def test_healed_documents_are_looked_for_by_weight(
    stack: LocalStack, wired: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MAX_PAGE_BYTES", 25_000)
    for bad in ({"qty": "NaN"}, {}):
        put(stack, "live_positions", *(position(number, note="#" * 10_000, **bad) for number in range(1, 6)))
        wire.set()
        wired.run("trades")

    after = max(call.number for call in wire.calls if asks_for_the_fingerprint(call))
    assert len([call for call in wire.calls[after:] if asks_what_is_stored(call)]) == 3
    assert stack.quarantined() == {}


@pytest.mark.usefixtures("positions")
@pytest.mark.parametrize(
    "part",
    [Options(limit=9), Options(since=START.date()), Options(until=START.date())],
    ids=["limit", "since", "until"],
)
def test_a_run_of_a_part_reads_no_quarantined_document_and_the_next_whole_one_resolves_what_is_healed(
    stack: LocalStack, wired: LocalStack, wire: Wire, part: Options
) -> None:
    put(stack, "live_positions", position(1, qty="NaN"))
    stack.run("trades")
    put(stack, "live_positions", position(1))

    wire.set()
    run(loops()["trades"], part, wired.parts())

    assert len(read_table(stack)) == 6
    assert not [call for call in wire.calls if looks_up_whole_documents(call)]
    assert stack.run("trades").counts.already == 6
    Promises(stack).assert_kept()


def test_a_document_that_returns_to_what_the_table_holds_leaves_the_quarantine(stack: LocalStack) -> None:
    for timeframe in ("1Hour", 5, "1Hour"):
        put(stack, "dim_strategies", strategy(1, timeframe=timeframe))
        stack.run("strategies")
    assert stack.quarantined() == {}
    assert len(read_table(stack, "strategies")) == 1


@pytest.mark.usefixtures("positions")
def test_a_run_says_how_far_it_is_once_a_page(stack: LocalStack, wired: LocalStack) -> None:
    stack.run("trades")
    put(stack, "live_positions", position(7), position(8, status="OPEN"), position(9, exit_time=START + 99_999 * HOUR))

    wired.run("trades", PAGE_SIZE="4")

    *_, first, last = events(wired, "page done")
    # Those that are not due come after the six, and are read while the six are still compared with the table.
    assert (first["documents"], first["appended"], first["already"]) == (8, 0, 6)
    assert (last["documents"], last["appended"], last["already"]) == (9, 1, 6)
    assert first["per_second"] > 0
