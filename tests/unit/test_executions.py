from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.executions import Executions
from shared.fills import Fill
from shared.formulae import EXACT
from shared.order_book import OrderBook
from tests.unit.activities import Activity, Watched, execution
from tests.unit.samples import EXIT, order

PARTS = (
    execution("1", "out", "110", "1", transaction_time="2026-03-02T14:00:00Z"),
    execution("2", "out", "113", "2", transaction_time="2026-03-02T14:30:00Z"),
)
WHOLE = Fill("out", "sell", Decimal(112), Decimal(3), EXIT)


def told(*rows: Activity) -> Executions:
    made = Executions()
    made.add(rows)
    return made


def test_an_order_fills_the_sum_of_its_executions_at_their_average_price_when_the_last_one_did() -> None:
    assert told(*PARTS, execution("3", "other", "1", "1")).fill("out", "BTC/USD") == WHOLE


def test_the_slash_of_a_pair_may_be_missing() -> None:
    assert told(*({**one, "symbol": "BTCUSD"} for one in PARTS)).fill("out", "BTC/USD") == WHOLE


def test_the_same_execution_twice_counts_once() -> None:
    made = told(*PARTS, *PARTS)
    made.add(PARTS)

    assert made.fill("out", "BTC/USD") == WHOLE


def test_where_nothing_comes_nothing_is_worked_out_anew() -> None:
    watched = Watched(execution("1", "out", "110", "1"))
    made = told(watched)
    looks = watched.looks
    made.add(iter(()))

    assert watched.looks == looks > 0
    assert made.fill("out", "BTC/USD") is not None


def test_an_execution_that_the_broker_took_back_does_not_count() -> None:
    bust = execution("bust", "out", "110", "1", status="canceled", previous_id="1")

    assert told(*PARTS, bust).fill("out", "BTC/USD") == Fill("out", "sell", Decimal(113), Decimal(2), EXIT)


def test_a_short_sale_is_a_sale() -> None:
    found = told(execution("1", "out", "5", "1", side="sell_short")).fill("out", "BTC/USD")

    assert found is not None
    assert found.side == "sell"


@pytest.mark.parametrize("field", ["price", "qty"])
@pytest.mark.parametrize("bad", [None, "", "0", "-1", "nan", "abc", "1e29", "9e999999"])
def test_an_execution_that_cannot_be_read_leaves_the_order_unknown_never_smaller(field: str, bad: Any) -> None:
    assert told(PARTS[0], {**PARTS[1], field: bad}).fill("out", "BTC/USD") is None


def test_an_order_of_which_an_execution_is_missing_is_unknown_never_smaller() -> None:
    first, last = ({**one, "cum_qty": cum} for one, cum in zip(PARTS, ("1", "3"), strict=True))

    assert told(first, last).fill("out", "BTC/USD") == WHOLE
    assert told(last).fill("out", "BTC/USD") is None
    assert told(first).fill("out", "BTC/USD") is not None


@pytest.mark.parametrize(("filled", "known"), [("3", True), ("2.5", True), ("3.5", False)])
def test_executions_that_do_not_account_for_what_the_order_filled_are_not_all(*, filled: str, known: bool) -> None:
    out = order("out", "sell", None, filled)

    assert bool(book(out).fills([out])) == known


def test_an_order_without_executions_filled_nothing() -> None:
    assert told(*PARTS).fill("gone", "BTC/USD") is None
    assert told(*PARTS).fill("out", "ETH/USD") is None
    assert told().order("out") is None


amounts = st.integers(1, 10**12).map(lambda billionths: Decimal(f"{billionths}E-9"))


@given(st.lists(st.tuples(amounts, amounts), min_size=1, max_size=6), st.randoms())
def test_executions_average_exactly_in_any_order_and_repetition(
    parts: list[tuple[Decimal, Decimal]], chance: Random
) -> None:
    rows = [execution(str(number), "out", str(price), str(qty)) for number, (price, qty) in enumerate(parts)]
    with localcontext(EXACT):
        found = told(*chance.sample([*rows, *rows], 2 * len(rows))).fill("out", "BTC/USD")
    units = sum((Fraction(qty) for _, qty in parts), Fraction(0))
    paid = sum((Fraction(price) * Fraction(qty) for price, qty in parts), Fraction(0))

    assert found is not None
    assert Fraction(found.qty) == units
    assert abs(Fraction(found.price) - paid / units) < Fraction(1, 10**60)


def book(*orders: Any, rows: tuple[Activity, ...] = PARTS) -> OrderBook:
    made = OrderBook()
    made.add(orders)
    made.add_executions(rows)
    return made


@pytest.mark.parametrize("price", [None, "0"])
def test_executions_speak_for_an_order_that_lacks_its_price(price: str | None) -> None:
    out = order("out", "sell", price, "3")

    assert book(out).fills([out]) == [WHOLE]


@pytest.mark.parametrize(("price", "qty", "count"), [("100", "2", 1), (None, "0", 0), ("100", "0", 0)])
def test_an_order_that_speaks_for_itself_is_believed(price: str | None, qty: str, count: int) -> None:
    out = order("out", "sell", price, qty)
    found = book(out).fills([out])

    assert len(found) == count
    assert WHOLE not in found


def test_executions_make_an_order_known_that_the_broker_does_not_list() -> None:
    orders = book(order("in", "buy", "100", "3"))
    found = orders.find("out", "")

    assert orders.knows("out")
    assert orders.is_complete("out")
    assert found is not None
    assert orders.fills(orders.of("BTC/USD", found)) == [WHOLE]


def test_a_link_of_a_chain_that_is_not_listed_may_be_known_by_its_executions() -> None:
    first = order("first", "sell", "109", "1", replaced_by="out")
    orders = book(first)

    assert orders.is_complete("first")
    assert [one.order_id for one in orders.fills(orders.of("BTC/USD", first))] == ["first", "out"]


def test_an_unlisted_order_of_several_symbols_stands_for_the_one_asked_for() -> None:
    rows = (execution("1", "out", "4", "1", symbol="A"), execution("2", "out", "5", "1", symbol="B", side="buy"))
    orders = book(rows=rows)
    found = orders.find("out", "")

    assert found is not None
    assert [(one.price, one.side) for one in orders.fills(orders.of("B", found))] == [(Decimal(5), "buy")]
    assert orders.of("C", found) == []
