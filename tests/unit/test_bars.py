from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bars import LENGTHS, Bar, bar_holding, expected_bars, first_bar_from, shortfall
from tests.unit.tape import hourly

START = datetime(2026, 3, 2, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
lengths = st.sampled_from(sorted(LENGTHS.values()))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - by contract
spans = st.timedeltas(timedelta(0), timedelta(hours=30))
shapes = st.tuples(*[st.integers(95, 105)] * 4).map(lambda four: (four[0], max(four), min(four), four[3]))


@given(moments, lengths)
def test_a_bar_holds_the_moments_from_its_opening_to_the_next(moment: datetime, length: timedelta) -> None:
    opened = bar_holding(moment, length)

    assert opened <= moment < opened + length
    assert (opened - datetime(1970, 1, 1, tzinfo=UTC)) % length == timedelta(0)
    assert bar_holding(opened, length) == opened == bar_holding(opened + length - MICROSECOND, length)


@given(moments, lengths)
def test_the_first_bar_from_a_moment_never_opened_before_it(moment: datetime, length: timedelta) -> None:
    first = first_bar_from(moment, length)

    assert moment <= first < moment + length
    assert bar_holding(first, length) == first


@given(moments, spans, st.sampled_from(["5Min", "15Min", "1Hour", "1Day"]))
def test_expected_bars_are_those_that_open_in_the_window(start: datetime, span: timedelta, timeframe: str) -> None:
    length = LENGTHS[timeframe]
    opening = bar_holding(start, length)
    count = 0
    while opening < start + span:
        count += opening >= start
        opening += length

    assert expected_bars(start, start + span, length) == count


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("10:00", "10:00", 0),
        ("10:00", "11:00", 1),
        ("10:00", "11:01", 2),
        ("10:01", "11:00", 0),
        ("10:01", "11:01", 1),
        ("12:00", "10:00", 0),
    ],
)
def test_the_window_of_expected_bars_is_half_open(start: str, end: str, expected: int) -> None:
    opened, closed = (datetime.fromisoformat(f"2026-03-02T{clock}:00Z") for clock in (start, end))

    assert expected_bars(opened, closed, timedelta(hours=1)) == expected


def brute_shortfall(entry: Decimal, bars: list[Bar]) -> Decimal:
    """Every price that the market may have passed: inside each bar, and between one bar and the next."""
    spans = [(one.low, one.high) for one in bars]
    spans += [(min(a.high, b.high), max(a.low, b.low)) for a, b in pairwise(bars)]
    if any(low <= entry <= high for low, high in spans):
        return Decimal(0)
    return min(abs(entry - price) for one in bars for price in one[1:])


@given(st.integers(90, 110).map(Decimal), st.lists(shapes, min_size=1, max_size=6))
def test_the_shortfall_agrees_with_every_price_passed(entry: Decimal, found: list[tuple[int, ...]]) -> None:
    bars = hourly(START, *found)

    assert shortfall(entry, bars) == brute_shortfall(entry, bars)


@pytest.mark.parametrize(
    ("entry", "found", "expected"),
    [
        ("100", [(95, 98, 94, 97)], "2"),
        ("100", [(105, 108, 103, 104)], "3"),
        ("100", [(95, 98, 94, 97), (97, 99, 96, 98)], "1"),
        ("100", [(99, 101, 98, 100)], "0"),
        ("98", [(95, 98, 94, 97)], "0"),
        ("100", [(95, 98, 94, 97), (103, 105, 102, 104)], "0"),
        ("100", [(103, 105, 102, 104), (95, 98, 94, 97)], "0"),
    ],
)
def test_how_far_price_stayed_short_of_an_entry(entry: str, found: list[tuple[int, ...]], expected: str) -> None:
    assert shortfall(Decimal(entry), hourly(START, *found)) == Decimal(expected)


@pytest.mark.parametrize(
    ("earlier", "expected"),
    [
        ([], "2"),
        ([(103, 105, 102, 104)], "0"),
        ([(103, 105, 102, 104), (95, 98, 94, 97)], "2"),
        ([(95, 101, 94, 97)], "2"),
        ([(97, 105, 96, 104)], "0"),
    ],
)
def test_a_market_may_jump_over_an_entry_before_the_first_bar_but_not_trade_there(
    earlier: list[tuple[int, ...]], expected: str
) -> None:
    before, bars = hourly(START - timedelta(days=3), *earlier), hourly(START, (95, 98, 94, 97))

    assert shortfall(Decimal(100), bars, before) == Decimal(expected)


@pytest.mark.parametrize(("entry", "expected"), [("90", "4"), ("91", "3"), ("99", "1"), ("100", "2")])
def test_a_market_that_stood_at_the_entry_before_did_not_jump_over_it(entry: str, expected: str) -> None:
    before, bars = hourly(START - timedelta(days=3), (95, 101, 89, entry)), hourly(START, (95, 98, 94, 97))

    assert shortfall(Decimal(entry), bars, before) == Decimal(expected)
