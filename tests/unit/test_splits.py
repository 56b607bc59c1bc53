from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.bars import Bar
from shared.splits import LEAP, leapt, on_one_basis, shares_of_one
from tests.unit.tape import bar

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
RATIOS = ("10", "2", "3/2", "5/4", "7/5", "20", "50", "1/2", "1/20", "1/150", "1/1000", "2/3")

prices = st.decimals("1", "5000", places=2)


def at(hour: int, price: Decimal) -> Bar:
    return bar(START + hour * HOUR, price)


@given(prices, prices, st.sampled_from(RATIOS), st.sampled_from(["1", "4", "1/10"]))
def test_the_ratio_of_a_split_is_found_whatever_the_market_did_meanwhile(
    before: Decimal, after: Decimal, ratio: str, later: str
) -> None:
    """Whole prices of a moment before and one after; a later split changes the adjusted prices of both alike."""
    shares, since = Fraction(ratio), Fraction(later)
    adjusted = before / shares.numerator * shares.denominator, after
    basis = [round(price / since.numerator * since.denominator, 4) for price in adjusted]
    if min(basis) < Decimal("0.02"):
        return  # rounded to four decimals, such a price is off by more than may be forgiven

    assert shares_of_one((at(0, before), at(1, after)), (at(0, basis[0]), at(1, basis[1]))) == shares


@given(prices, prices)
def test_where_the_adjustment_changes_nothing_there_was_no_split(before: Decimal, after: Decimal) -> None:
    traded = at(0, before), at(1, after)

    assert shares_of_one(traded, traded) == 1


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [("100", "110", True), ("110", "100", True), ("100", "109.99", False), ("109.99", "100", False), ("7", "7", False)],
)
def test_a_tenth_is_a_leap(*, before: str, after: str, expected: bool) -> None:
    assert Decimal("1.1") == LEAP
    assert leapt(at(0, Decimal(before)), at(1, Decimal(after))) == expected


def test_what_leaps_is_the_open_after_the_last_close() -> None:
    wide = bar(START, 100, 300, 10, 100)

    assert not leapt(wide, bar(START + HOUR, 105, 300, 10, 50))


@given(
    st.lists(prices, min_size=1, max_size=8), st.dictionaries(st.integers(0, 7), st.sampled_from(RATIOS), max_size=3)
)
def test_bars_of_a_split_stock_are_those_of_one_that_never_was(path: list[Decimal], splits: dict[int, str]) -> None:
    """A split at the first bar changes nothing for a moment of its day."""
    whole = [at(24 * hour, price) for hour, price in enumerate(path)]
    shares = Fraction(1)
    traded = []
    for hour, one in enumerate(whole):
        shares *= Fraction(splits.get(hour, "1")) if hour else 1
        traded.append(at(24 * hour, one.open / shares.numerator * shares.denominator))
    undone = on_one_basis(traded, {START + 24 * hour * HOUR: Fraction(ratio) for hour, ratio in splits.items()}, START)

    assert [round(one.close, 6) for one in undone] == [round(one.close, 6) for one in whole]
    assert [one.t for one in undone] == [one.t for one in whole]


def test_bars_without_a_split_are_left_as_they_are() -> None:
    bars = [at(hour, Decimal(100)) for hour in range(3)]

    assert on_one_basis(bars, {}, START) is bars
    assert on_one_basis(bars, {START - HOUR: Fraction(10)}, START) == bars


MIDNIGHT = datetime(2026, 3, 2, 5, tzinfo=UTC)
"""In New York."""


@pytest.mark.parametrize(("before_midnight", "price"), [(timedelta(microseconds=1), 100), (timedelta(0), 10)])
def test_a_split_is_undone_for_whoever_spoke_before_its_day(before_midnight: timedelta, price: int) -> None:
    opening = MIDNIGHT + timedelta(hours=9, minutes=30)
    (first,) = on_one_basis([bar(opening, 10)], {opening: Fraction(10)}, MIDNIGHT - before_midnight)

    assert first.close == price
