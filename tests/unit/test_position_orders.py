from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import pytest

from schemas.trades import PositionDocument
from shared.fills import Order
from shared.option_events import OptionEvents
from shared.order_book import OrderBook
from shared.position_orders import PositionOrders
from tests.unit.activities import execution, option_event
from tests.unit.samples import ENTRY, EXIT, ORDERS, admitted, order

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
CALL = "AAPL260302C00150000"
OPTION = {"symbol": CALL, "asset_class": "OPTION", "exit_order_id": None}
BOUGHT = order("o-in", "buy", "4", "3", client_order_id="p-1", symbol=CALL)
SOLD = order("o-out", "sell", "6", "3", client_order_id="p-1-x", symbol=CALL)
ENTRY_ORDER, EXIT_ORDER = ORDERS


def book(orders: Sequence[Order] = ORDERS, executions: Sequence[Any] = ()) -> OrderBook:
    made = OrderBook()
    made.add(orders)
    made.add_executions(executions)
    return made


def trail(**changes: Any) -> PositionOrders:
    return PositionOrders(admitted(PositionDocument, **changes), HOUR)


@pytest.mark.parametrize(
    ("orders", "changes"),
    [
        (ORDERS, {}),
        (ORDERS, {"entry_order_id": None, "exit_order_id": None}),
        ((ENTRY_ORDER, {**EXIT_ORDER, "filled_qty": "0", "filled_avg_price": None}), {}),
        ((), {"trade_type": "THEORETICAL"}),
        # Executions do not carry the client's id.
        ((EXIT_ORDER,), {"entry_order_id": None}),
        ((BOUGHT,), OPTION),
    ],
)
def test_orders_that_speak_for_themselves_need_no_executions(orders: Sequence[Order], changes: Any) -> None:
    assert trail(**changes).executions(book(orders)) is None


@pytest.mark.parametrize(
    ("orders", "changes"),
    [
        ((), {}),
        ((ENTRY_ORDER,), {}),
        (ORDERS, {"tp_order_id": "gone"}),
        ((ENTRY_ORDER, {**EXIT_ORDER, "filled_avg_price": None}), {}),
        (({**ENTRY_ORDER, "filled_avg_price": "0"}, EXIT_ORDER), {}),
        # Found by name only, not by the document.
        ((ENTRY_ORDER, {**EXIT_ORDER, "filled_avg_price": "0"}), {"exit_order_id": None}),
        (({**ENTRY_ORDER, "replaced_by": "gone"}, EXIT_ORDER), {}),
        (({**ENTRY_ORDER, "replaced_by": "gone"}, EXIT_ORDER), {"entry_order_id": None}),
    ],
)
def test_executions_are_needed_around_the_trade_where_orders_are_unknown_or_lack_a_price(
    orders: Sequence[Order], changes: Any
) -> None:
    assert trail(**changes).executions(book(orders)) == (ENTRY - DAY, EXIT + DAY)


@pytest.mark.parametrize(("entry_id", "keys"), [("o-in", ("o-in", "p-1")), (None, ("p-1",))])
def test_what_opened_it_is_named_by_each_name_it_may_have(entry_id: str | None, keys: tuple[str, ...]) -> None:
    assert trail(entry_order_id=entry_id).entry_keys == keys


@pytest.mark.parametrize(
    ("orders", "changes", "needed"),
    [
        (ORDERS, {}, False),
        ((ENTRY_ORDER,), {}, False),
        ((BOUGHT, SOLD), OPTION, False),
        ((BOUGHT,), OPTION, True),
        ((BOUGHT, {**SOLD, "filled_qty": "2"}), OPTION, True),
        ((BOUGHT, {**SOLD, "filled_qty": "0"}), OPTION, True),
        ((), OPTION, False),
    ],
)
def test_the_end_of_contracts_is_looked_for_only_if_orders_left_some_open(
    *, orders: Sequence[Order], changes: Any, needed: bool
) -> None:
    found = trail(**changes).option_events(book(orders))

    assert (found is not None) == needed
    assert found is None or (found[0] < ENTRY and found[1] > EXIT + timedelta(days=4))


def test_an_execution_that_closes_the_rest_leaves_no_contract_open() -> None:
    found = trail(**{**OPTION, "exit_order_id": "o-out"})

    assert found.left_open(book([BOUGHT])) == 3
    assert found.left_open(book([BOUGHT], [execution("1", "o-out", "6", "3", symbol=CALL)])) == 0


@pytest.mark.parametrize(
    ("event", "needed"),
    [
        (option_event("OPEXP", CALL, "-3"), False),
        (option_event("OPASN", CALL, "3", price="2"), False),
        (option_event("OPASN", CALL, "3"), True),
        (option_event("OPEXC", CALL, "3"), True),
    ],
)
def test_bars_of_the_underlying_are_wanted_only_for_what_the_broker_does_not_value(*, event: Any, needed: bool) -> None:
    events = OptionEvents()
    events.add([event])
    windows = trail(**OPTION).value_bars(book([BOUGHT]), events)

    assert bool(windows) == needed
    for window in windows:
        assert (window.asset_class, window.symbol) == ("EQUITY", "AAPL")
        # The bar that opens an hour before the exit is over in time, the next one is not.
        assert window.end - timedelta(microseconds=1) == EXIT - HOUR


def test_nothing_tells_what_an_adjusted_contract_is_worth() -> None:
    symbol = "AAPL1260302C00150000"
    events = OptionEvents()
    events.add([option_event("OPASN", symbol, "3")])

    assert trail(**{**OPTION, "symbol": symbol}).value_bars(book([{**BOUGHT, "symbol": symbol}]), events) == ()
