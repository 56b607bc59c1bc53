from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from shared.bars import Bar, excursion, walk
from tests.unit.tape import hourly

START = datetime(2026, 3, 2, tzinfo=UTC)
MIRROR = 200
"""Prices are reflected in the middle of [0, 200]."""

levels = st.none() | st.integers(85, 115).map(Decimal)
sides = st.sampled_from(["LONG", "SHORT"])
shapes = st.tuples(*[st.integers(90, 110)] * 4).map(lambda four: (four[0], max(four), min(four), four[3]))
series = st.lists(shapes, max_size=12).map(lambda found: hourly(START, *found))


def reflected(bars: list[Bar]) -> list[Bar]:
    """The same market upside down."""
    return [Bar(b.t, MIRROR - b.open, MIRROR - b.low, MIRROR - b.high, MIRROR - b.close) for b in bars]


def upside_down(level: Decimal | None) -> Decimal | None:
    return None if level is None else MIRROR - level


WALKS = [
    ("nothing hit: the last close", [(100, 105, 96, 101), (101, 109, 95, 103)], "103", "HORIZON", 2),
    ("target touched exactly", [(100, 110, 96, 101)], "110", "TAKE_PROFIT", 1),
    ("stop touched exactly", [(100, 105, 94, 101)], "94", "STOP_LOSS", 1),
    ("one bar holds both: the stop comes first", [(100, 115, 90, 112)], "94", "STOP_LOSS", 1),
    ("a gap below the stop fills at the open", [(100, 101, 99, 100), (92, 93, 91, 92)], "92", "STOP_LOSS", 2),
    ("a gap above the target fills at the open", [(100, 101, 99, 100), (113, 114, 112, 113)], "113", "TAKE_PROFIT", 2),
    ("an open beyond the target comes before a stop in the same bar", [(111, 112, 90, 95)], "111", "TAKE_PROFIT", 1),
    ("an open beyond the stop comes before a target in the same bar", [(93, 115, 92, 114)], "93", "STOP_LOSS", 1),
    ("an open on the stop fills there", [(94, 115, 94, 114)], "94", "STOP_LOSS", 1),
    ("an open on the target fills there", [(110, 115, 90, 114)], "110", "TAKE_PROFIT", 1),
    (
        "the first bar that hits ends it",
        [(100, 105, 96, 101), (100, 110, 96, 101), (90, 91, 80, 85)],
        "110",
        "TAKE_PROFIT",
        2,
    ),
]


@pytest.mark.parametrize(("bars", "price", "reason", "used"), [one[1:] for one in WALKS], ids=[one[0] for one in WALKS])
def test_a_long_walks_from_100_between_94_and_110(
    bars: list[tuple[int, ...]], price: str, reason: str, used: int
) -> None:
    leave = walk("LONG", Decimal(94), Decimal(110), hourly(START, *bars))

    assert leave is not None
    assert (leave.price, leave.reason, leave.bars_used) == (Decimal(price), reason, used)
    assert leave.time == hourly(START, *bars)[used - 1].t


@pytest.mark.parametrize(
    ("shape", "price", "reason"),
    [
        ((100, 106, 95, 101), "106", "STOP_LOSS"),
        ((100, 105, 94, 101), "94", "TAKE_PROFIT"),
        ((100, 106, 94, 101), "106", "STOP_LOSS"),
        ((107, 108, 93, 101), "107", "STOP_LOSS"),
        ((93, 108, 92, 101), "93", "TAKE_PROFIT"),
    ],
)
def test_a_short_walks_from_100_between_106_and_94(shape: tuple[int, ...], price: str, reason: str) -> None:
    leave = walk("SHORT", Decimal(106), Decimal(94), hourly(START, shape))

    assert leave is not None
    assert (leave.price, leave.reason) == (Decimal(price), reason)


def test_without_bars_there_is_no_exit() -> None:
    assert walk("LONG", Decimal(94), Decimal(110), []) is None


@pytest.mark.parametrize("side", ["LONG", "SHORT"])
def test_a_missing_level_is_never_hit(side: str) -> None:
    wild = hourly(START, (100, 10**9, 1, 100), (100, 10**9, 1, 77))
    leave = walk(side, None, None, wild)

    assert leave is not None
    assert (leave.price, leave.reason, leave.bars_used) == (Decimal(77), "HORIZON", 2)


@given(sides, levels, levels, series)
def test_a_short_is_a_long_in_a_mirror(
    side: str, stop: Decimal | None, target: Decimal | None, bars: list[Bar]
) -> None:
    other = "SHORT" if side == "LONG" else "LONG"
    here = walk(side, stop, target, bars)
    there = walk(other, upside_down(stop), upside_down(target), reflected(bars))

    assert (here is None) == (there is None)
    if here and there:
        assert here.price == MIRROR - there.price
        assert (here.reason, here.time, here.bars_used) == (there.reason, there.time, there.bars_used)


@given(sides, levels, levels, series)
def test_the_exit_is_a_price_that_its_bar_traded_at(
    side: str, stop: Decimal | None, target: Decimal | None, bars: list[Bar]
) -> None:
    leave = walk(side, stop, target, bars)
    assume(leave)
    assert leave is not None
    last = bars[leave.bars_used - 1]

    assert last.low <= leave.price <= last.high
    assert leave.price in {last.open, last.close, stop, target}
    assert leave.time == last.t


@given(levels, levels, series)
def test_before_the_exit_nothing_was_touched_and_at_the_exit_the_right_thing_was(
    stop: Decimal | None, target: Decimal | None, bars: list[Bar]
) -> None:
    leave = walk("LONG", stop, target, bars)
    assume(leave)
    assert leave is not None
    before, last = bars[: leave.bars_used - 1], bars[leave.bars_used - 1]
    untouched = before if leave.reason != "HORIZON" else bars

    assert all(stop is None or bar.low > stop for bar in untouched)
    assert all(target is None or bar.high < target for bar in untouched)
    if leave.reason == "STOP_LOSS":
        assert stop is not None
        assert leave.price == min(stop, last.open)
    if leave.reason == "TAKE_PROFIT":
        assert target is not None
        assert leave.price == max(target, last.open)
        # A stop in the same bar loses only to an open beyond the target.
        assert stop is None or last.low > stop or last.open >= target


@given(sides, levels, levels, series, series)
def test_bars_after_the_exit_change_nothing(
    side: str, stop: Decimal | None, target: Decimal | None, bars: list[Bar], later: list[Bar]
) -> None:
    leave = walk(side, stop, target, bars)
    assume(leave and leave.reason != "HORIZON")

    assert walk(side, stop, target, [*bars, *later]) == leave


@given(sides, st.integers(80, 120).map(Decimal), series)
def test_excursions_agree_with_the_extremes_and_are_never_negative(side: str, entry: Decimal, bars: list[Bar]) -> None:
    moved = excursion(side, entry, bars)
    above = max([bar.high - entry for bar in bars] + [Decimal(0)])
    below = max([entry - bar.low for bar in bars] + [Decimal(0)])

    assert (moved.favourable, moved.adverse) == ((above, below) if side == "LONG" else (below, above))
    reached = [bar.t for bar in bars if moved.favourable in {bar.high - entry, entry - bar.low} and moved.favourable]
    assert moved.favourable_at is None or moved.favourable_at in reached
    assert (moved.favourable_at is None) == (moved.favourable == 0)


@given(st.integers(80, 120).map(Decimal), series)
def test_the_excursion_of_a_short_is_that_of_a_long_in_a_mirror(entry: Decimal, bars: list[Bar]) -> None:
    assert excursion("LONG", entry, bars) == excursion("SHORT", MIRROR - entry, reflected(bars))


def test_the_best_excursion_is_dated_by_the_first_bar_that_reached_it() -> None:
    bars = hourly(START, (100, 101, 99, 100), (100, 107, 99, 100), (100, 107, 95, 100))

    assert excursion("LONG", Decimal(100), bars).favourable_at == bars[1].t
    assert excursion("SHORT", Decimal(100), bars).favourable_at == bars[2].t
