"""Splits of stocks, read off bars as traded beside the same bars adjusted for splits. Pure.

Prices of signals and fills are as traded on their day, and so are bars. After a split the price of the same value is
another one, which looks like a profit or a loss; so later bars are put on the basis of the moment that is looked from.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time
from decimal import Decimal
from fractions import Fraction

from schemas.document import numeric
from shared.bars import Bar
from shared.values import NEW_YORK

LEAP = Decimal("1.1")
"""From one bar to the next a price that rises or falls by less than this factor is taken for the market's own move: of
splits only small ones stay below it, such as a stock dividend of 5 %."""
_TOLERANCE = Fraction(1, 200)
"""Adjusted prices are rounded, those of cheap stocks by up to half a percent."""


def leapt(before: Bar, after: Bar) -> bool:
    """Tell whether a price moved so far between two bars that a split may explain it."""
    return after.open >= before.close * LEAP or after.open * LEAP <= before.close


def shares_of_one(traded: tuple[Bar, Bar], adjusted: tuple[Bar, Bar]) -> Fraction:
    """Tell how many shares one share became between two bars: 10 by a split of 10 for 1, 1/20 by a reverse one.

    Adjusted prices are all of one basis, so what the adjustment changes from one bar to the other is the split.
    """
    before, after = (Fraction(one.close) / Fraction(two.close) for one, two in zip(adjusted, traded, strict=True))
    ratio = after / before
    return _simplest(ratio) if ratio >= 1 else 1 / _simplest(1 / ratio)


def _simplest(ratio: Fraction) -> Fraction:
    """Find the ratio of the smallest whole numbers that explains one of at least 1."""
    near = (Fraction(round(ratio * old), old) for old in range(1, 101))
    return next(one for one in near if abs(one - ratio) <= ratio * _TOLERANCE)


def on_one_basis(bars: Sequence[Bar], splits: Mapping[datetime, Fraction], moment: datetime) -> Sequence[Bar]:
    """Undo every split since a moment; `splits` are named by the first bar after."""
    return list(_undone(bars, splits, moment)) if splits else bars


def _undone(bars: Sequence[Bar], splits: Mapping[datetime, Fraction], moment: datetime) -> Iterator[Bar]:
    shares = Fraction(1)
    for bar in bars:
        if bar.t in splits and moment < _midnight_before(bar.t):
            shares *= splits[bar.t]
        yield bar if shares == 1 else _of_so_many(bar, shares)


def _midnight_before(instant: datetime) -> datetime:
    """The beginning of a day in New York, with which a split takes effect."""
    return datetime.combine(instant.astimezone(NEW_YORK).date(), time(), NEW_YORK)


def _of_so_many(bar: Bar, shares: Fraction) -> Bar:
    return Bar(bar.t, *(numeric(price * shares.numerator / shares.denominator) for price in bar[1:]))
