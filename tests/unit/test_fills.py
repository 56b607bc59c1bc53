from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fills import Fill, Order, OrderBook, fill_of, quantity, vwap
from tests.unit import anything
from tests.unit.samples import order

ENTRY = order("in", "buy", "100", "2", client_order_id="p-1")

WHEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def book(*orders: Order) -> OrderBook:
    made = OrderBook()
    made.add(orders)
    return made


def ids(orders: Sequence[Order]) -> list[str]:
    return [one["id"] for one in orders]


def fill(price: str, qty: str) -> Fill:
    return Fill("one", "sell", Decimal(price), Decimal(qty), WHEN)


decimals = st.integers(1, 10**15).map(lambda billionths: Decimal(f"{billionths}E-9"))


@given(st.lists(st.tuples(decimals, decimals), min_size=1, max_size=5))
def test_the_average_price_is_weighted_by_quantity(pairs: list[tuple[Decimal, Decimal]]) -> None:
    fills = [Fill("one", "sell", price, qty, WHEN) for price, qty in pairs]
    paid = sum((Fraction(price) * Fraction(qty) for price, qty in pairs), Fraction(0))
    units = sum((Fraction(qty) for _, qty in pairs), Fraction(0))

    assert Fraction(quantity(fills)) == units
    assert abs(Fraction(vwap(fills)) - paid / units) <= paid / units / 10**20
    assert min(pairs)[0] - Decimal("1e-15") <= vwap(fills) <= max(pairs)[0] + Decimal("1e-15")


def test_the_average_price_by_example() -> None:
    assert vwap([fill("100", "1"), fill("110", "3")]) == Decimal("107.5")
    assert quantity([]) == 0


@pytest.mark.parametrize("status", ["filled", "canceled", "expired", "replaced", "calculated", "never_heard_of", None])
def test_a_fill_counts_whatever_the_status_says(status: str | None) -> None:
    found = fill_of(order("one", "sell", "110.5", "0.75", status=status))

    assert found == Fill("one", "sell", Decimal("110.5"), Decimal("0.75"), WHEN)


@pytest.mark.parametrize(
    "bad", [None, "", "0", "0.0", "-1", "nan", "sNaN", "inf", "-Infinity", "abc", "1,5", [], {}, True]
)
def test_an_order_without_a_price_or_a_quantity_above_zero_filled_nothing(bad: Any) -> None:
    assert fill_of({**ENTRY, "filled_qty": bad}) is None
    assert fill_of({**ENTRY, "filled_avg_price": bad}) is None


def test_an_order_without_its_fill_fields_filled_nothing() -> None:
    assert fill_of({"id": "one"}) is None


@given(anything.values, anything.values)
def test_reading_a_fill_never_raises(price: Any, qty: Any) -> None:
    found = fill_of({**ENTRY, "filled_avg_price": price, "filled_qty": qty})

    assert found is None or (found.price > 0 and found.qty > 0)


def test_numbers_may_come_as_numbers() -> None:
    found = fill_of({**ENTRY, "filled_avg_price": 0.1, "filled_qty": 3})

    assert found is not None
    assert (found.price, found.qty) == (Decimal("0.1"), Decimal(3))


def test_an_order_is_found_by_the_brokers_id_before_the_clients() -> None:
    one, two = order("1", "buy", "1", "1", client_order_id="p-1"), order("2", "buy", "1", "1", client_order_id="p-2")
    orders = book(one, two)

    assert orders.find("1", "p-2") is one
    assert orders.find(None, "p-2") is two
    assert orders.find("unknown", "p-2") is two
    assert orders.find("unknown", "unknown") is None
    assert [orders.knows(key) for key in ("1", "p-2", "3")] == [True, True, False]


def test_the_same_order_twice_is_one() -> None:
    orders = book(ENTRY, dict(ENTRY), order("out", "sell", "110", "2", client_order_id="p-1-x"))
    orders.add([dict(ENTRY)])

    assert len(orders.fills([ENTRY, ENTRY])) == 1
    assert ids(orders.exits(ENTRY, "p-1", ["out", "out"])) == ["out"]


def chain_of_three() -> tuple[Order, Order, Order]:
    """An order replaced twice, each filled in part."""
    first = order("1", "sell", "110", "1", status="replaced", replaced_by="2")
    second = order("2", "sell", "111", "2", status="replaced", replaces="1", replaced_by="3")
    return first, second, order("3", "sell", "112", "3", replaces="2")


@pytest.mark.parametrize("start", [0, 1, 2])
def test_every_link_of_a_chain_leads_to_all_its_fills(start: int) -> None:
    links = chain_of_three()
    fills = book(*links).fills([links[start]])

    assert [one.order_id for one in fills] == ["1", "2", "3"]
    assert quantity(fills) == 6
    assert vwap(fills) == (Decimal(110) + 222 + 336) / 6


def test_two_links_of_one_chain_count_its_fills_once() -> None:
    links = chain_of_three()

    assert quantity(book(*links).fills([links[2], links[0]])) == 6


def test_a_replacement_that_was_not_fetched_ends_the_chain() -> None:
    lonely = order("1", "sell", "110", "1", replaced_by="gone", replaces="lost")

    assert ids(list(book(lonely).chain(lonely))) == ["1"]


@pytest.mark.parametrize("way", ["replaced_by", "replaces"])
def test_a_circle_of_replacements_is_walked_once(way: str) -> None:
    circle = [order(name, "sell", "1", "1", **{way: after}) for name, after in (("1", "2"), ("2", "3"), ("3", "1"))]

    assert len(list(book(*circle).chain(circle[0]))) == len(set(ids(list(book(*circle).chain(circle[0])))))


@given(st.data(), st.integers(1, 4))
def test_no_tangle_of_replacements_loses_the_order_itself(data: st.DataObject, count: int) -> None:
    links = st.none() | st.sampled_from(["0", "1", "2", "3", "gone"])
    orders = [
        order(str(number), "sell", "1", "1", replaced_by=data.draw(links), replaces=data.draw(links))
        for number in range(count)
    ]
    for one in orders:
        chained = ids(list(book(*orders).chain(one)))
        assert len(chained) == len(set(chained))
        assert one["id"] in chained


@pytest.mark.parametrize(
    ("earlier", "later"),
    [
        ("2026-03-02T10:00:00Z", "2026-03-02T11:00:00Z"),
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00.5Z"),
        ("2026-03-02T10:00:00.123Z", "2026-03-02T10:00:00.123001234Z"),
        ("2026-03-02T10:00:00+01:00", "2026-03-02T09:30:00Z"),
    ],
)
def test_fills_come_in_the_order_of_time(earlier: str, later: str) -> None:
    second = order("a", "sell", "111", "1", filled_at=later)
    first = order("b", "sell", "110", "1", filled_at=earlier)

    assert [one.order_id for one in book(second, first).fills([second, first])] == ["b", "a"]


@pytest.mark.parametrize("when", [None, "", "soon", "2026-03-02T10:00:00", 5])
def test_a_fill_whose_time_cannot_be_read_comes_first(when: Any) -> None:
    undated = order("b", "sell", "110", "1", filled_at=when, updated_at=None)
    dated = order("a", "sell", "111", "1")

    assert [one.order_id for one in book(dated, undated).fills([dated, undated])] == ["b", "a"]


def test_a_cancelled_partial_fill_is_dated_by_its_last_update() -> None:
    partial = order("a", "sell", "110", "1", status="canceled", filled_at=None, updated_at="2026-03-02T11:00:00Z")
    rest = order("b", "sell", "111", "1", filled_at="2026-03-02T10:00:00Z")

    assert [one.order_id for one in book(partial, rest).fills([partial, rest])] == ["b", "a"]


def test_the_legs_of_a_bracket_are_exits() -> None:
    target = order("tp", "sell", "120", "2")
    stop = order("sl", "sell", None, "0", status="canceled")
    more = order("more", "buy", "99", "1")
    entry = {**ENTRY, "legs": [target, stop, more]}
    orders = book(entry)

    exits = orders.exits(entry, "p-1", [])

    assert ids(exits) == ["tp", "sl"]
    assert [one.order_id for one in orders.fills(exits)] == ["tp"]
    assert orders.knows("tp")


def test_legs_of_legs_are_known_too() -> None:
    assert book(
        {**ENTRY, "legs": [{**order("tp", "sell", "1", "1"), "legs": [order("deep", "sell", "1", "1")]}]}
    ).knows("deep")


@pytest.mark.parametrize(
    ("client_id", "own"),
    [
        *(("p-1-x", True), ("p-1_tp", True), ("p-1-exit_2", True), ("p-1-TP1", True), ("p-1_scale-2b", True)),
        *(("p-1", False), ("p-1-", False), ("p-1x", False), ("p-1-2", False), ("p-1-add", False), ("p-1-xx1", False)),
        *(("p-10-x", False), ("x-p-1", False), ("p-2-x", False), ("p-1-x\n", False), ("", False), (None, False)),
    ],
)
def test_orders_that_the_engine_named_after_the_position_are_exits(*, client_id: str | None, own: bool) -> None:
    leave = order("out", "sell", "110", "2", client_order_id=client_id)

    assert ids(book(ENTRY, leave).exits(ENTRY, "p-1", [])) == (["out"] if own else [])


def test_only_the_side_opposite_to_the_entry_closes_a_position() -> None:
    added = order("add", "buy", "101", "1", client_order_id="p-1-add")
    out = order("out", "sell", "110", "3", client_order_id="p-1-x")

    assert ids(book(ENTRY, added, out).exits(ENTRY, "p-1", ["add", "out"])) == ["out"]
    short = {**out, "client_order_id": "p-2"}
    assert ids(book(short, {**added, "client_order_id": "p-2-x"}).exits(short, "p-2", [])) == ["add"]


def test_an_entry_is_never_its_own_exit() -> None:
    sideless = {**ENTRY, "side": None}

    assert book(ENTRY).exits(ENTRY, "p-1", ["in"]) == []
    assert book(sideless).exits(sideless, "p-1", ["in"]) == []


def test_without_an_entry_named_orders_of_any_side_are_exits() -> None:
    out = order("out", "sell", "110", "2")

    assert ids(book(out).exits(None, "p-1", ["out", "gone"])) == ["out"]
