from collections.abc import Sequence
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fills import Order, quantity, vwap
from shared.order_book import OrderBook
from tests.unit.anything import json_scalars, nested
from tests.unit.samples import order

json_values = nested(json_scalars, st.text(max_size=4))
BTC = "BTC/USD"
ENTRY = order("in", "buy", "100", "2", client_order_id="p-1")


def book(*orders: Order) -> OrderBook:
    made = OrderBook()
    made.add(orders)
    return made


def ids(orders: Sequence[Order]) -> list[str]:
    return [one["id"] for one in orders]


def exits(orders: OrderBook, position: str = "p-1", *named: str, entry: Sequence[Order] = (ENTRY,)) -> list[str]:
    """Ids of the orders that may have closed a position in bitcoin."""
    return ids(orders.exits(BTC, entry, position, named))


def test_an_order_is_found_by_the_brokers_id_before_the_clients() -> None:
    one, two = order("1", "buy", "1", "1", client_order_id="p-1"), order("2", "buy", "1", "1", client_order_id="p-2")
    orders = book(one, two)

    found = [orders.find(*names) for names in (("1", "p-2"), (None, "p-2"), ("unknown", "p-2"))]
    assert [one and one["id"] for one in found] == ["1", "2", "2"]
    assert orders.find("unknown", "unknown") is None
    assert [orders.knows(key) for key in ("1", "p-2", "3")] == [True, True, False]


def test_of_an_order_only_what_is_used_is_kept_and_each_leg_once() -> None:
    ballast = dict.fromkeys(("asset_id", "limit_price", "expires_at"), "#" * 1000)
    target = {**order("tp", "sell", "120", "2", **ballast), "legs": [order("deep", "sell", "1", "1", **ballast)]}
    found = book({**ENTRY, **ballast, "legs": [target]})

    for name in ("in", "tp", "deep"):
        kept = found.find(name, "")
        assert kept is not None
        assert not kept.keys() & ballast.keys()
        assert all(one.keys() == {"id"} for one in kept["legs"])


def test_the_same_order_twice_is_one() -> None:
    orders = book(ENTRY, dict(ENTRY), order("out", "sell", "110", "2", client_order_id="p-1-x"))
    orders.add([dict(ENTRY)])

    assert len(orders.fills([ENTRY, ENTRY])) == 1
    assert exits(orders, "p-1", "out", "out") == ["out"]


def chain_of_three() -> tuple[Order, Order, Order]:
    """An order replaced twice, each filled in part."""
    first = order("1", "sell", "110", "1", status="replaced", replaced_by="2")
    second = order("2", "sell", "111", "2", status="replaced", replaces="1", replaced_by="3")
    return first, second, order("3", "sell", "112", "3", replaces="2")


@pytest.mark.parametrize("start", [0, 1, 2])
def test_every_link_of_a_chain_leads_to_all_its_fills(start: int) -> None:
    links = chain_of_three()
    found = book(*links)
    fills = found.fills(found.of(BTC, links[start]))

    assert [one.order_id for one in fills] == ["1", "2", "3"]
    assert quantity(fills) == 6
    assert vwap(fills) == (Decimal(110) + 222 + 336) / 6


def test_two_links_of_one_chain_count_its_fills_once() -> None:
    links = chain_of_three()
    found = book(*links)

    assert quantity(found.fills([*found.of(BTC, links[2]), *found.of(BTC, links[0])])) == 6


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


@pytest.mark.parametrize(("kind", "closes"), [("bracket", True), ("oco", True), ("oto", True), ("", False)])
def test_the_legs_of_brackets_are_exits_and_those_of_nothing_else(*, kind: str, closes: bool) -> None:
    target = order("tp", "sell", "120", "2")
    stop = order("sl", "sell", None, "0", status="canceled")
    more = order("more", "buy", "99", "1")
    entry = {**ENTRY, "order_class": kind, "legs": [target, stop, more]}
    orders = book(entry)

    assert exits(orders, entry=[entry]) == (["tp", "sl"] if closes else [])
    assert orders.knows("tp")


def test_of_a_bracket_only_the_leg_that_filled_counts() -> None:
    legs = [order("tp", "sell", "120", "2"), order("sl", "sell", None, "0", status="canceled")]
    entry = {**ENTRY, "order_class": "bracket", "legs": legs}
    orders = book(entry)

    assert [one.order_id for one in orders.fills(orders.exits(BTC, [entry], "p-1", []))] == ["tp"]


def test_the_stop_of_a_named_pair_of_exits_is_an_exit_too() -> None:
    # The target is the parent and the stop its leg; the document names the parent alone.
    pair = order("tp", "sell", None, "0", status="canceled", order_class="oco", legs=[order("sl", "sell", "90", "2")])

    assert exits(book(ENTRY, pair), "p-1", "tp") == ["tp", "sl"]


def test_the_legs_of_a_replaced_bracket_are_exits() -> None:
    replaced = order(
        "0", "buy", None, "0", replaced_by="in", order_class="bracket", legs=[order("tp", "sell", "1", "1")]
    )
    entry = {**ENTRY, "replaces": "0"}
    orders = book(replaced, entry)

    assert exits(orders, entry=orders.of(BTC, entry)) == ["tp"]


def test_a_bracket_that_contains_itself_ends() -> None:
    inner = {**order("tp", "sell", "1", "1"), "order_class": "bracket", "legs": [ENTRY]}
    entry = {**ENTRY, "order_class": "bracket", "legs": [inner]}

    assert exits(book(entry), entry=[entry]) == ["tp"]


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

    assert exits(book(ENTRY, leave)) == (["out"] if own else [])


@pytest.mark.parametrize("entry", ["p-1-x1", "short"])
def test_what_opens_another_position_is_no_exit_of_this_one(entry: str) -> None:
    short = order("short", "sell", "110", "2", client_order_id="p-1-x1")
    out = order("out", "sell", "110", "2", client_order_id="p-1-x2")
    orders = book(ENTRY, short, out)
    assert exits(orders) == ["short", "out"]

    orders.add_entries(["p-1", entry])

    assert exits(orders) == ["out"]
    assert exits(orders, "p-1", "short") == ["short", "out"], "the document's word counts for more than a name"


@pytest.mark.parametrize(("known", "outer", "inner"), [([], ["deep"], ["deep"]), (["p-1-x1"], [], ["deep"])])
def test_an_order_named_after_two_positions_belongs_to_the_longer_name(
    known: list[str], outer: list[str], inner: list[str]
) -> None:
    orders = book(ENTRY, order("deep", "sell", "110", "2", client_order_id="p-1-x1-x"))
    orders.add_entries(["p-1", *known])

    assert exits(orders) == outer
    assert exits(orders, "p-1-x1") == inner


def test_only_the_side_opposite_to_the_entry_closes_a_position() -> None:
    added = order("add", "buy", "101", "1", client_order_id="p-1-add")
    out = order("out", "sell", "110", "3", client_order_id="p-1-x")

    assert exits(book(ENTRY, added, out), "p-1", "add", "out") == ["out"]
    short = {**out, "client_order_id": "p-2"}
    assert exits(book(short, {**added, "client_order_id": "p-2-x"}), "p-2", entry=[short]) == ["add"]


def test_an_entry_is_never_its_own_exit() -> None:
    sideless = {**ENTRY, "side": None}

    assert exits(book(ENTRY), "p-1", "in") == []
    assert exits(book(sideless), "p-1", "in", entry=[sideless]) == []


def test_without_an_entry_named_orders_of_any_side_are_exits() -> None:
    assert exits(book(order("out", "sell", "110", "2")), "p-1", "out", "gone", entry=()) == ["out"]


@pytest.mark.parametrize(("symbol", "own"), [("BTC/USD", True), ("BTCUSD", True), ("ETH/USD", False), ("", False)])
def test_an_exit_is_of_the_positions_own_symbol(*, symbol: str, own: bool) -> None:
    out = order("out", "sell", "110", "2", client_order_id="p-1-x", symbol=symbol)

    assert exits(book(ENTRY, out), "p-1", "out") == (["out"] if own else [])


CALL, PUT = "AAPL260918C00150000", "AAPL260918P00150000"


def spread(name: str, *legs: Order, **more: Any) -> Order:
    """A multi-leg order as Alpaca shows it: without symbol and side, its price net of all legs."""
    return order(name, "", "1.28", "1", symbol="", order_class="mleg", legs=list(legs), **more)


def leg(name: str, symbol: str, side: str, price: str, **more: Any) -> Order:
    return order(name, side, price, "1", symbol=symbol, order_class="mleg", **more)


OPENED = spread("in", leg("in-c", CALL, "buy", "4.10"), leg("in-p", PUT, "sell", "2.82"), client_order_id="p-1")


@pytest.mark.parametrize("named", ["in", "in-c"])
@pytest.mark.parametrize(("symbol", "leg_id"), [(CALL, "in-c"), (PUT, "in-p")])
def test_a_multi_leg_order_stands_for_its_leg_of_the_symbol(named: str, symbol: str, leg_id: str) -> None:
    orders = book(OPENED)
    found = orders.find(named, "")

    assert found is not None
    assert ids(orders.of(symbol, found)) == [leg_id]


def test_the_net_price_of_a_multi_leg_order_is_no_fill() -> None:
    orders = book(OPENED)

    assert [one.price for one in orders.fills(orders.of(CALL, OPENED))] == [Decimal("4.10")]
    assert orders.of("AAPL260918C00160000", OPENED) == []


def test_the_other_leg_of_the_entry_is_no_exit() -> None:
    orders = book(OPENED)

    assert orders.exits(CALL, orders.of(CALL, OPENED), "p-1", ["in", "in-p"]) == []


@pytest.mark.parametrize("named", [["out"], ["out-c"], []])
def test_a_multi_leg_exit_closes_by_its_leg_of_the_symbol(named: list[str]) -> None:
    closed = spread("out", leg("out-p", PUT, "buy", "1"), leg("out-c", CALL, "sell", "5"), client_order_id="p-1-x")
    orders = book(OPENED, closed)

    assert ids(orders.exits(CALL, orders.of(CALL, OPENED), "p-1", named)) == ["out-c"]


@pytest.mark.parametrize("named", ["in", "again", "in-c", "again-c"])
def test_a_replaced_multi_leg_order_stands_for_the_legs_of_both(named: str) -> None:
    first = {**OPENED, "replaced_by": "again"}
    second = spread("again", leg("again-c", CALL, "buy", "4.20"), leg("again-p", PUT, "sell", "2.8"), replaces="in")
    orders = book(first, second)
    found = orders.find(named, "")

    assert found is not None
    assert set(ids(orders.of(CALL, found))) == {"in-c", "again-c"}


def test_a_chain_is_complete_when_every_order_it_names_is_known() -> None:
    first, second, third = chain_of_three()

    assert all(book(first, second, third).is_complete(key) for key in ("1", "2", "3", "c-1"))
    assert not book(first, second).is_complete("1")
    assert not book(second, third).is_complete("c-3")
    assert not book(first).is_complete("gone")


def test_what_filled_at_a_price_that_nobody_states_is_told_apart_from_what_did_not_fill() -> None:
    late, never = order("late", "sell", None, "1"), order("never", "sell", None, "0", status="canceled")
    orders = book(ENTRY, late, never)

    assert ids(orders.unpriced([ENTRY, late, never])) == ["late"]
    assert [one.order_id for one in orders.fills([ENTRY, late, never])] == ["in"]


@given(st.data())
def test_an_order_that_holds_anything_names_nothing_and_breaks_nothing(data: st.DataObject) -> None:
    odd = {**ENTRY, **{name: data.draw(json_values) for name in ENTRY if name not in {"id", "legs"}}}
    orders = book(odd, order("out", "sell", "110", "2", client_order_id="p-1-x"))
    found = orders.find("in", "")

    assert found is not None
    entry = orders.of(BTC, found)
    assert "in" not in ids(orders.exits(BTC, entry, "p-1", ["out"])) or not entry
    assert len(orders.fills(entry)) + len(orders.unpriced(entry)) <= len(entry)


@given(st.data(), st.integers(1, 5), st.randoms())
def test_whatever_replaced_what_the_fills_are_the_same_in_any_order_of_arrival(
    data: st.DataObject, count: int, chance: Random
) -> None:
    links = st.none() | st.sampled_from(["0", "1", "2", "3", "4"])
    orders = [
        order(str(n), "sell", str(n + 1), "1", replaced_by=data.draw(links), replaces=data.draw(links))
        for n in range(count)
    ]
    arrived = book(*chance.sample([*orders, *orders], 2 * count))
    fills, expected = (one.fills(one.of(BTC, orders[0])) for one in (arrived, book(*orders)))

    assert fills == expected
    assert quantity(fills) == len({one.order_id for one in fills})
    assert min(one.price for one in fills) <= vwap(fills) <= max(one.price for one in fills)
