"""The fee patch over stocks, options and several accounts: daily sums split to the billionth, accounts kept apart."""

from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import write_broker
from tests.emulator.builders import Fields, orders, position, put
from tests.emulator.fees import coin_fee, dollar_fee, exit_price, expected_fee, fills, history, seed_broker
from tests.emulator.promises import read_table
from tests.emulator.two_accounts import two_accounts
from tests.stack import LocalStack

FRIDAY = datetime.fromisoformat("2026-09-25T14:30:00Z")
MONDAY = "2026-09-28"
SETTLED = "2026-09-30T16:00:00Z"
"""Tuesday's noon in New York, when Monday's fees are taken to be in."""
CALL = "AAPL261218C00230000"


def order(number: int, side: str, price: str, qty: str, symbol: str, at: datetime) -> Fields:
    """A filled order; entry and exit of a position are numbered in pairs."""
    stamps = dict.fromkeys(("created_at", "submitted_at", "filled_at"), at.isoformat())
    return {
        **stamps,
        "id": f"00000000-0000-4000-8000-{number:012}",
        "client_order_id": f"order-{number}",
        "symbol": symbol,
        "filled_qty": qty,
        "filled_avg_price": price,
        "side": side,
        "status": "filled",
        "legs": None,
    }


def execution(filled: Fields) -> Fields:
    """The one execution of an order."""
    return {
        "id": f"20260925000000000::{filled['id']}",
        "activity_type": "FILL",
        "transaction_time": filled["filled_at"],
        "price": filled["filled_avg_price"],
        "qty": filled["filled_qty"],
        "side": filled["side"],
        "symbol": filled["symbol"],
        "order_id": filled["id"],
    }


def day_fee(day: str, kind: str, usd: str, base: str) -> Fields:
    """A day's fee, posted early the next day."""
    posted = datetime.fromisoformat(f"{day}T00:17:05Z") + timedelta(days=1)
    return {
        "id": f"{day.replace('-', '')}000000000::{kind}-{base[-8:].replace(' ', '')}",
        "activity_type": "FEE",
        "activity_sub_type": kind,
        "date": day,
        "created_at": posted.isoformat(),
        "net_amount": f"-{usd}",
        "description": f"{kind} fee for proceed of {base} on {day} by PA3TEST00001",
        "status": "executed",
    }


def round_trip(number: int, symbol: str, qty: str, out: str) -> tuple[list[Fields], Fields]:
    """Orders and document of a long position: in on Friday at 10, out on Monday."""
    left = FRIDAY + timedelta(days=3)
    both = [
        order(2 * number, "buy", "10", qty, symbol, FRIDAY),
        order(2 * number + 1, "sell", out, qty, symbol, left),
    ]
    closed = position(
        number,
        symbol=symbol,
        asset_class="OPTION" if len(symbol) > 10 else "EQUITY",
        qty=qty,
        entry_fill_price="10",
        exit_fill_price=out,
        entry_time=FRIDAY,
        exit_time=left,
        entry_order_id=both[0]["id"],
        exit_order_id=both[1]["id"],
    )
    return both, closed


@pytest.fixture
def traded(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Two stock trades of 100 and 300 shares, and somebody's sale of 100 shares that no trade knows."""
    (one, first), (two, second) = round_trip(1, "AAPL", "100", "11"), round_trip(2, "MSFT", "300", "12")
    manual = order(99, "sell", "11", "100", "AAPL", FRIDAY + timedelta(days=3))
    listed = [*one, *two, manual]
    fees = [
        day_fee("2026-09-25", "CAT", "0.02", "2 trades"),
        day_fee(MONDAY, "CAT", "0.03", "3 trades"),
        day_fee(MONDAY, "REG", "0.12", "$5800.00"),
        day_fee(MONDAY, "TAF", "0.10", "500 shares (3 trades)"),
    ]
    write_broker(tmp_path / "broker", {"orders": listed, "activities": [*map(execution, listed), *fees]})
    stack.seed(tmp_path / "broker")
    put(stack, "live_positions", first, second)
    assert stack.run("trades").counts.archived == 2
    return stack


def rows(stack: LocalStack) -> list[dict[str, Any]]:
    return sorted(read_table(stack), key=lambda row: str(row["trade_id"]))


def test_daily_fees_are_split_by_their_base_and_somebody_else_s_part_is_not_ours(traded: LocalStack) -> None:
    record = traded.run("fee-patch", SETTLED)

    assert record.outcomes == {"prorata": 2}
    small, large = (row["actual_fee_usd"] for row in rows(traded))
    # CAT by shares: Friday 100:300 of 2 cents, Monday 100:300:100 of 3; REG by proceeds 1100:3600:1100, TAF by shares.
    assert small == Decimal("0.005") + Decimal("0.006") + Decimal("0.022758621") + Decimal("0.02")
    assert large == Decimal("0.015") + Decimal("0.018") + Decimal("0.074482758") + Decimal("0.06")
    totals = record.totals
    assert (totals["posted"], totals["unattributed"]) == (Decimal("0.27"), Decimal(0))
    assert totals["foreign"] == totals["posted"] - small - large
    assert all(row["pnl_usd"] == row["gross_pnl_usd"] - row["fees_usd"] for row in rows(traded))


def test_nothing_is_final_before_noon_of_the_settlement_date(traded: LocalStack) -> None:
    record = traded.run("fee-patch", "2026-09-29T15:59:00Z")
    assert record.outcomes == {"waiting": 2}

    assert traded.run("fee-patch", "2026-09-29T16:01:00Z").outcomes == {"prorata": 2}


def test_what_the_description_counts_and_nobody_knows_is_kept_as_unattributed(
    stack: LocalStack, tmp_path: Path
) -> None:
    both, closed = round_trip(1, "AAPL", "100", "11")
    fees = [
        day_fee("2026-09-25", "CAT", "0.01", "1 trades"),
        day_fee(MONDAY, "CAT", "0.01", "1 trades"),
        day_fee(MONDAY, "REG", "0.09", "$3300.00"),
        day_fee(MONDAY, "TAF", "0.02", "100 shares (1 trades)"),
    ]
    write_broker(tmp_path / "broker", {"orders": both, "activities": [*map(execution, both), *fees]})
    stack.seed(tmp_path / "broker")
    put(stack, "live_positions", closed)
    stack.run("trades")

    record = stack.run("fee-patch", SETTLED)

    (row,) = rows(stack)
    assert row["actual_fee_usd"] == Decimal("0.01") + Decimal("0.01") + Decimal("0.03") + Decimal("0.02")
    assert row["fee_unattributed_usd"] == record.totals["unattributed"] == Decimal("0.06")


def test_option_fees_are_reckoned_by_contracts_on_both_sides(stack: LocalStack, tmp_path: Path) -> None:
    both, closed = round_trip(1, CALL, "10", "12")
    days = [
        day_fee(day, kind, usd, base)
        for day in ("2026-09-25", MONDAY)
        for kind, usd, base in (
            ("CAT", "0.03", "1 trades"),
            ("ORF", "0.27", "10 contracts"),
            ("OCC", "0.20", "10 contracts"),
        )
    ]
    sold = [day_fee(MONDAY, "REG", "0.25", "$12000.00"), day_fee(MONDAY, "TAF", "0.04", "10 contracts (1 trades)")]
    write_broker(tmp_path / "broker", {"orders": both, "activities": [*map(execution, both), *days, *sold]})
    stack.seed(tmp_path / "broker")
    put(stack, "live_positions", closed)
    stack.run("trades")

    assert stack.run("fee-patch", SETTLED).outcomes == {"prorata": 1}

    (row,) = rows(stack)
    assert row["actual_fee_usd"] == 2 * (Decimal("0.03") + Decimal("0.27") + Decimal("0.20")) + Decimal("0.29")


def test_the_fees_of_two_accounts_never_mix(stack: LocalStack, tmp_path: Path) -> None:
    # The same fees at the same time in both accounts; in the second one the sale's is missing.
    seed_broker(stack, tmp_path / "first", [1], history([1]))
    theirs = [*fills(2, exit_price(1)), coin_fee(2)]
    moved = [{**row, "created_at": coin_fee(1)["created_at"]} if "created_at" in row else row for row in theirs]
    second = {"orders": orders(2, exit_price(1)), "activities": moved}
    put(stack, "live_positions", *(position(n, exit_fill_price=exit_price(1)) for n in (1, 2)))
    with two_accounts(stack, tmp_path, second) as both:
        assert both.run("trades").counts.archived == 2
        record = both.run("fee-patch", "2021-09-03T00:00:00Z")

    first, other = rows(stack)
    assert record.outcomes == {"exact": 1, "waiting": 1}
    assert first["actual_fee_usd"] == expected_fee(1)
    assert other["actual_fee_usd"] is None
    assert dollar_fee(1, exit_price(1))["net_amount"] == "-0.29"
