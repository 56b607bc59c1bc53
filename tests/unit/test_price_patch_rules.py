from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.price_patch import find, lacks
from schemas.trades import PositionDocument
from shared.broker import Broker
from shared.fills import Order
from shared.order_lookup import OrderLookup
from shared.source_patch import Finding, wrote
from tests.unit.anything import json_scalars, nested, stored_values
from tests.unit.samples import ORDERS, POSITION, order, raw, settings

ENTRY_ORDER, EXIT_ORDER = ORDERS
NO_ENTRY, NO_EXIT = {"entry_fill_price": None}, {"exit_fill_price": None}


def lookup(orders: Sequence[Order], *accounts: Any) -> OrderLookup:
    """A lookup that has been answered with orders and will hear of no others, but from these accounts."""
    broker = Broker(settings())
    broker.accounts = accounts
    made = OrderLookup(broker)
    made.book.add(orders)
    return made


def found(orders: Sequence[Order], **changes: Any) -> Finding:
    return find(raw(PositionDocument, {**POSITION, **changes}), lookup(orders))


def answer(orders: Sequence[Order], **changes: Any) -> Decimal | str:
    """The one price that was found, or why there is none."""
    result = found(orders, **changes)
    answers: list[Decimal | str] = [*(value.new for value in result.values), *result.outcomes]
    assert len(answers) == 1
    return answers[0]


UNPRICED = order("o-out", "sell", None, "5")
TARGET = order("o-tp", "sell", "120", "5", client_order_id="p-1-tp")


@pytest.mark.parametrize("qty", [5, 10])
def test_an_exit_is_not_priced_by_a_part_of_its_orders(qty: int) -> None:
    assert answer((ENTRY_ORDER, UNPRICED, TARGET), qty=qty, **NO_EXIT) == "still working"
    assert answer((ENTRY_ORDER, {**UNPRICED, "filled_avg_price": "110"}, TARGET), qty=qty, **NO_EXIT) == 115


def test_an_order_that_filled_and_has_no_price_yet_is_still_working_and_was_not_never_filled() -> None:
    assert answer((ENTRY_ORDER, UNPRICED), qty=5, **NO_EXIT) == "still working"
    assert answer((ENTRY_ORDER, {**UNPRICED, "filled_qty": "0"}), qty=5, **NO_EXIT) == "never filled"


REPLACED = order("o-in", "buy", "100", "3", client_order_id="p-1", status="replaced", replaced_by="o-2")


@pytest.mark.parametrize(
    ("successor", "expected"),
    [
        ([order("o-2", "buy", None, "7", replaces="o-in")], "still working"),
        ([], "not found"),
        ([order("o-2", "buy", "110", "7", replaces="o-in")], Decimal(107)),
        ([order("o-2", "buy", None, "0", replaces="o-in", status="canceled")], Decimal(100)),
    ],
)
@pytest.mark.parametrize("status", ["OPEN", "CLOSED"])
def test_an_entry_that_was_replaced_is_priced_with_its_successor(
    status: str, successor: list[Order], expected: Decimal | str
) -> None:
    assert answer((REPLACED, *successor), qty=3, status=status, **NO_ENTRY) == expected


class Account:
    """An account that is asked for single orders."""

    def __init__(self, *orders: Order) -> None:
        self.order = {one["id"]: one for one in orders}.get


def test_an_entry_that_a_sweep_for_another_position_met_is_priced_with_its_successor() -> None:
    ids = ("00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002")
    first = {**REPLACED, "id": ids[0], "replaced_by": ids[1]}
    swept = lookup([first], Account(first, order(ids[1], "buy", "110", "7", replaces=ids[0])))
    nameless = {**POSITION, "qty": 10, "entry_order_id": None, **NO_ENTRY}

    (value,) = find(raw(PositionDocument, nameless), swept).values

    assert value.new == 107


@pytest.mark.parametrize("filled", ["1", "0"])
@pytest.mark.parametrize("qty", [1, 2])
def test_an_exit_whose_successor_is_unknown_is_not_found(filled: str, qty: int) -> None:
    replaced = {**EXIT_ORDER, "filled_qty": filled, "status": "replaced", "replaced_by": "gone"}

    assert answer((ENTRY_ORDER, replaced), qty=qty, **NO_EXIT) == "not found"


@pytest.mark.parametrize("status", ["OPEN", "CLOSED"])
def test_an_entry_that_still_fills_is_waited_for_however_small_the_document_says_it_is(status: str) -> None:
    filling = {**ENTRY_ORDER, "status": "partially_filled", "filled_qty": "4"}

    assert answer((filling, EXIT_ORDER), qty=3, status=status, **NO_ENTRY) == "still working"


@pytest.mark.parametrize(("filled", "expected"), [("0", Decimal(110)), ("0.5", "still working")])
def test_an_exit_order_left_behind_is_not_waited_for_unless_it_fills(filled: str, expected: Decimal | str) -> None:
    stop = order("o-sl", "sell", "90", filled, status="partially_filled")

    assert answer((ENTRY_ORDER, EXIT_ORDER, stop), sl_order_id="o-sl", **NO_EXIT) == expected


@pytest.mark.parametrize("stated", [{"original_qty": 10}, {"scaled_out_qty": 5}])
def test_an_exit_is_not_priced_by_scale_outs_that_account_for_what_is_left_of_the_quantity(
    stated: dict[str, int],
) -> None:
    bought, last = {**ENTRY_ORDER, "filled_qty": "10"}, {**EXIT_ORDER, "filled_qty": "0", "status": "new"}

    assert answer((bought, TARGET, last), qty=5, **stated, **NO_EXIT) == "still working"
    filled = {**last, "filled_qty": "5", "status": "filled"}
    assert answer((bought, TARGET, filled), qty=5, **stated, **NO_EXIT) == 115


@pytest.mark.parametrize("qty", [2, 3])
def test_an_option_of_which_a_part_ended_without_an_order_is_left_alone(qty: int) -> None:
    call = {"symbol": "AAPL260302C00150000", "asset_class": "OPTION", "qty": qty}
    bought, sold = ({**one, "symbol": call["symbol"], "filled_qty": n} for one, n in zip(ORDERS, "31", strict=True))

    assert answer((bought, sold), **call, exit_fill_price=0) == "ended without an order"
    assert answer((bought, {**sold, "filled_qty": "3"}), **call, exit_fill_price=0) == 110


@pytest.mark.parametrize("absurd", ["1e30", "1e-30", "9e999999"])
def test_a_price_that_no_column_holds_is_unusable(absurd: str) -> None:
    assert answer((ENTRY_ORDER, {**EXIT_ORDER, "filled_avg_price": absurd}), **NO_EXIT) == "unusable price"


def test_quantities_that_cannot_be_added_up_make_the_price_unusable() -> None:
    legs = [order(name, "sell", "110", "9e999999") for name in ("o-out", "o-tp")]

    assert answer((ENTRY_ORDER, *legs), tp_order_id="o-tp", **NO_EXIT) == "unusable price"


json_values = nested(json_scalars, st.text(max_size=4))
SPOILT = [name for name in ENTRY_ORDER if name not in {"id", "legs"}]


@given(st.dictionaries(st.sampled_from([*POSITION, "trade_type", "filled_avg_price", "filled_at"]), stored_values))
def test_whatever_a_document_holds_each_thing_it_lacks_has_an_outcome(odd: dict[str, Any]) -> None:
    fields = {**POSITION, **NO_ENTRY, **NO_EXIT, **odd}
    result = found(ORDERS, **fields)

    assert len(result.values) + len(result.outcomes) == len(lacks(fields))
    assert all(value.new > 0 for value in result.values)


@given(*(st.dictionaries(st.sampled_from([*SPOILT, "replaced_by", "updated_at"]), json_values) for _ in ORDERS))
def test_whatever_an_order_holds_each_side_has_an_outcome(entry: dict[str, Any], leave: dict[str, Any]) -> None:
    result = found(({**ENTRY_ORDER, **entry}, {**EXIT_ORDER, **leave}), **NO_ENTRY, **NO_EXIT)

    assert len(result.values) + len(result.outcomes) == 2
    assert all(0 < value.new < 10**29 for value in result.values)


@pytest.mark.parametrize("noted", [None, "by hand", 1, [], {}, {"run_id": None}, {"run_id": "another"}])
def test_whatever_a_document_notes_in_place_of_a_patch_is_not_by_this_run(noted: Any) -> None:
    field = "entry_fill_price"

    assert not wrote("this", field, {"price_patch": noted})
    assert not wrote("this", field, {"price_patch": {field: noted}})
    assert wrote("this", field, {"price_patch": {field: {"run_id": "this"}}})
    assert not wrote("this", field, {})
