"""The trade formulae of the data dictionary, exact until they are rounded once to NUMERIC."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Context, Decimal, localcontext
from functools import reduce

from schemas.document import NUMERIC_LIMIT, numeric

EXACT = Context(prec=120)
"""Enough digits for any product of three NUMERIC columns."""

_ONE, _HUNDRED = Decimal(1), Decimal(100)
_MICROSECOND = timedelta(microseconds=1)
MIN_DAYS = 30
"""Calendar days of history below which a Calmar ratio means nothing."""


def sign(side: str) -> int:
    """+1 for LONG, -1 for SHORT."""
    return 1 if side == "LONG" else -1


def multiplier(asset_class: str) -> Decimal:
    """Units per contract: 100 for options, else 1."""
    return _HUNDRED if asset_class == "OPTION" else _ONE


def gross_pnl(side: str, entry: Decimal, leave: Decimal, size: Decimal) -> Decimal:
    """S · (exit - entry) · qty · m, US dollars; `size` is qty · m."""
    moved = EXACT.subtract(leave, entry) if side == "LONG" else EXACT.subtract(entry, leave)
    return numeric(EXACT.multiply(moved, size))


def notional(*factors: Decimal) -> Decimal:
    """Price times quantity times units per contract, US dollars, exactly."""
    return reduce(EXACT.multiply, factors)


def net_pnl(gross: Decimal, fees: Decimal) -> Decimal:
    """gross_pnl_usd - fees_usd, US dollars, exactly."""
    return EXACT.subtract(gross, fees)


def percent(part: Decimal, whole: Decimal) -> Decimal:
    """`part` in percent of `whole`."""
    return numeric(EXACT.multiply(EXACT.divide(part, whole), _HUNDRED))


def seconds(duration: timedelta) -> Decimal:
    """Write a duration in seconds, exactly."""
    return EXACT.scaleb(Decimal(duration // _MICROSECOND * 1000), -9)


def slippage(side: str, entry: Decimal, target: Decimal | None) -> Decimal | None:
    """S · (entry - target) in percent of the target; positive is a cost."""
    return None if target is None else percent(sign(side) * (entry - target), target)


@dataclass(frozen=True)
class Drawdown:
    """How an equity curve fell, and what it earned for it."""

    peak: Decimal
    """Highest equity, US dollars."""
    now_pct: Decimal
    """Fall from the peak, percent."""
    max_pct: Decimal
    """Worst fall so far, percent of the peak before it."""
    calmar: Decimal | None
    """Annualised return divided by the worst fall; None under 30 days, without a fall, or beyond NUMERIC."""


def drawdown(curve: Sequence[tuple[date, Decimal]]) -> Drawdown:
    """Measure a daily equity curve (day, US dollars), oldest first, the first value above zero.

    The annualised return compounds: (last / first) ** (365 / calendar days) - 1, as in Young's Calmar ratio.
    """
    peak = worst = Decimal(0)
    with localcontext(EXACT):
        for _, equity in curve:
            peak = max(peak, equity)
            worst = max(worst, (peak - equity) / peak)
        last = curve[-1][1]
        calmar = _calmar(curve, worst)
        now = (peak - last) / peak * _HUNDRED
        return Drawdown(numeric(peak), numeric(now), numeric(worst * _HUNDRED), calmar)


def _calmar(curve: Sequence[tuple[date, Decimal]], worst: Decimal) -> Decimal | None:
    (first_day, first), (last_day, last) = curve[0], curve[-1]
    days = (last_day - first_day).days
    if days < MIN_DAYS or not worst:
        return None
    # What is lost altogether stays lost at any rate of compounding.
    annual = (last / first) ** (Decimal(365) / days) - 1 if last > 0 else Decimal(-1)
    ratio = annual / worst
    # A deposit can make the annualised return astronomic, which means nothing.
    return numeric(ratio) if ratio.copy_abs() < NUMERIC_LIMIT else None
