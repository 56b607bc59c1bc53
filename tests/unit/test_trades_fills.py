from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

from schemas.reasons import Reason
from schemas.trades import PositionDocument, Trade
from shared.fills import Order
from shared.quarantine import Reject
from tests.unit.samples import ORDERS, built, candidate, evidence, order

ENTRY_ORDER, EXIT_ORDER = ORDERS
HALF = order("o-half", "sell", "104", "0.5", client_order_id="p-1-scale1", filled_at="2026-03-02T12:00:00Z")
REST = order("o-out", "sell", "110", "1.5", client_order_id="p-1-x", filled_at="2026-03-02T14:30:00Z")


def result(orders: Iterable[Order] = ORDERS, **changes: Any) -> Trade | Reject:
    found: Trade | Reject = built("trades", candidate(PositionDocument, **changes), evidence(orders=orders))
    return found


def row(orders: Iterable[Order] = ORDERS, **changes: Any) -> Trade:
    found = result(orders, **changes)
    assert isinstance(found, Trade), found
    return found


@pytest.mark.parametrize(
    ("stated", "check"),
    [
        ({}, "MATCHED"),
        ({"entry_fill_price": "100.0000000004"}, "MATCHED"),
        ({"entry_fill_price": 100.07}, "CORRECTED"),
        ({"exit_fill_price": 109.99}, "CORRECTED"),
        ({"exit_fill_price": "110.000000001"}, "CORRECTED"),
        ({"entry_fill_price": None}, "CORRECTED"),
        ({"exit_fill_price": 0}, "CORRECTED"),
    ],
)
def test_the_brokers_fill_wins_and_the_row_says_whether_it_had_to(stated: dict[str, Any], check: str) -> None:
    found = row(**stated)

    assert (found.entry_price, found.exit_price, found.broker_check) == (Decimal(100), Decimal(110), check)


def test_what_the_document_stated_is_kept_beside_the_fill() -> None:
    found = row(entry_fill_price=99, exit_fill_price=None)

    assert (found.reported_entry_price, found.reported_exit_price) == (Decimal(99), None)


def test_the_quantity_is_what_the_exit_filled() -> None:
    # A crypto purchase is received less the coin fee, and only the rest can be sold.
    found = row((order("o-in", "buy", "100", "2.005", client_order_id="p-1"), EXIT_ORDER), qty=7)

    assert found.qty == 2


def test_scale_outs_are_averaged_over_all_exits() -> None:
    found = row((ENTRY_ORDER, REST, HALF))

    assert (found.qty, found.exit_price) == (Decimal(2), Decimal("108.5"))
    assert (found.entry_order_id, found.exit_order_id) == ("o-in", "o-out")
    assert found.gross_pnl_usd == 17


@pytest.mark.parametrize(("stated", "check"), [("108.5", "MATCHED"), ("110", "MATCHED"), ("104", "CORRECTED")])
def test_after_scale_outs_the_document_may_state_the_average_or_the_last_price(stated: str, check: str) -> None:
    assert row((ENTRY_ORDER, REST, HALF), exit_fill_price=stated).broker_check == check


def test_an_average_with_endless_decimals_is_rounded_once() -> None:
    thirds = [
        order(f"o-{n}", "sell", price, "1", client_order_id=f"p-1_tp{n}") for n, price in enumerate(("1", "1", "2"))
    ]

    assert row((ENTRY_ORDER, *thirds), exit_order_id=None).exit_price == Decimal("1.333333333")


def test_entry_and_exit_are_found_by_the_engines_names_when_the_document_has_no_ids() -> None:
    found = row(entry_order_id=None, exit_order_id=None)

    assert (found.entry_order_id, found.exit_order_id, found.broker_check) == ("o-in", "o-out", "MATCHED")


def test_the_bracket_leg_that_filled_is_the_exit() -> None:
    legs = [order("o-tp", "sell", "120", "2"), order("o-sl", "sell", None, "0", status="canceled")]
    found = row(({**ENTRY_ORDER, "legs": legs},), exit_order_id=None, exit_fill_price=120)

    assert (found.exit_price, found.exit_order_id, found.broker_check) == (Decimal(120), "o-tp", "MATCHED")


def test_a_short_is_closed_by_a_purchase() -> None:
    orders = ({**ENTRY_ORDER, "side": "sell"}, {**EXIT_ORDER, "side": "buy"})

    assert row(orders, side="sell").gross_pnl_usd == -20


def fault(found: Trade | Reject) -> tuple[Reason, str]:
    assert isinstance(found, Reject), found
    (only,) = found.faults
    return found.reason, only.field


@pytest.mark.parametrize(
    ("orders", "changes", "reason", "column"),
    [
        ((), {}, Reason.BROKER_ORDER_MISSING, "entry_order_id"),
        ((EXIT_ORDER,), {}, Reason.BROKER_ORDER_MISSING, "entry_order_id"),
        ((ENTRY_ORDER,), {}, Reason.BROKER_ORDER_MISSING, "exit_order_id"),
        ((EXIT_ORDER,), {"trade_type": "THEORETICAL"}, Reason.BROKER_ORDER_MISSING, "entry_order_id"),
        ((ENTRY_ORDER, {**EXIT_ORDER, "filled_qty": "0"}), {}, Reason.BROKER_NOT_FILLED, "exit_fill_price"),
        (({**ENTRY_ORDER, "filled_avg_price": None}, EXIT_ORDER), {}, Reason.BROKER_NOT_FILLED, "entry_fill_price"),
        (
            (ENTRY_ORDER, {**EXIT_ORDER, "filled_avg_price": "0"}),
            {"exit_fill_price": None},
            Reason.MISSING_FILL_PRICE,
            "exit_fill_price",
        ),
        (
            ({**ENTRY_ORDER, "filled_avg_price": "nan"}, EXIT_ORDER),
            {"entry_fill_price": 0},
            Reason.MISSING_FILL_PRICE,
            "entry_fill_price",
        ),
        ((), {"trade_type": "THEORETICAL", "exit_fill_price": 0}, Reason.MISSING_FILL_PRICE, "exit_fill_price"),
        ((), {"trade_type": "THEORETICAL", "entry_fill_price": None}, Reason.MISSING_FILL_PRICE, "entry_fill_price"),
    ],
)
def test_a_trade_without_fills_is_refused_with_the_field_to_look_at(
    orders: tuple[Order, ...], changes: dict[str, Any], reason: Reason, column: str
) -> None:
    assert fault(result(orders, **changes)) == (reason, column)


def test_an_exit_that_the_broker_does_not_know_is_refused_although_others_are_known() -> None:
    assert fault(result(exit_order_id="gone")) == (Reason.BROKER_ORDER_MISSING, "exit_order_id")


@pytest.mark.parametrize(("qty", "complete"), [(2, True), ("1.5", True), ("2.000000001", False)])
def test_a_bracket_leg_that_the_broker_forgot_matters_only_if_something_is_missing(*, qty: Any, complete: bool) -> None:
    found = result(qty=qty, tp_order_id="forgotten")

    if complete:
        assert isinstance(found, Trade)
    else:
        assert fault(found) == (Reason.BROKER_ORDER_MISSING, "exit_order_id")


def test_a_theoretical_trade_that_the_broker_never_saw_is_taken_as_stated() -> None:
    found = row((), trade_type="THEORETICAL")

    assert (found.entry_price, found.exit_price, found.qty) == (Decimal(100), Decimal(110), Decimal(2))
    assert (found.broker_check, found.trade_type) == ("NOT_FOUND", "THEORETICAL")


def test_a_theoretical_trade_that_the_broker_filled_nevertheless_takes_the_fills() -> None:
    assert row(trade_type="THEORETICAL", entry_fill_price=99).entry_price == 100


def test_a_day_without_a_fee_rate_is_refused() -> None:
    found = result(symbol="AAPL", asset_class="EQUITY", entry_time="2010-01-04T15:00:00Z")

    assert fault(found)[0] is Reason.FEE_RATE_UNKNOWN
