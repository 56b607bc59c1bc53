from datetime import date, timedelta
from decimal import Decimal, localcontext
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.formulae import MIN_DAYS, drawdown

START = date(2026, 1, 1)
equities = st.lists(st.integers(1, 10**15).map(lambda cents: Decimal(cents) / 100), min_size=1, max_size=12)


def curve(*equity: str | int | Decimal, days: int = 10) -> list[tuple[date, Decimal]]:
    """Equity every so many days."""
    return [(START + timedelta(days=number * days), Decimal(value)) for number, value in enumerate(equity)]


def rounded(exact: Fraction) -> Decimal:
    return Decimal(f"{round(exact * 10**9)}E-9")


@given(equities)
def test_drawdowns_agree_with_every_pair_of_days(values: list[Decimal]) -> None:
    exact = [Fraction(value) for value in values]
    falls = [(high - low) / high for high, low in combinations(exact, 2)]

    fell = drawdown(curve(*values, days=1))

    assert fell.peak == max(values)
    assert fell.max_pct == rounded(max([*falls, Fraction(0)]) * 100)
    assert fell.now_pct == rounded((max(exact) - exact[-1]) / max(exact) * 100)
    assert 0 <= fell.now_pct <= fell.max_pct <= 100


@pytest.mark.parametrize(
    ("equity", "peak", "now", "worst"),
    [
        ((100,), 100, 0, 0),
        ((100, 110, 121), 121, 0, 0),
        ((100, 90), 100, 10, 10),
        ((100, 50, 80), 100, 20, 50),
        ((100, 80, 200, 170), 200, 15, 20),
        ((100, 80, 200, 150), 200, 25, 25),
    ],
)
def test_drawdowns_by_example(equity: tuple[int, ...], peak: int, now: int, worst: int) -> None:
    fell = drawdown(curve(*equity))

    assert fell.peak == peak
    assert fell.now_pct == now
    assert fell.max_pct == worst


@given(st.lists(st.integers(1, 100), min_size=2, max_size=6), st.integers(1, 200))
def test_the_calmar_ratio_is_the_compound_return_over_the_worst_fall(values: list[int], step: int) -> None:
    fell = drawdown(curve(*values, days=step))
    days = step * (len(values) - 1)
    worst = max((Fraction(high - low, high) for high, low in combinations(values, 2)), default=Fraction(0))
    if days < MIN_DAYS or worst <= 0:
        assert fell.calmar is None
        return
    with localcontext(prec=60):
        growth = ((Decimal(values[-1]).ln() - Decimal(values[0]).ln()) * 365 / days).exp()
        expected = (growth - 1) * worst.denominator / worst.numerator

    assert fell.calmar is not None
    assert abs(fell.calmar - expected) <= Decimal("1e-9")


@pytest.mark.parametrize(("days", "known"), [(MIN_DAYS - 1, False), (MIN_DAYS, True)])
def test_there_is_no_calmar_ratio_under_thirty_days(*, days: int, known: bool) -> None:
    points = [
        (START, Decimal(100)),
        (START + timedelta(days=5), Decimal(90)),
        (START + timedelta(days=days), Decimal(99)),
    ]

    assert (drawdown(points).calmar is not None) == known


@pytest.mark.parametrize("equity", [(100, 100, 100, 100), (100, 101, 150, 400)])
def test_there_is_no_calmar_ratio_without_a_fall(equity: tuple[int, ...]) -> None:
    assert drawdown(curve(*equity)).calmar is None


def test_a_year_that_ends_where_it_began_has_a_calmar_ratio_of_zero() -> None:
    assert drawdown(curve(100, 50, 100, days=365)).calmar == 0


def test_a_doubled_account_with_a_fall_of_a_quarter_has_a_calmar_ratio_of_four() -> None:
    points = [
        (START, Decimal(100)),
        (START + timedelta(days=200), Decimal(75)),
        (START + timedelta(days=365), Decimal(200)),
    ]

    assert drawdown(points).calmar == 4


def test_a_calmar_ratio_too_large_for_its_column_is_unknown() -> None:
    # A small account that receives its real deposit within a month: the annualised return has no meaning.
    assert drawdown(curve(10, 9, 50_000, 50_000)).calmar is None


@pytest.mark.parametrize(("last", "known"), [("1e27", True), ("1000000000000000000000000000.1", False)])
def test_a_calmar_ratio_fits_its_column_below_a_limit_that_does_not(*, last: str, known: bool) -> None:
    points = [
        (START, Decimal("0.1")),
        (START + timedelta(days=200), Decimal("0.09")),
        (START + timedelta(days=365), Decimal(last)),
    ]

    assert (drawdown(points).calmar is not None) == known


def test_every_point_of_time_counts_by_the_calendar_not_by_rows() -> None:
    sparse = [
        (START, Decimal(100)),
        (START + timedelta(days=40), Decimal(80)),
        (START + timedelta(days=80), Decimal(90)),
    ]
    dense = [(START + timedelta(days=day), Decimal(100 if day < 40 else 80 if day < 80 else 90)) for day in range(81)]

    assert drawdown(sparse) == drawdown(dense)
