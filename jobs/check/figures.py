"""What the marked records must come to, reckoned in fractions and by none of the code that the jobs reckon with."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction

from shared.bars import Bar
from shared.fees import taker_rate

of = Fraction
"""An exact number."""


def nine(value: Fraction) -> Decimal:
    """Round half-even to nine decimals, as NUMERIC has."""
    return Decimal(f"{round(value * 10**9)}E-9")


def pct(part: Decimal | Fraction, whole: Decimal) -> Decimal:
    """Write a part in percent of a whole."""
    return nine(of(part) / of(whole) * 100)


@dataclass(frozen=True)
class Earned:
    """What a trade came to, US dollars and percent."""

    gross_usd: Decimal
    fees_usd: Decimal
    pnl_usd: Decimal
    pnl_pct: Decimal


def earned(side: str, qty: Fraction, entry: tuple[datetime, Decimal], leave: tuple[datetime, Decimal]) -> Earned:
    """Reckon a round trip in coins, at the taker rate that the dated fee table has for each day.

    Raises:
        FeeRateUnknownError: The table ends before one of the days.
    """
    bought, sold = (of(price) * qty for _, price in (entry, leave))
    fees = nine(bought * of(taker_rate(entry[0].date())) + sold * of(taker_rate(leave[0].date())))
    exact = sold - bought if side == "LONG" else bought - sold
    gross = nine(exact)
    pnl = gross - fees
    return Earned(gross, fees, pnl, nine(of(pnl) / bought * 100))


def moved(entry: Decimal, bars: list[Bar]) -> tuple[Decimal, Decimal]:
    """Reckon how far price went above and below an entry, US dollars per unit, never below zero."""
    zero = Decimal(0)
    return max(zero, *(bar.high - entry for bar in bars)), max(zero, *(entry - bar.low for bar in bars))
