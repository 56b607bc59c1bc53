from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic_core import PydanticCustomError

from shared.formulae import gross_pnl, multiplier, net_pnl, notional, percent, sign, slippage

prices = st.integers(1, 10**18).map(lambda billionths: Decimal(f"{billionths}E-9"))
"""Prices and quantities with nine decimals, up to a thousand million."""
sides = st.sampled_from(["LONG", "SHORT"])


def rounded(exact: Fraction) -> Decimal:
    """Half-even to nine decimals: what round() does to a Fraction."""
    return Decimal(f"{round(exact * 10**9)}E-9")


def frac(*numbers: Decimal) -> tuple[Fraction, ...]:
    return tuple(Fraction(number) for number in numbers)


@pytest.mark.parametrize(
    ("side", "entry", "leave", "size", "expected"),
    [
        ("LONG", "100", "110", "2", "20"),
        ("LONG", "110", "100", "2", "-20"),
        ("SHORT", "100", "110", "2", "-20"),
        ("SHORT", "110", "100", "2", "20"),
        ("LONG", "100", "100", "2", "0"),
        ("LONG", "1.5", "2.25", "300", "225"),
        ("LONG", "0.000000001", "0.000000002", "0.5", "0"),
        ("LONG", "0.000000001", "0.000000004", "0.5", "0.000000002"),
    ],
)
def test_gross_profit_by_example(side: str, entry: str, leave: str, size: str, expected: str) -> None:
    assert gross_pnl(side, Decimal(entry), Decimal(leave), Decimal(size)) == Decimal(expected)


@given(sides, prices, prices, prices)
def test_gross_profit_is_exact_and_rounded_once(side: str, entry: Decimal, leave: Decimal, size: Decimal) -> None:
    e, x, q = frac(entry, leave, size)

    assert gross_pnl(side, entry, leave, size) == rounded((x - e) * q if side == "LONG" else (e - x) * q)


@given(prices, prices, prices)
def test_what_a_long_wins_a_short_loses(entry: Decimal, leave: Decimal, size: Decimal) -> None:
    assert gross_pnl("LONG", entry, leave, size) == -gross_pnl("SHORT", entry, leave, size)
    assert gross_pnl("LONG", entry, leave, size) == gross_pnl("SHORT", leave, entry, size)


@given(prices, prices)
def test_a_percentage_is_exact_and_rounded_once(part: Decimal, whole: Decimal) -> None:
    p, w = frac(part, whole)

    assert percent(part, whole) == rounded(p / w * 100)
    assert percent(-part, whole) == -percent(part, whole)


@given(sides, prices, prices, prices, st.integers(1, 6))
def test_the_callers_precision_does_not_matter(
    side: str, entry: Decimal, leave: Decimal, size: Decimal, digits: int
) -> None:
    with localcontext() as context:
        context.prec = digits
        sloppy = gross_pnl(side, entry, leave, size), percent(entry, leave)
        sums = notional(entry, leave, size), net_pnl(entry, leave)

    assert sloppy == (gross_pnl(side, entry, leave, size), percent(entry, leave))
    assert frac(*sums) == (Fraction(entry) * Fraction(leave) * Fraction(size), Fraction(entry) - Fraction(leave))


@pytest.mark.parametrize(
    ("side", "entry", "target", "expected"),
    [
        ("LONG", "101", "100", "1"),
        ("LONG", "99", "100", "-1"),
        ("SHORT", "101", "100", "-1"),
        ("SHORT", "99", "100", "1"),
        ("LONG", "100", "100", "0"),
        ("LONG", "100", "3", "3233.333333333"),
    ],
)
def test_slippage_is_positive_when_it_costs(side: str, entry: str, target: str, expected: str) -> None:
    assert slippage(side, Decimal(entry), Decimal(target)) == Decimal(expected)


def test_there_is_no_slippage_without_a_target() -> None:
    assert slippage("LONG", Decimal(100), None) is None


@given(sides, prices, prices)
def test_slippage_is_relative_to_the_target(side: str, entry: Decimal, target: Decimal) -> None:
    e, t = frac(entry, target)

    assert slippage(side, entry, target) == rounded(((e - t) if side == "LONG" else (t - e)) / t * 100)


def test_only_options_have_a_multiplier() -> None:
    assert [multiplier(one) for one in ("CRYPTO", "EQUITY", "OPTION")] == [1, 1, 100]
    assert [sign(one) for one in ("LONG", "SHORT")] == [1, -1]


def test_a_result_beyond_numeric_is_refused_not_cut() -> None:
    with pytest.raises(PydanticCustomError, match="more than 29 digits"):
        gross_pnl("LONG", Decimal(1), Decimal(10) ** 20, Decimal(10) ** 10)
