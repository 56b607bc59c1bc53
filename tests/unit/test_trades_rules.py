from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import trades
from schemas.trades import PositionDocument, Trade
from shared.bars import Bar
from shared.quarantine import Reject
from tests.unit.samples import (
    AS_OF,
    ENTRY,
    EXIT,
    MICROSECOND,
    ORDERS,
    admitted,
    built,
    candidate,
    evidence,
    order,
    settings,
)
from tests.unit.tape import flat, hourly

HOUR = timedelta(hours=1)
FIVE_BARS = [(100, 104, 97, 101), (101, 103, 99, 100), (100, 113, 98, 105), (105, 106, 94, 104), (104, 111, 100, 110)]
OPTION = {"symbol": "AAPL260918C00150000", "asset_class": "OPTION"}


def row(bars: Mapping[str, list[Bar]] | None = None, as_of: datetime = AS_OF, **changes: Any) -> Trade:
    """The row of the good position with changes, its orders untouched."""
    result = built("trades", candidate(PositionDocument, **changes), evidence(bars, as_of=as_of))
    assert isinstance(result, Trade), result
    return result


def filled(entry: Decimal, leave: Decimal, qty: Decimal, **changes: Any) -> Trade:
    """The row of a position that the broker filled at these numbers."""
    long = changes.get("side", "LONG") == "LONG"
    ways = ("buy", "sell") if long else ("sell", "buy")
    symbol = changes.get("symbol", "BTC/USD")
    orders = [
        {**one, "side": way, "filled_avg_price": str(price), "filled_qty": str(qty), "symbol": symbol}
        for one, way, price in zip(ORDERS, ways, (entry, leave), strict=True)
    ]
    result = built("trades", candidate(PositionDocument, **changes), evidence(orders=orders))
    assert isinstance(result, Trade), result
    return result


def rounded(exact: Fraction) -> Decimal:
    return Decimal(f"{round(exact * 10**9)}E-9")


@pytest.mark.parametrize(("as_of", "expected"), [(EXIT - MICROSECOND, False), (EXIT, True), (EXIT + MICROSECOND, True)])
def test_a_closed_position_is_due_from_its_exit_on(*, as_of: datetime, expected: bool) -> None:
    assert trades.due(admitted(PositionDocument), as_of, settings()) == expected


@pytest.mark.parametrize(
    ("status", "ignored"),
    [("OPEN", True), ("CLOSED", False), ("open", False), ("", False), (None, False), (1, False), (["OPEN"], False)],
)
def test_only_open_positions_are_left_alone(*, status: Any, ignored: bool) -> None:
    assert trades.ignores({"status": status}) == ignored
    assert not trades.ignores({})


@pytest.mark.parametrize(
    ("exit_time", "day"),
    [
        ("2026-03-02T23:59:59.999999Z", date(2026, 3, 2)),
        ("2026-03-03T00:00:00Z", date(2026, 3, 3)),
        ("2026-03-02T23:30:00-05:00", date(2026, 3, 3)),
        ("2026-03-03T05:00:00+05:45", date(2026, 3, 2)),
    ],
)
def test_the_partition_is_the_utc_date_of_the_exit(exit_time: str, day: date) -> None:
    assert row(exit_time=exit_time).ds == trades.LOOP.ds(candidate(PositionDocument, exit_time=exit_time)) == day


def test_a_trade_wants_its_orders_its_bars_its_strategy_and_its_signal() -> None:
    wanted = trades.wants(candidate(PositionDocument, tp_order_id="o-tp"), settings())

    (window,) = wanted.bars
    assert (window.asset_class, window.symbol) == ("CRYPTO", "BTC/USD")
    assert (window.start, window.end) == (ENTRY, EXIT.replace(hour=15, minute=0))
    assert wanted.orders is not None
    assert wanted.orders[0] < ENTRY < EXIT < wanted.orders[1]
    assert wanted.order_keys == ("o-in", "o-out", "o-tp")
    assert (wanted.strategies, wanted.signals) == (("breakout",), ("s-1",))


def test_the_orders_of_a_theoretical_trade_are_not_waited_for() -> None:
    assert trades.wants(candidate(PositionDocument, trade_type="THEORETICAL"), settings()).order_keys == ()


def test_an_entry_without_an_order_id_is_looked_for_by_the_position() -> None:
    assert trades.wants(candidate(PositionDocument, entry_order_id=None), settings()).order_keys == ("p-1", "o-out")


amounts = st.integers(1, 10**14).map(lambda billionths: Decimal(f"{billionths}E-9"))


@given(st.sampled_from(["LONG", "SHORT"]), amounts, amounts, amounts)
def test_the_sums_follow_from_the_fills(side: str, entry: Decimal, leave: Decimal, qty: Decimal) -> None:
    found = filled(entry, leave, qty, side=side, target_entry_price=100)
    e, x, q = (Fraction(number) for number in (entry, leave, qty))
    sign = 1 if side == "LONG" else -1
    gross, fees = rounded(sign * (x - e) * q), rounded((e + x) * q * Fraction(25, 10000))

    assert (found.entry_price, found.exit_price, found.qty) == (entry, leave, qty)
    assert (found.gross_pnl_usd, found.fees_usd, found.fee_estimate_usd) == (gross, fees, fees)
    assert found.pnl_usd == gross - fees
    assert found.pnl_pct == rounded(Fraction(gross - fees) / (e * q) * 100)
    assert found.slippage_pct == rounded(sign * (e - 100))


def test_an_option_counts_a_hundred_units_a_contract() -> None:
    found = filled(Decimal("4.10"), Decimal("4.60"), Decimal(3), **OPTION)

    assert (found.contract_multiplier, found.gross_pnl_usd) == (Decimal(100), Decimal(150))
    assert found.pnl_pct == rounded(Fraction(found.pnl_usd) / 1230 * 100)


def test_a_trade_starts_with_estimated_fees() -> None:
    found = row()

    assert (found.fee_method, found.fee_finalized, found.actual_fee_usd) == ("ESTIMATED", False, None)
    assert found.fees_usd == found.fee_estimate_usd == Decimal("1.05")


@given(st.timedeltas(timedelta(0), timedelta(days=400)))
def test_the_duration_is_exact_to_the_microsecond(held: timedelta) -> None:
    found = row(exit_time=ENTRY + held)

    assert Fraction(found.trade_duration_s) == Fraction(held // MICROSECOND, 10**6)


def test_excursions_run_from_the_bar_of_the_entry_to_the_bar_of_the_exit() -> None:
    outside = [*hourly(ENTRY - HOUR, (100, 900, 1, 100)), *hourly(ENTRY + 5 * HOUR, (100, 900, 1, 100))]
    found = row({"BTC/USD": sorted([*hourly(ENTRY, *FIVE_BARS), *outside])}, entry_time=ENTRY + 59 * HOUR / 60)

    assert (found.max_favorable_excursion, found.mfe_pct, found.mae_pct) == (Decimal(13), Decimal(13), Decimal(6))


def test_excursions_are_measured_from_the_brokers_price() -> None:
    bars = {"BTC/USD": hourly(ENTRY, *FIVE_BARS)}
    orders = (order("o-in", "buy", "80", "2", client_order_id="p-1"), ORDERS[1])
    found = built("trades", candidate(PositionDocument), evidence(bars, orders))

    assert (found.max_favorable_excursion, found.mfe_pct, found.mae_pct) == (Decimal(33), Decimal("41.25"), Decimal(0))


def test_what_favours_a_long_is_adverse_to_a_short() -> None:
    bars = {"BTC/USD": hourly(ENTRY, *FIVE_BARS)}
    orders = [{**one, "side": side} for one, side in zip(ORDERS, ("sell", "buy"), strict=True)]
    found = built("trades", candidate(PositionDocument, side="SHORT"), evidence(bars, orders))

    assert (found.max_favorable_excursion, found.mfe_pct, found.mae_pct) == (Decimal(6), Decimal(6), Decimal(13))


@pytest.mark.parametrize(("lost", "known"), [(0, False), (2, True), (4, False)])
def test_excursions_are_unknown_when_the_bars_do_not_reach_from_entry_to_exit(*, lost: int, known: bool) -> None:
    bars = hourly(ENTRY, *FIVE_BARS)
    found = row({"BTC/USD": [*bars[:lost], *bars[lost + 1 :]]})

    assert {value is not None for value in (found.mfe_pct, found.mae_pct, found.max_favorable_excursion)} == {known}


def test_excursions_are_unknown_while_the_bar_of_the_exit_is_forming() -> None:
    bars = {"BTC/USD": list(flat(ENTRY, 10))}

    assert row(bars, as_of=EXIT + 29 * HOUR / 60).mfe_pct is None
    assert row(bars, as_of=EXIT + HOUR / 2).mfe_pct == 0


def test_a_symbol_without_market_data_is_no_obstacle() -> None:
    assert row({}).mfe_pct is None


def test_the_document_says_who_when_and_why() -> None:
    found = row(account_id="sub", exit_reason="MANUAL", discord_thread_id="42", strategy_version=3, side="buy")

    assert (found.trade_id, found.signal_id, found.account_id, found.strategy_id) == ("p-1", "s-1", "sub", "breakout")
    assert (found.exit_reason, found.discord_thread_id, found.side) == ("MANUAL", "42", "LONG")
    assert (found.entry_time, found.exit_time, found.trade_type) == (ENTRY, EXIT, "EXECUTED")


@pytest.mark.parametrize(("price", "qty"), [("0.0000000001", "1"), ("100", "0.0000000001")])
def test_fills_too_small_for_the_table_are_refused_and_do_not_stop_the_run(price: str, qty: str) -> None:
    orders = (
        order("o-in", "buy", price, qty, client_order_id="p-1"),
        order("o-out", "sell", price, qty, client_order_id="p-1-x"),
    )

    assert isinstance(built("trades", candidate(PositionDocument), evidence(orders=orders)), Reject)
