"""The fee patch on real servers: what the broker posted ends in the rows, once, whatever happens on the way."""

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import write_broker
from schemas.run_record import Status
from shared.ledger import BEFORE, Ledger
from tests.emulator import moments
from tests.emulator.builders import orders, position, put
from tests.emulator.fees import (
    LATER,
    RATE,
    SOON,
    coin_fee,
    dollar_fee,
    exit_price,
    expected_fee,
    fee_columns,
    fills,
    history,
    post,
    seed_broker,
)
from tests.emulator.job_process import let_a_minute_pass
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import PATIENCE_S, Gate, Wire
from tests.stack import LocalStack

NUMBERS = range(1, 6)
EXACT = {"fee_method": "EXACT", "fee_tier": "assumed", "fee_finalized": True, "fee_unattributed_usd": Decimal(0)}
UNKNOWN = {
    "actual_fee_usd": None,
    "fee_method": "ESTIMATED",
    "fee_tier": None,
    "fee_unattributed_usd": None,
    "fee_finalized": False,
}


def closed_trades(stack: LocalStack, directory: Path, *activities: dict[str, Any]) -> None:
    """Archive five trades whose broker posted these activities."""
    seed_broker(stack, directory / "broker", NUMBERS, activities)
    put(stack, "live_positions", *(position(n, exit_fill_price=exit_price(n)) for n in NUMBERS))
    assert stack.run("trades").counts.archived == len(NUMBERS)


@pytest.fixture
def posted(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Five trades with all their fees posted."""
    closed_trades(stack, tmp_path, *history(NUMBERS))
    return stack


def rows(stack: LocalStack) -> dict[str, dict[str, Any]]:
    return {row["trade_id"]: row for row in read_table(stack)}


def assert_sums_hold(stack: LocalStack) -> None:
    for row in rows(stack).values():
        paid = row["fee_estimate_usd"] if row["actual_fee_usd"] is None else row["actual_fee_usd"]
        assert row["fees_usd"] == paid
        assert row["pnl_usd"] == row["gross_pnl_usd"] - row["fees_usd"]


def assert_patched(stack: LocalStack) -> None:
    """Every trade holds exactly its own fees, and nothing else of it changed."""
    found = rows(stack)
    for number in NUMBERS:
        row = found[f"position-{number:04}"]
        assert row["actual_fee_usd"] == expected_fee(number)
        assert {name: row[name] for name in EXACT} == EXACT
    assert_sums_hold(stack)
    Promises(stack).assert_kept()


def test_posted_fees_reach_their_trades_and_leave_the_rest_alone(posted: LocalStack) -> None:
    before = rows(posted)

    record = posted.run("fee-patch", SOON)

    assert (record.status, record.counts.read, record.counts.revised) == (Status.SUCCEEDED, 5, 5)
    assert record.outcomes == {"exact": 5}
    assert record.totals["posted"] == record.totals["attributed"] == sum(map(expected_fee, NUMBERS))
    assert_patched(posted)
    mended = {*fee_columns(next(iter(before.values()))), "fee_reconciled_at"}
    for trade_id, row in rows(posted).items():
        assert {k: v for k, v in row.items() if k not in mended} == {
            k: v for k, v in before[trade_id].items() if k not in mended
        }


def test_a_second_run_rewrites_nothing(posted: LocalStack, wired: LocalStack, wire: Wire) -> None:
    posted.run("fee-patch", SOON)
    before = rows(posted)
    wire.set()

    again = wired.run("fee-patch", SOON)

    assert (again.counts.read, again.counts.already, again.counts.revised) == (5, 5, 0)
    assert rows(posted) == before
    assert not any(map(moments.revises, wire.calls))


@pytest.mark.usefixtures("posted")
def test_a_run_sends_one_update_that_names_its_partitions(wired: LocalStack, wire: Wire) -> None:
    wired.run("fee-patch", SOON)

    (update,) = filter(moments.revises, wire.calls)
    assert update.mentions("DATE '2021-09-01'", "fee_reconciled_at", "@rows")
    assert not update.mentions("ds >=")


def test_nothing_is_final_before_a_day_has_passed(posted: LocalStack) -> None:
    record = posted.run("fee-patch", "2021-09-01T09:00:00Z")

    assert (record.status, record.counts.pending, record.counts.revised) == (Status.PARTIAL, 5, 0)
    assert record.outcomes == {"waiting": 5}
    assert {row["fee_finalized"] for row in rows(posted).values()} == {False}


def test_a_late_fee_is_waited_for_and_taken_when_it_comes(stack: LocalStack, tmp_path: Path) -> None:
    late = dollar_fee(2, exit_price(2))
    closed_trades(stack, tmp_path, *(row for row in history(NUMBERS) if row["id"] != late["id"]))

    first = stack.run("fee-patch", SOON)
    assert first.outcomes == {"exact": 4, "waiting": 1}
    assert {name: rows(stack)["position-0002"][name] for name in UNKNOWN} == UNKNOWN
    assert_sums_hold(stack)

    post(stack, tmp_path / "late", late)
    assert stack.run("fee-patch", SOON).counts.revised == 1
    assert_patched(stack)


def test_fees_that_never_came_are_none_posted_and_not_nothing(stack: LocalStack, tmp_path: Path) -> None:
    closed_trades(stack, tmp_path, *(row for number in NUMBERS for row in fills(number, exit_price(number))))

    assert stack.run("fee-patch", SOON).outcomes == {"waiting": 5}
    assert stack.run("fee-patch", LATER).outcomes == {"none posted": 5}

    for row in rows(stack).values():
        assert (row["actual_fee_usd"], row["fee_method"], row["fee_finalized"]) == (None, "NONE_POSTED", True)
        assert row["fees_usd"] == row["fee_estimate_usd"]
    assert_sums_hold(stack)


def test_of_a_trade_whose_second_fee_never_came_the_first_one_counts(stack: LocalStack, tmp_path: Path) -> None:
    missing = dollar_fee(2, exit_price(2))["id"]
    closed_trades(stack, tmp_path, *(row for row in history(NUMBERS) if row["id"] != missing))

    assert stack.run("fee-patch", LATER).outcomes == {"exact": 4, "none posted": 1}

    row = rows(stack)["position-0002"]
    assert (row["actual_fee_usd"], row["fee_method"], row["fee_finalized"]) == (Decimal("0.25"), "NONE_POSTED", True)
    assert_sums_hold(stack)


def test_what_comes_after_a_trade_was_given_up_still_counts(stack: LocalStack, tmp_path: Path) -> None:
    late = [coin_fee(number) for number in NUMBERS], [dollar_fee(number, exit_price(number)) for number in NUMBERS]
    closed_trades(stack, tmp_path, *(row for number in NUMBERS for row in fills(number, exit_price(number))))
    assert stack.run("fee-patch", LATER).outcomes == {"none posted": 5}

    post(stack, tmp_path / "coins", *late[0])
    assert stack.run("fee-patch", LATER).counts.revised == 5
    assert {row["actual_fee_usd"] for row in rows(stack).values()} == {Decimal("0.25")}
    assert {row["fee_method"] for row in rows(stack).values()} == {"NONE_POSTED"}

    post(stack, tmp_path / "dollars", *late[1])
    stack.run("fee-patch", LATER)
    assert_patched(stack)


def test_a_correction_restates_what_was_final(posted: LocalStack, tmp_path: Path) -> None:
    posted.run("fee-patch", SOON)
    cheaper = dollar_fee(3, exit_price(3), Decimal("0.0015"))
    wrong = dollar_fee(3, exit_price(3))
    corrected = {**cheaper, "id": f"{wrong['id']}c", "status": "correct", "previous_id": wrong["id"]}

    post(posted, tmp_path / "correction", corrected)
    record = posted.run("fee-patch", SOON)

    assert record.counts.revised == 1
    row = rows(posted)["position-0003"]
    assert row["actual_fee_usd"] == Decimal("0.25") - Decimal(cheaper["net_amount"])
    assert (row["fee_method"], row["fee_finalized"]) == ("EXACT", True)
    assert_sums_hold(posted)
    assert posted.run("fee-patch", SOON).counts.revised == 0


def test_a_cancelled_fee_takes_a_trade_s_final_fees_back(posted: LocalStack, tmp_path: Path) -> None:
    posted.run("fee-patch", SOON)

    post(posted, tmp_path / "cancelled", dollar_fee(3, exit_price(3), status="canceled"))
    record = posted.run("fee-patch", SOON)

    assert (record.counts.revised, record.outcomes) == (1, {"exact": 4, "waiting": 1})
    row = rows(posted)["position-0003"]
    assert {name: row[name] for name in UNKNOWN} == UNKNOWN
    assert_sums_hold(posted)


def test_fees_that_fit_several_trades_are_given_to_none(stack: LocalStack, tmp_path: Path) -> None:
    alike = (row for number in NUMBERS for row in fills(number, "120"))
    coins = map(coin_fee, NUMBERS)
    dollars = (dollar_fee(number, "120") for number in (1, 2, 4, 5))
    closed_trades(stack, tmp_path, *alike, *coins, *dollars)

    record = stack.run("fee-patch", LATER)

    # All five sales cost 30 cents. The first two fees were posted before the third sale; of the last three sales one
    # was never charged, and nobody knows which.
    assert record.outcomes == {"exact": 2, "ambiguous": 3}
    assert record.totals["unattributed"] == Decimal("0.30") * 2
    assert (
        sorted(row["actual_fee_usd"] for row in rows(stack).values() if row["fee_finalized"]) == [Decimal("0.55")] * 2
    )


def test_a_paused_older_reading_never_overwrites_a_newer_one(
    posted: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    gate = Gate(moments.revises)
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        old = thread.submit(wired.run, "fee-patch", SOON)
        with gate.held():
            wrong = dollar_fee(3, exit_price(3))
            cheaper = dollar_fee(3, exit_price(3), Decimal("0.0015"))
            new = {**cheaper, "id": f"{wrong['id']}c", "status": "correct", "previous_id": wrong["id"]}
            post(posted, tmp_path / "correction", new)
            let_a_minute_pass(posted, wire, "fee-patch")
            assert posted.run("fee-patch", SOON).counts.revised == 5
            newer = rows(posted)
        assert old.result(PATIENCE_S).status in {Status.SUCCEEDED, Status.FAILED}
    assert rows(posted) == newer


def test_a_trade_revised_while_its_fees_are_read_is_left_to_the_next_run(
    posted: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    gate = Gate(moments.revises)
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        patching = thread.submit(wired.run, "fee-patch", SOON)
        with gate.held():
            put(posted, "live_positions", position(2, exit_fill_price=exit_price(2), exit_reason="edited"))
            assert posted.run("trades").counts.revised == 1
        record = patching.result(PATIENCE_S)
    assert (record.counts.revised, record.counts.pending) == (4, 1)
    assert posted.run("fee-patch", SOON).counts.revised == 1
    assert rows(posted)["position-0002"]["exit_reason"] == "edited"
    assert_patched(posted)


def test_a_revision_of_a_patched_trade_keeps_its_fees(posted: LocalStack) -> None:
    posted.run("fee-patch", SOON)
    put(posted, "live_positions", position(2, exit_fill_price=exit_price(2), exit_reason="edited"))
    posted.run("trades")
    assert_patched(posted)
    assert posted.run("fee-patch", SOON).counts.revised == 0


def test_runs_started_together_write_each_row_once(posted: LocalStack) -> None:
    with ThreadPoolExecutor(4) as threads:
        records = list(threads.map(lambda _: posted.run("fee-patch", SOON), range(4)))
    assert {record.status for record in records} <= {Status.SUCCEEDED, Status.SKIPPED}
    assert sum(record.counts.revised for record in records) == 5
    assert_patched(posted)


@pytest.mark.parametrize("path", ["/v2/account/activities", "/v2/calendar"])
def test_a_broker_that_fails_leaves_every_row_as_it_was(path: str, posted: LocalStack) -> None:
    before = rows(posted)
    posted.fail_broker(path=path, kind="status", status=503, times=1000)

    record = posted.run("fee-patch", SOON, RETRY_SECONDS="0.5")

    assert (record.status, record.counts.read, record.counts.pending) == (Status.FAILED, 5, 5)
    assert record.error is not None
    assert path.rsplit("/", 1)[1] in record.error.message
    assert rows(posted) == before


def test_a_dry_run_shows_every_value_and_writes_none(posted: LocalStack) -> None:
    before = rows(posted)

    shown = posted.command("run", "fee-patch", "--as-of", SOON, "--dry-run", "--json")

    assert shown.returncode == 0, shown.stderr
    assert f'"actual_fee_usd":"{expected_fee(3)}' in shown.stdout.replace(" ", "")
    assert rows(posted) == before
    assert posted.firestore.document("job_leases/fee-patch").get().exists is False


@pytest.mark.parametrize(("day", "patched"), [("2021-09-02", False), ("2021-09-01", True)])
def test_only_the_days_asked_for_are_patched(day: str, patched: bool, posted: LocalStack) -> None:  # noqa: FBT001 - an example
    shown = posted.command("run", "fee-patch", "--as-of", SOON, "--ds", day, "--json")

    assert shown.returncode == 0, shown.stderr
    assert {row["fee_finalized"] for row in rows(posted).values()} == {patched}


def bought_together(stack: LocalStack, directory: Path, second_qty: str, second_usd: str) -> str:
    """Let the broker know one coin bought by one order and sold by two, 0.5 and the rest; return the order's id."""
    (entry, first), (_, second) = orders(1, "120"), orders(2, "130")
    (bought, sold), (_, sold_too) = fills(1, "120"), fills(2, "130")
    executed = [bought, {**sold, "qty": "0.5"}, {**sold_too, "qty": second_qty}]
    fees = [coin_fee(1), dollar_fee(1, "60"), dollar_fee(2, second_usd)]
    listed = [
        entry,
        {**first, "qty": "0.5", "filled_qty": "0.5"},
        {**second, "qty": second_qty, "filled_qty": second_qty},
    ]
    write_broker(directory, {"orders": listed, "activities": [*executed, *fees]})
    stack.seed(directory)
    return str(entry["id"])


def test_two_trades_of_one_entry_share_its_fee_whenever_each_of_them_is_archived(
    stack: LocalStack, tmp_path: Path
) -> None:
    entry = bought_together(stack, tmp_path / "broker", "0.5", "65")
    put(stack, "live_positions", position(1, qty="0.5", exit_fill_price="120"))
    stack.run("trades")
    stack.run("fee-patch", SOON)
    alone = rows(stack)["position-0001"]
    assert alone["actual_fee_usd"] == Decimal("0.125") + Decimal("0.15")

    put(stack, "live_positions", position(2, qty="0.5", exit_fill_price="130", entry_order_id=entry))
    stack.run("trades")
    record = stack.run("fee-patch", "2021-10-15T00:00:00Z")

    # The first one paid its part of the entry from the start, so that the other one changes nothing about it.
    assert (record.counts.revised, record.outcomes) == (1, {"prorata": 2})
    assert rows(stack)["position-0001"] == alone
    found = [rows(stack)[f"position-000{number}"]["actual_fee_usd"] for number in (1, 2)]
    assert found == [Decimal("0.125") + Decimal("0.15"), Decimal("0.125") + Decimal("0.17")]
    assert stack.run("fee-patch", "2021-10-15T00:00:00Z").counts.revised == 0


def test_two_trades_of_one_entry_pay_all_of_its_fee_in_coins_whenever_each_of_them_is_archived(
    stack: LocalStack, tmp_path: Path
) -> None:
    # Of one coin 0.9975 came in, and each trade sold a part of these: no trade sold what the fee took.
    entry = bought_together(stack, tmp_path / "broker", "0.4975", "64.675")
    put(stack, "live_positions", position(1, qty="0.5", exit_fill_price="120"))
    stack.run("trades")
    stack.run("fee-patch", SOON)
    put(stack, "live_positions", position(2, qty="0.4975", exit_fill_price="130", entry_order_id=entry))
    stack.run("trades")

    stack.run("fee-patch", "2021-10-15T00:00:00Z")

    paid = [row["actual_fee_usd"] for row in rows(stack).values()]
    assert sum(paid) == Decimal("0.25") + Decimal("0.15") + Decimal("0.17")


def test_theoretical_trades_that_name_their_orders_alike_are_no_kin(stack: LocalStack) -> None:
    alike = {"trade_type": "THEORETICAL", "entry_order_id": "paper", "exit_order_id": "paper"}
    put(stack, "live_positions", position(1, **alike))
    stack.run("trades")
    assert stack.run("fee-patch", LATER).outcomes == {"none posted": 1}
    put(stack, "live_positions", position(2, **alike))
    stack.run("trades")

    assert stack.run("fee-patch", "2021-10-15T00:00:00Z").counts.read == 1


def test_an_order_that_filled_over_days_pays_for_the_first_of_them_too(stack: LocalStack, tmp_path: Path) -> None:
    (bought, sold), two_days = fills(1, "120"), timedelta(days=2)
    second, fee = {**bought, "qty": "0.5"}, coin_fee(1, RATE / 2)
    first = moved(second, "transaction_time", two_days)
    early = moved({**fee, "date": "2021-08-30"}, "created_at", two_days)
    activities = [first, second, sold, early, fee, dollar_fee(1, "120")]
    write_broker(tmp_path / "broker", {"orders": orders(1, "120"), "activities": activities})
    stack.seed(tmp_path / "broker")
    put(stack, "live_positions", position(1, exit_fill_price="120"))
    stack.run("trades")

    assert stack.run("fee-patch", SOON).outcomes == {"exact": 1}
    assert rows(stack)["position-0001"]["actual_fee_usd"] == Decimal("0.25") + Decimal("0.30")


def moved(activity: dict[str, Any], stamp: str, by: timedelta) -> dict[str, Any]:
    """An activity like another one, but earlier."""
    at = datetime.fromisoformat(activity[stamp]) - by
    return {**activity, "id": f"{activity['id']}0", stamp: at.isoformat()}


def test_a_fill_at_the_very_moment_where_two_readings_meet_is_read(stack: LocalStack, tmp_path: Path) -> None:
    (bought, sold) = fills(1, "120")
    write_broker(tmp_path / "broker", {"activities": [bought, sold]})
    stack.seed(tmp_path / "broker")
    met = datetime.fromisoformat(sold["transaction_time"])
    ledger, day = Ledger(stack.parts().broker), timedelta(days=1)

    ledger.books([(met + BEFORE, met + BEFORE + day)])
    found = ledger.books([(met + BEFORE, met + BEFORE + day)], [(met - day, met)])

    assert found.fills_known == ((met - day, met + BEFORE + day),)
    assert sold["id"] in {one.id for one in found.executions}


def test_a_row_that_cannot_be_read_keeps_its_own_trade_open_and_no_other(stack: LocalStack, tmp_path: Path) -> None:
    activities = list(history(NUMBERS))
    broken = next(row for row in activities if row["id"] == fills(3, exit_price(3))[1]["id"])
    closed_trades(stack, tmp_path, *(row for row in activities if row is not broken), {**broken, "price": "0"})

    record = stack.run("fee-patch", SOON)

    assert record.outcomes == {"exact": 4, "unreadable activities of its own": 1, "unreadable activities": 1}
    assert rows(stack)["position-0003"]["fee_finalized"] is False
