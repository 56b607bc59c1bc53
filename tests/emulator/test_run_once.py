"""Runs that repeat: what is done stays done, and an edit changes exactly its own row."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import write_broker
from jobs.registry import loops
from schemas.run_record import RunRecord, Status
from tests.emulator import builders, moments
from tests.emulator.builders import DOCUMENTS, position, put, strategy, write_market
from tests.emulator.history import History
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import Wire, once
from tests.stack import LocalStack

PATCHED = datetime(2021, 10, 1, tzinfo=UTC)


def closed_positions(stack: LocalStack, directory: Path, *numbers: int) -> None:
    """Put ordinary positions in, with their orders and bars."""
    stack.seed(write_market(directory, numbers))
    put(stack, "live_positions", *map(position, numbers))


def patch_fee(stack: LocalStack, number: int = 1, *, at: datetime = PATCHED) -> None:
    """Write a posted fee of 0.25 as the fee patch does: its own columns, and the sums."""
    fee = "NUMERIC '0.25'"
    stack.rows(
        f"UPDATE fact_trades SET actual_fee_usd = {fee}, fee_finalized = TRUE, fee_method = 'EXACT', "  # noqa: S608 - constants
        f"fee_reconciled_at = TIMESTAMP '{at.isoformat()}', fees_usd = {fee}, pnl_usd = gross_pnl_usd - {fee} "
        f"WHERE ds >= '2000-01-01' AND trade_id = 'position-{number:04}'"
    )


def the_row(stack: LocalStack) -> dict[str, Any]:
    (row,) = read_table(stack)
    return row


@pytest.mark.parametrize("job", DOCUMENTS)
def test_a_second_run_changes_nothing(
    job: str, stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    stack.seed(write_market(tmp_path, range(1, 6)))
    put(stack, loops()[job].source, *map(DOCUMENTS[job], range(1, 6)))
    assert stack.run(job).counts.archived == 5
    before = read_table(stack, job)
    again = wired.run(job)
    assert (again.status, again.counts.already, again.counts.read) == (Status.SUCCEEDED, 5, 5)
    assert read_table(stack, job) == before
    Promises(stack, job).assert_kept()
    own = [call for call in wire.calls if moments.writes(call) and not call.mentions("job_")]
    assert own == [], "it wrote more than its lease and its record"


@pytest.mark.parametrize("job", ["trades", "rejected-signals", "expired-signals"])
def test_an_edit_after_archiving_revises_the_row_once(job: str, stack: LocalStack, tmp_path: Path) -> None:
    collection, document = loops()[job].source, DOCUMENTS[job]
    stack.seed(write_market(tmp_path, [1, 2]))
    put(stack, collection, document(1), document(2))
    first = stack.run(job)
    edited, untouched = (row for row in sorted(read_table(stack, job), key=lambda row: row["source_path"]))
    put(stack, collection, document(1, strategy_id="corrected"))
    second = stack.run(job)
    assert (second.counts.revised, second.counts.already, second.counts.archived) == (1, 1, 0)
    now, still = (row for row in sorted(read_table(stack, job), key=lambda row: row["source_path"]))
    assert still == untouched
    assert now["source_rev"] > edited["source_rev"]
    assert now["revised_at"] > edited["archived_at"]
    own = {"revised_by": second.run_id, "revised_at": now["revised_at"], "source_rev": now["source_rev"]}
    assert now == {**edited, **own, "strategy_id": "corrected", "run_id": first.run_id}
    assert stack.run(job).counts.already == 2
    Promises(stack, job).assert_kept()


def test_a_revision_may_move_a_row_to_another_day(stack: LocalStack, tmp_path: Path) -> None:
    closed_positions(stack, tmp_path, 1)
    stack.run("trades")
    put(stack, "live_positions", position(1, exit_time="2021-09-04T12:00:00Z"))
    assert stack.run("trades").counts.revised == 1
    assert the_row(stack)["ds"] == date(2021, 9, 4)
    Promises(stack).assert_kept()


def test_an_edited_configuration_becomes_a_version_and_the_old_one_stays(stack: LocalStack) -> None:
    for timeframe in ("1Hour", "1Day", "1Day", "1Hour"):
        put(stack, "dim_strategies", strategy(1, timeframe=timeframe))
        assert stack.run("strategies").status is Status.SUCCEEDED
    versions = sorted(read_table(stack, "strategies"), key=lambda row: row["version"])
    assert [(row["version"], row["timeframe"]) for row in versions] == [(1, "1Hour"), (2, "1Day"), (3, "1Hour")]
    Promises(stack, "strategies").assert_once()


def test_a_revision_keeps_what_the_fee_patch_wrote(stack: LocalStack, tmp_path: Path) -> None:
    closed_positions(stack, tmp_path, 1)
    stack.run("trades")
    patch_fee(stack)
    put(stack, "live_positions", position(1, exit_reason="corrected"))
    assert stack.run("trades").counts.revised == 1
    row = the_row(stack)
    assert (row["exit_reason"], row["actual_fee_usd"], row["fee_finalized"]) == ("corrected", Decimal("0.25"), True)
    assert (row["fee_method"], row["fee_reconciled_at"]) == ("EXACT", PATCHED)
    assert row["pnl_usd"] == row["gross_pnl_usd"] - Decimal("0.25")
    Promises(stack).assert_kept()


def test_a_revision_of_the_fills_keeps_the_fee_and_reopens_it(stack: LocalStack, tmp_path: Path) -> None:
    closed_positions(stack, tmp_path, 1)
    stack.run("trades")
    patch_fee(stack)
    write_broker(tmp_path, {"orders": builders.orders(1, exit_price="120")})
    stack.seed(tmp_path)
    put(stack, "live_positions", position(1, exit_fill_price="120"))
    assert stack.run("trades").counts.revised == 1
    row = the_row(stack)
    assert (row["gross_pnl_usd"], row["actual_fee_usd"], row["fee_finalized"]) == (20, Decimal("0.25"), False)
    assert row["pnl_usd"] == Decimal("19.75")
    assert row["pnl_pct"] == Decimal("19.75")


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_patch_that_races_with_a_revision_is_not_undone(
    when: str, stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    closed_positions(stack, tmp_path, 1)
    stack.run("trades")
    put(stack, "live_positions", position(1, exit_reason="corrected"))
    wire.set(**{when: once(moments.revises, lambda: patch_fee(stack))})
    assert wired.run("trades").counts.revised == 1
    row = the_row(stack)
    assert (row["exit_reason"], row["actual_fee_usd"], row["fee_finalized"]) == ("corrected", Decimal("0.25"), True)
    assert row["pnl_usd"] == row["gross_pnl_usd"] - Decimal("0.25")
    Promises(stack).assert_kept()


def test_a_patch_that_always_comes_first_leaves_the_document_for_the_next_run(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    closed_positions(stack, tmp_path, 1)
    stack.run("trades")
    put(stack, "live_positions", position(1, exit_reason="corrected"))

    def patch_again(call: Any) -> None:
        if moments.revises(call):
            patch_fee(stack, at=PATCHED + timedelta(seconds=call.number))

    wire.set(before=patch_again)
    outrun = wired.run("trades")
    assert (outrun.status, outrun.counts.pending, outrun.counts.revised) == (Status.PARTIAL, 1, 0)
    assert the_row(stack)["exit_reason"] == "TP1"
    assert stack.run("trades").counts.revised == 1
    assert the_row(stack)["exit_reason"] == "corrected"
    Promises(stack).assert_kept()


IN_FLIGHT = {
    "before the scan": ("before", moments.scans),
    "after the scan": ("after", moments.scans),
    "while the broker is asked": ("before", moments.asks_broker),
    "before the append": ("before", moments.appends),
    "before the count": ("before", moments.counts),
    "before the intent": ("before", moments.intends),
    "after the commit": ("after", moments.commits),
    "before the revision": ("before", moments.revises),
    "before the release": ("before", moments.releases),
}


@pytest.mark.parametrize("moment", IN_FLIGHT)
def test_what_changes_while_a_run_is_in_flight_is_brought_in_by_the_next(
    moment: str, stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    history = History(stack, tmp_path)
    stack.run("trades")
    history.go_on()
    where, when = IN_FLIGHT[moment]
    wire.set(**{where: once(when, history.go_on)})
    in_flight = wired.run("trades")
    assert (in_flight.status, in_flight.counts.pending) == (Status.PARTIAL, 0)
    assert in_flight.blind_spot == 0
    Promises(stack).assert_once()
    stack.run("trades")
    Promises(stack).assert_kept(history.spoilt)
    assert stack.run("trades").counts.already == len(read_table(stack))


def test_a_document_deleted_while_it_is_archived_keeps_its_row(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    closed_positions(stack, tmp_path, 1, 2)
    wire.set(after=once(moments.scans, stack.firestore.document("live_positions/position-0001").delete))
    assert wired.run("trades").counts.archived == 2
    assert stack.run("trades").counts.already == 1
    Promises(stack).assert_kept(orphans=["live_positions/position-0001"])


def test_a_reopened_position_keeps_its_row_until_it_is_closed_again(stack: LocalStack, tmp_path: Path) -> None:
    closed_positions(stack, tmp_path, 1)
    stack.run("trades")
    put(stack, "live_positions", position(1, status="OPEN"))
    reopened = stack.run("trades")
    assert (reopened.counts.read, reopened.counts.not_due) == (0, 1)
    Promises(stack).assert_kept(orphans=["live_positions/position-0001"])
    put(stack, "live_positions", position(1))
    assert stack.run("trades").counts.revised == 1
    Promises(stack).assert_kept()


def test_a_document_written_anew_under_its_old_id_revises_the_old_row(stack: LocalStack, tmp_path: Path) -> None:
    closed_positions(stack, tmp_path, 1)
    stack.run("trades")
    stack.firestore.document("live_positions/position-0001").delete()
    stack.run("trades")
    put(stack, "live_positions", position(1, exit_reason="anew"))
    assert stack.run("trades").counts.revised == 1
    assert the_row(stack)["exit_reason"] == "anew"
    Promises(stack).assert_kept()


def test_more_documents_than_a_page_or_a_request_holds_are_archived_once(stack: LocalStack, tmp_path: Path) -> None:
    closed_positions(stack, tmp_path, *range(1, 24))
    assert stack.run("trades", PAGE_SIZE="5").counts.archived == 23
    put(stack, "live_positions", *(position(number, exit_reason="corrected") for number in range(1, 24)))
    record = stack.run("trades", PAGE_SIZE="5")
    assert (record.counts.revised, record.counts.archived) == (23, 0)
    Promises(stack).assert_kept()


def test_the_first_snapshot_of_a_day_stays_unless_it_is_refreshed(stack: LocalStack, tmp_path: Path) -> None:
    def snapshot(equity: str, *, refresh: bool = False) -> tuple[dict[str, Any], RunRecord]:
        write_broker(tmp_path, {"account": builders.account(equity)})
        stack.seed(tmp_path)
        record = stack.run("account-snapshot", refresh=refresh)
        (row,) = read_table(stack, "account-snapshot")
        return row, record

    first, archived = snapshot("110")
    assert (first["equity"], archived.counts.archived) == (110, 1)
    second, already = snapshot("120")
    assert (second, already.counts.already) == (first, 1)
    third, revised = snapshot("120", refresh=True)
    assert (third["equity"], revised.counts.revised, third["run_id"]) == (120, 1, archived.run_id)
    assert third["source_rev"] > first["source_rev"]
    Promises(stack, "account-snapshot").assert_once()
