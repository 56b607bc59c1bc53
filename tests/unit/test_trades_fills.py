import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from schemas.reasons import Reason
from schemas.trades import PositionDocument, Trade
from shared.bars import Bar
from shared.fills import Order
from shared.occ import underlying_window
from shared.option_events import BOOKED_WITHIN
from shared.quarantine import Reject
from tests.unit.activities import execution, option_event
from tests.unit.samples import EXIT, MICROSECOND, ORDERS, built, candidate, evidence, order

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


def ids(trade: Trade) -> Any:
    """The orders and events that make up a trade."""
    return json.loads(trade.order_ids or "null")


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
    assert ids(found) == {"entry": ["o-in"], "exit": ["o-half", "o-out"]}
    assert found.gross_pnl_usd == 17


@pytest.mark.parametrize(("stated", "check"), [("108.5", "MATCHED"), ("110", "MATCHED"), ("104", "CORRECTED")])
def test_after_scale_outs_the_document_may_state_the_average_or_the_last_price(stated: str, check: str) -> None:
    assert row((ENTRY_ORDER, REST, HALF), exit_fill_price=stated).broker_check == check


def test_an_average_with_endless_decimals_is_rounded_once() -> None:
    thirds = [
        order(f"o-{n}", "sell", price, "1", client_order_id=f"p-1_tp{n}") for n, price in enumerate(("1", "1", "2"))
    ]

    entry = {**ENTRY_ORDER, "filled_qty": "3"}

    assert row((entry, *thirds), exit_order_id=None).exit_price == Decimal("1.333333333")


def test_entry_and_exit_are_found_by_the_engines_names_when_the_document_has_no_ids() -> None:
    found = row(entry_order_id=None, exit_order_id=None)

    assert (found.entry_order_id, found.exit_order_id, found.broker_check) == ("o-in", "o-out", "MATCHED")


def test_the_bracket_leg_that_filled_is_the_exit() -> None:
    legs = [order("o-tp", "sell", "120", "2"), order("o-sl", "sell", None, "0", status="canceled")]
    entry = {**ENTRY_ORDER, "order_class": "bracket", "legs": legs}
    found = row((entry,), exit_order_id=None, exit_fill_price=120)

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
        (({**ENTRY_ORDER, "filled_qty": "0"}, EXIT_ORDER), {}, Reason.BROKER_NOT_FILLED, "entry_fill_price"),
        (({**ENTRY_ORDER, "filled_avg_price": None}, EXIT_ORDER), {}, Reason.MISSING_FILL_PRICE, "entry_fill_price"),
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
    assert (found.broker_check, found.trade_type, found.order_ids) == ("NOT_FOUND", "THEORETICAL", None)


PARTS = [{"qty": "0.5", "price": "104", "timestamp": "2026-03-02T12:00:00Z"}]


@pytest.mark.parametrize(
    "changes",
    [
        {"scaled_out_prices": PARTS},
        {"scaled_out_prices": PARTS, "original_qty": 2},
        {"scaled_out_prices": PARTS, "original_qty": 2, "qty": "1.5"},
        {"scaled_out_qty": "0.5", "scaled_out_price": "104"},
    ],
)
def test_a_theoretical_trade_leaves_at_the_average_of_all_its_exits(changes: dict[str, Any]) -> None:
    found = row((), trade_type="THEORETICAL", **changes)

    assert (found.qty, found.exit_price, found.gross_pnl_usd) == (Decimal(2), Decimal("108.5"), Decimal(17))
    assert found.reported_exit_price == 110


@pytest.mark.parametrize("changes", [{"qty": "0.4"}, {"original_qty": 3}, {"original_qty": 3, "qty": 1}])
def test_theoretical_quantities_that_do_not_add_up_are_refused(changes: dict[str, Any]) -> None:
    found = result((), trade_type="THEORETICAL", scaled_out_prices=PARTS, **changes)

    assert fault(found) == (Reason.OUT_OF_RANGE, "scaled_out_prices")


@pytest.mark.parametrize("symbol", ["ETH/BTC", "BTC/EUR"])
def test_a_pair_that_is_not_quoted_in_dollars_is_refused(symbol: str) -> None:
    orders = [{**one, "symbol": symbol} for one in ORDERS]

    assert fault(result(orders, symbol=symbol)) == (Reason.UNKNOWN_ENUM, "symbol")
    assert row([{**one, "symbol": "ETH/USDC"} for one in ORDERS], symbol="ETH/USDC").gross_pnl_usd == 20


@pytest.mark.parametrize("side", ["LONG", "SHORT"])
def test_an_entry_on_the_other_side_did_not_open_the_position(side: str) -> None:
    sides = ("sell", "buy") if side == "LONG" else ("buy", "sell")
    orders = [{**one, "side": other} for one, other in zip(ORDERS, sides, strict=True)]

    assert fault(result(orders, side=side)) == (Reason.BROKER_NOT_FILLED, "side")


WORKING = {"status": "partially_filled", "filled_qty": "0.5"}
NOTHING_YET = {**EXIT_ORDER, "status": "new", "filled_qty": "0"}


@pytest.mark.parametrize(
    ("exits", "changes"),
    [
        ([{**EXIT_ORDER, **WORKING}], {}),
        ([{**EXIT_ORDER, **WORKING}], {"qty": "0.5"}),
        ([HALF, NOTHING_YET], {}),
        ([HALF, order("o-sl", "sell", None, "0", status="new")], {"sl_order_id": "o-sl", "exit_order_id": None}),
        ([{**EXIT_ORDER, **WORKING, "status": "done_for_day"}], {}),
        # The engine lowered `qty` with the first exit, which by itself would account for what is left of it.
        ([HALF, NOTHING_YET], {"qty": "0.5", "original_qty": "2"}),
        ([HALF, NOTHING_YET], {"qty": "0.5", "scaled_out_qty": "0.5"}),
        ([{**HALF, "status": "replaced", "replaced_by": "o-out"}, {**EXIT_ORDER, **WORKING}], {}),
    ],
)
def test_a_trade_waits_for_an_exit_that_still_works(exits: list[Order], changes: dict[str, Any]) -> None:
    assert fault(result((ENTRY_ORDER, *exits), **changes)) == (Reason.BROKER_NOT_FILLED, "exit_order_id")


@pytest.mark.parametrize("sold", ["2", "1.995"])
@pytest.mark.parametrize("stated", [{}, {"original_qty": "3"}, {"original_qty": "1"}, {"scaled_out_qty": "0.5"}])
def test_a_stop_that_was_left_behind_is_not_waited_for(stated: dict[str, str], sold: str) -> None:
    stop = order("o-sl", "sell", None, "0", status="new")
    found = row((ENTRY_ORDER, {**EXIT_ORDER, "filled_qty": sold}, stop), sl_order_id="o-sl", **stated)

    assert found.qty == Decimal(sold)


@pytest.mark.parametrize("stated", [{"original_qty": "2"}, {"scaled_out_qty": "1.5"}])
def test_a_leg_that_the_broker_forgot_matters_if_scale_outs_do_not_add_up_to_the_whole(stated: dict[str, str]) -> None:
    legs = {"qty": "0.5", "exit_order_id": "o-half", "sl_order_id": "gone", **stated}

    assert fault(result((ENTRY_ORDER, HALF), **legs)) == (Reason.BROKER_ORDER_MISSING, "exit_order_id")


def test_a_theoretical_trade_that_the_broker_filled_nevertheless_takes_the_fills() -> None:
    assert row(trade_type="THEORETICAL", entry_fill_price=99).entry_price == 100


def test_a_day_without_a_fee_rate_is_refused() -> None:
    orders = [{**one, "symbol": "AAPL"} for one in ORDERS]
    found = result(orders, symbol="AAPL", asset_class="EQUITY", entry_time="2010-01-04T15:00:00Z")

    assert fault(found)[0] is Reason.FEE_RATE_UNKNOWN


@pytest.mark.parametrize("which", [0, 1])
def test_an_order_of_another_symbol_is_not_the_positions(which: int) -> None:
    orders = [*ORDERS]
    orders[which] = {**orders[which], "symbol": "ETH/USD"}

    assert fault(result(orders)) == (Reason.BROKER_ORDER_MISSING, ("entry_order_id", "exit_order_id")[which])


def test_every_order_of_a_chain_that_filled_is_listed_by_time() -> None:
    first = order("o-0", "buy", "99", "0.5", replaced_by="o-in", filled_at="2026-03-02T09:00:00Z")
    unfilled = order("o-1", "buy", None, "0", replaces="o-in")
    entry = {**ENTRY_ORDER, "replaces": "o-0", "replaced_by": "o-1"}

    assert ids(row((unfilled, entry, first, EXIT_ORDER)))["entry"] == ["o-0", "o-in"]


def test_an_order_that_was_cancelled_after_a_part_filled_counts_with_that_part() -> None:
    out = {**EXIT_ORDER, "status": "canceled", "qty": "2", "filled_qty": "1.25"}

    assert row((ENTRY_ORDER, out)).qty == Decimal("1.25")


def test_an_order_without_a_price_is_priced_by_its_executions() -> None:
    out = {**EXIT_ORDER, "filled_avg_price": "0"}
    found = row((ENTRY_ORDER, out, execution("1", "o-out", "109", "1.5"), execution("2", "o-out", "113", "0.5")))

    assert (found.exit_price, found.qty, found.exit_order_id) == (Decimal(110), Decimal(2), "o-out")
    assert found.broker_check == "MATCHED"


TARGET = order("o-tp", "sell", "120", "0.5", client_order_id="p-1-tp")
UNPRICED = order("o-out", "sell", None, "1.5", client_order_id="p-1-x")
CHAIN = (
    order("o-in", "buy", "100", "0.5", status="replaced", replaced_by="o-2"),
    order("o-2", "buy", None, "1.5", replaces="o-in"),
)


@pytest.mark.parametrize("changes", [{}, {"exit_order_id": None}, {"qty": "0.5"}, {"trade_type": "THEORETICAL"}])
def test_a_trade_is_not_archived_on_a_part_of_its_exits(changes: dict[str, Any]) -> None:
    assert fault(result((ENTRY_ORDER, TARGET, UNPRICED), **changes)) == (Reason.MISSING_FILL_PRICE, "exit_fill_price")


def test_a_trade_is_not_archived_on_a_part_of_its_entries() -> None:
    assert fault(result((*CHAIN, EXIT_ORDER))) == (Reason.MISSING_FILL_PRICE, "entry_fill_price")


def test_executions_that_are_not_all_there_are_no_price() -> None:
    first = execution("1", "o-out", "110", "1")

    assert fault(result((ENTRY_ORDER, TARGET, UNPRICED, first)))[0] is Reason.MISSING_FILL_PRICE
    # Its last execution says that the unlisted order had filled 1.5 by then.
    last = execution("2", "o-out", "110", "1", cum_qty="1.5")
    assert fault(result((ENTRY_ORDER, TARGET, last)))[0] is Reason.MISSING_FILL_PRICE


def test_executions_that_are_all_there_complete_the_trade() -> None:
    found = row((ENTRY_ORDER, TARGET, UNPRICED, execution("1", "o-out", "116", "1.5")))

    assert (found.qty, found.exit_price, ids(found)["exit"]) == (Decimal(2), Decimal(117), ["o-tp", "o-out"])
    assert row((*CHAIN, EXIT_ORDER, execution("1", "o-2", "104", "1.5", side="buy"))).entry_price == 103


def test_an_exit_whose_successor_the_broker_does_not_know_is_a_part_only() -> None:
    replaced = {**EXIT_ORDER, "filled_qty": "0.5", "status": "replaced", "replaced_by": "gone"}

    assert fault(result((ENTRY_ORDER, replaced))) == (Reason.BROKER_ORDER_MISSING, "exit_order_id")


@pytest.mark.parametrize("qty", [1, 2, 3])
def test_an_exit_that_closed_another_position_besides_is_nobodys_alone(qty: int) -> None:
    shared = {**EXIT_ORDER, "filled_qty": "2.000000001"}

    assert fault(result((ENTRY_ORDER, shared), qty=qty)) == (Reason.BROKER_NOT_FILLED, "exit_order_id")


def test_an_order_that_opened_another_position_is_no_exit_however_it_is_named() -> None:
    # The other one is a short position whose own id is `p-1-x1`.
    other = order("o-short", "sell", "90", "1", client_order_id="p-1-x1")
    out = {**EXIT_ORDER, "filled_qty": "1"}
    given = evidence(orders=(ENTRY_ORDER, out, other))
    given.orders.add_entries(["p-1", "p-1-x1"])
    found = built("trades", candidate(PositionDocument), given)

    assert (found.qty, ids(found)["exit"]) == (1, ["o-out"])


def test_an_order_that_is_not_listed_is_known_by_its_executions() -> None:
    found = row((ENTRY_ORDER, execution("1", "o-out", "110", "2")))

    assert (found.exit_price, ids(found)) == (Decimal(110), {"entry": ["o-in"], "exit": ["o-out"]})


CALL = "AAPL260302C00150000"
OPTION: dict[str, Any] = {"symbol": CALL, "asset_class": "OPTION", "exit_order_id": None}
BOUGHT = order("o-in", "buy", "4", "3", client_order_id="p-1", symbol=CALL)
SOLD_ONE = order("o-out", "sell", "6", "1", client_order_id="p-1-x", symbol=CALL)
EXPIRED = option_event("OPEXP", CALL, "-3")
EVENT = "20260302000000000::OPEXP"


def ended(*events: Order, spots: Sequence[Bar] = (), **changes: Any) -> Trade | Reject:
    """What becomes of three calls bought at 4, after orders and events."""
    position = {**OPTION, "qty": 3, "entry_fill_price": 4, **changes}
    given = evidence({"AAPL": spots} if spots else None, orders=(BOUGHT, *events))
    found: Trade | Reject = built("trades", candidate(PositionDocument, **position), given)
    return found


def ended_row(*events: Order, **changes: Any) -> Trade:
    found = ended(*events, **changes)
    assert isinstance(found, Trade), found
    return found


@pytest.mark.parametrize(
    ("stated", "check", "reported"),
    [(0, "MATCHED", 0), ("0.0", "MATCHED", 0), (None, "CORRECTED", None), ("0.05", "CORRECTED", Decimal("0.05"))],
)
def test_an_option_that_expired_left_at_zero(stated: Any, check: str, reported: Any) -> None:
    found = ended_row(EXPIRED, exit_fill_price=stated)

    assert (found.exit_price, found.qty, found.gross_pnl_usd) == (Decimal(0), Decimal(3), Decimal(-1200))
    assert (found.broker_check, found.reported_exit_price) == (check, reported)
    assert (found.exit_order_id, ids(found)) == (None, {"entry": ["o-in"], "exit": [EVENT]})


def test_a_zero_is_no_price_of_an_option_that_was_sold() -> None:
    found = ended_row({**SOLD_ONE, "filled_qty": "3"}, exit_fill_price=0)

    assert (found.exit_price, found.broker_check, found.reported_exit_price) == (Decimal(6), "CORRECTED", None)


def test_what_orders_left_open_expired() -> None:
    found = ended_row(SOLD_ONE, EXPIRED, exit_fill_price=2)

    assert (found.exit_price, found.qty, found.broker_check) == (Decimal(2), Decimal(3), "MATCHED")
    assert (found.exit_order_id, ids(found)["exit"]) == ("o-out", ["o-out", EVENT])


def test_an_order_may_close_what_an_early_assignment_left() -> None:
    assigned = option_event("OPASN", CALL, "2", price="5")
    found = ended_row(assigned, {**SOLD_ONE, "filled_at": "2026-03-04T15:00:00Z"}, exit_fill_price=6)

    assert (ids(found)["exit"], found.exit_order_id) == (["20260302000000000::OPASN", "o-out"], "o-out")
    assert found.broker_check == "MATCHED"


@pytest.mark.parametrize(("later", "found"), [(BOOKED_WITHIN - MICROSECOND, None), (BOOKED_WITHIN, 1)])
def test_contracts_that_are_left_are_waited_for_as_long_as_the_broker_may_book_their_end(
    later: timedelta, found: int | None
) -> None:
    position = {**OPTION, "qty": 3, "entry_fill_price": 4, "exit_fill_price": 6}
    one = candidate(PositionDocument, as_of=EXIT + later, **position)
    made = built("trades", one, evidence(orders=(BOUGHT, SOLD_ONE)))

    if found is None:
        assert fault(made) == (Reason.BROKER_NOT_FILLED, "exit_fill_price")
    else:
        assert made.qty == found


def test_what_ended_on_one_day_at_several_prices_is_nobodys_unless_it_is_all() -> None:
    assigned = option_event("OPASN", CALL, "2", price="5")
    other = option_event("OPEXP", CALL, "-2")

    assert fault(ended(assigned, other)) == (Reason.BROKER_NOT_FILLED, "exit_fill_price")
    assert ended_row(assigned, {**other, "qty": "-1"}).qty == 3
    assert ended_row(assigned, {**other, "date": "2026-03-03"}).qty == 3


def test_an_event_closes_no_more_than_ended() -> None:
    assert ended_row(option_event("OPEXP", CALL, "-2"), exit_fill_price=0).qty == 2


def test_contracts_that_end_without_an_order_cost_no_fee_at_the_exit() -> None:
    entry, sold = (
        ended_row(*orders, exit_fill_price=None).fee_estimate_usd for orders in ([EXPIRED], [SOLD_ONE, EXPIRED])
    )

    assert 0 < entry < sold


@pytest.mark.parametrize("kind", ["OPASN", "OPEXC"])
def test_an_exercised_option_left_at_what_the_broker_says(kind: str) -> None:
    assert ended_row(option_event(kind, CALL, "3", price="7.5")).exit_price == Decimal("7.5")
    assert ended_row(option_event(kind, CALL, "3", net_amount="-2100")).exit_price == 7


HOURS = [
    Bar(EXIT - timedelta(minutes=minutes), *map(Decimal, prices))
    for minutes, prices in (
        (150, ("152", "153", "151", "152")),
        (90, ("152", "158", "151", "157.5")),
        (30, ("158", "199", "158", "190")),
    )
]


def test_else_an_exercised_option_left_at_its_value_by_the_last_bar_that_was_over() -> None:
    found = ended_row(option_event("OPASN", CALL, "3"), spots=HOURS, exit_fill_price="7.5")

    assert (found.exit_price, found.broker_check) == (Decimal("7.5"), "MATCHED")


def test_an_engine_that_notices_days_later_does_not_move_the_value_of_what_ended() -> None:
    evening = Bar(datetime(2026, 3, 2, 20, tzinfo=UTC), *map(Decimal, ("157", "158", "156", "157.5")))
    monday = Bar(datetime(2026, 3, 5, 9, tzinfo=UTC), *map(Decimal, ("149", "150", "148", "149")))
    noticed = datetime(2026, 3, 5, 14, tzinfo=UTC)
    found = ended_row(option_event("OPASN", CALL, "3"), spots=[evening, monday], exit_time=noticed)

    assert found.exit_price == Decimal("7.5")


@pytest.mark.parametrize(("symbol", "spots"), [(CALL, ()), ("AAPL1260302C00150000", HOURS)])
def test_without_a_bar_or_a_standard_contract_its_value_is_not_guessed(symbol: str, spots: Sequence[Bar]) -> None:
    event, bought = option_event("OPASN", symbol, "3"), {**BOUGHT, "symbol": symbol}
    given = evidence({"AAPL": spots} if spots else None, orders=(bought, event))
    # Another trade may have wanted the same bars.
    given.market.load([underlying_window(symbol, EXIT)])
    found = built("trades", candidate(PositionDocument, **{**OPTION, "symbol": symbol, "qty": 3}), given)

    assert fault(found) == (Reason.MISSING_FILL_PRICE, "exit_fill_price")


def test_an_option_that_nothing_closed_is_refused() -> None:
    assert fault(ended()) == (Reason.BROKER_ORDER_MISSING, "exit_order_id")
    assert fault(ended({**EXPIRED, "status": "canceled"})) == (Reason.BROKER_ORDER_MISSING, "exit_order_id")
    assert fault(ended({**SOLD_ONE, "filled_qty": "0"}))[0] is Reason.BROKER_NOT_FILLED


def test_an_event_excuses_no_unknown_order() -> None:
    assert fault(ended(EXPIRED, exit_order_id="gone")) == (Reason.BROKER_ORDER_MISSING, "exit_order_id")


def test_a_short_call_that_expired_earned_its_premium() -> None:
    found = built(
        "trades",
        candidate(PositionDocument, **{**OPTION, "qty": 3, "side": "SHORT"}),
        evidence(orders=({**BOUGHT, "side": "sell"}, {**EXPIRED, "qty": "3"})),
    )

    assert (found.exit_price, found.gross_pnl_usd) == (Decimal(0), Decimal(1200))
