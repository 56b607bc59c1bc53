"""Bars as they are kept: small, exact, and no others than can be data."""

import tracemalloc
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import combinations_with_replacement
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import bar_store
from shared.bar_store import BarReader, BarStore
from shared.bars import Bar
from shared.values import rfc3339
from tests.simulation.substitution import substituted

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)


def raw(hour: float, *prices: Any) -> dict[str, Any]:
    """A bar as the broker spells it: of one price, or of open, high, low and close."""
    return {
        "t": rfc3339(START + hour * HOUR),
        **dict(zip("ohlc", prices if len(prices) > 1 else prices * 4, strict=True)),
    }


def stored(*answers: Sequence[dict[str, Any]]) -> BarStore:
    store = BarStore()
    for answer in answers:
        store.add(answer)
    return store


def bars_of(*answers: Sequence[dict[str, Any]]) -> list[Bar]:
    """The bars of some pages."""
    return stored(*answers).made()


@pytest.mark.parametrize(
    ("shape", "sound"),
    [
        ((100, 101, 99, 100), True),
        ((100, 100, 100, 100), True),
        ((100, 99, 98, 99), False),
        ((100, 101, 99, 102), False),
        ((100, 101, 100, 99), False),
        ((98, 101, 99, 100), False),
        ((0, 101, 0, 100), False),
        ((100, 101, 0, 100), False),
        ((-1, 101, -2, 100), False),
        ((1, 1, 9e-10, 1), False),
        ((1, 1, 1e-9, 1), True),
        ((1, 9.9e28, 1, 1), True),
        ((1, 1e29, 1, 1), False),
    ],
)
def test_a_sound_bar_has_prices_above_zero_between_its_low_and_its_high(
    *, shape: tuple[float, ...], sound: bool
) -> None:
    assert len(bars_of([raw(0, *shape)])) == sound


@pytest.mark.parametrize("price", [None, True, "", "ten", "nan", float("nan"), float("inf"), 10**400, [1], {}])
def test_a_bar_whose_price_cannot_be_read_is_a_gap(price: Any) -> None:
    assert [bar.t for bar in bars_of([raw(0, 1), raw(1, price), raw(2, 1)])] == [START, START + 2 * HOUR]


@pytest.mark.parametrize("at", ["2026-03-02T01:00:00", 7, "soon"])
def test_so_is_one_without_a_time(at: Any) -> None:
    assert bars_of([{**raw(1, 1), "t": at}]) == []
    assert bars_of([{"t": rfc3339(START)}]) == []


@given(st.floats(1e-9, 1e15))
def test_a_price_is_what_its_shortest_decimal_says_to_nine_places(price: float) -> None:
    (bar,) = bars_of([raw(0, price)])

    assert bar[1:] == (Decimal(repr(price)).quantize(Decimal("1e-9")),) * 4


def test_a_time_is_kept_to_the_microsecond_whatever_its_zone() -> None:
    (bar,) = bars_of([{**raw(0, 1), "t": "2026-03-01T19:00:00.000001-05:00"}])

    assert bar.t == START + timedelta(microseconds=1)


def test_of_a_bar_that_comes_twice_the_later_one_is_kept() -> None:
    pages = [raw(1, 5), raw(0, 1), raw(1, 6)], [raw(3, 3), raw(2, 2)], [raw(1, 7), raw(4, 4)], [raw(4, 5), raw(5, 6)]

    assert [bar.close for bar in bars_of(*pages)] == [1, 7, 2, 3, 5, 6]
    assert [bar.close for bar in bars_of([raw(0, 1)], [raw(0, 2)])] == [2]


def test_what_was_read_before_more_came_is_read_anew() -> None:
    store, reader = BarStore(), BarReader()
    for number in range(1, 4):
        store.add([raw(number, number)])
        assert [bar.close for bar in reader.read(store, 0, number)] == list(range(1, number + 1))


hours = st.integers(0, 30)
answers = st.lists(st.tuples(hours, st.integers(1, 9)), max_size=12)
takes = st.lists(st.tuples(hours, hours, answers), min_size=1, max_size=5)


@given(takes=takes, block=st.integers(1, 7), blocks=st.integers(0, 3), cut=st.slices(30))
def test_what_is_read_is_what_was_taken_last_for_that_time(
    takes: Sequence[tuple[int, int, Sequence[tuple[int, int]]]], block: int, blocks: int, cut: slice
) -> None:
    kept: dict[int, int] = {}
    with substituted([(bar_store, "BLOCK", block), (bar_store, "BLOCKS", blocks)]):
        store, reader = BarStore(), BarReader()
        for begin, end, bars in takes:
            found = stored([raw(hour, price) for hour, price in bars])
            store.take(found, START + begin * HOUR, START + end * HOUR)
            outside = {hour: price for hour, price in kept.items() if not begin <= hour < max(begin, end)}
            kept = dict(sorted({**outside, **{at: price for at, price in bars if begin <= at < end}}.items()))
            for first, last in combinations_with_replacement(range(len(kept) + 1), 2):
                read = reader.read(store, first, last)
                assert numbers(read) == list(kept.items())[first:last]
                assert numbers(read[cut]) == numbers([read[number] for number in range(len(read))][cut])
    assert len(store) == len(kept)
    assert store.index(START + 15 * HOUR) == sum(hour < 15 for hour in kept)
    assert list(reader.read(store, 5, 2)) == []


def numbers(bars: Iterable[Bar]) -> list[tuple[int, int]]:
    """Hour and price of each."""
    return [((bar.t - START) // HOUR, int(bar.close)) for bar in bars]


def test_a_bar_takes_forty_bytes_and_a_little_room_to_grow() -> None:
    number = 50_000
    answer, store = [raw(hour, 100.25) for hour in range(number)], BarStore()
    tracemalloc.start()
    try:
        store.add(answer)
        held, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(store) == number
    assert held < number * 48


def test_bars_are_made_a_block_at_a_time_however_many_are_walked() -> None:
    number = 50_000
    store = stored([raw(hour, 100.25) for hour in range(number)])
    with substituted([(bar_store, "BLOCKS", 10)]):
        bars = BarReader().read(store, 0, number)
    tracemalloc.start()
    try:
        assert sum(1 for _ in bars) == number
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < number * 20
