"""Market bars and what is read off them. Pure: no client, no clock.

A bar's time is its open; it covers [t, t + length). Stop before target when one bar holds both; a bar that opens beyond
a level fills at its open (the order freqtrade's backtesting documents).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import chain, pairwise
from operator import attrgetter
from typing import Literal, NamedTuple

from shared.values import EPOCH

LENGTHS = {
    "1Min": timedelta(minutes=1),
    "5Min": timedelta(minutes=5),
    "15Min": timedelta(minutes=15),
    "1Hour": timedelta(hours=1),
    "1Day": timedelta(days=1),
}
_HIGH, _LOW = attrgetter("high"), attrgetter("low")


class Bar(NamedTuple):
    """One bar; prices in US dollars per unit."""

    t: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal


def bar_holding(instant: datetime, length: timedelta) -> datetime:
    """Find the open time of the bar that holds an instant."""
    return instant - (instant - EPOCH) % length


def first_bar_from(instant: datetime, length: timedelta) -> datetime:
    """Find the open time of the first bar that opens at or after an instant."""
    floor = bar_holding(instant, length)
    return floor if floor == instant else floor + length


@dataclass(frozen=True)
class Exit:
    """Where a simulated trade leaves."""

    price: Decimal
    time: datetime
    """Open time of the bar that fills."""
    reason: Literal["TAKE_PROFIT", "STOP_LOSS", "HORIZON"]
    bars_used: int
    """Bars walked, the filling one included."""


def walk(side: str, stop: Decimal | None, target: Decimal | None, bars: Sequence[Bar]) -> Exit | None:
    """Walk bars until a level is hit; without a hit the last close ends the trade. No bars: None."""
    for position, bar in enumerate(bars, start=1):
        if hit := _hit(side, stop, target, bar):
            price, reason = hit
            return Exit(price, bar.t, reason, position)
    return Exit(bars[-1].close, bars[-1].t, "HORIZON", len(bars)) if bars else None


def _hit(
    side: str, stop: Decimal | None, target: Decimal | None, bar: Bar
) -> tuple[Decimal, Literal["TAKE_PROFIT", "STOP_LOSS"]] | None:
    long = side == "LONG"
    beyond_stop = stop is not None and (bar.open <= stop if long else bar.open >= stop)
    beyond_target = target is not None and (bar.open >= target if long else bar.open <= target)
    if beyond_stop:
        return bar.open, "STOP_LOSS"
    if beyond_target:
        return bar.open, "TAKE_PROFIT"
    if stop is not None and (bar.low <= stop if long else bar.high >= stop):
        return stop, "STOP_LOSS"
    if target is not None and (bar.high >= target if long else bar.low <= target):
        return target, "TAKE_PROFIT"
    return None


@dataclass(frozen=True)
class Excursion:
    """How far price went from an entry, in US dollars per unit, never below zero."""

    favourable: Decimal
    adverse: Decimal
    favourable_at: datetime | None
    """Open time of the first bar that reached the best; None when price never moved in favour."""


def excursion(side: str, entry: Decimal, bars: Sequence[Bar]) -> Excursion:
    """Measure the best and the worst excursion over bars (Sweeney's MFE and MAE, as price distances)."""
    if not bars:
        return Excursion(Decimal(0), Decimal(0), None)
    # Of equal bars these are the first.
    highest, lowest = max(bars, key=_HIGH), min(bars, key=_LOW)
    up, down = highest.high - entry, entry - lowest.low
    favour, against, best = (up, down, highest) if side == "LONG" else (down, up, lowest)
    return Excursion(max(favour, Decimal(0)), max(against, Decimal(0)), best.t if favour > 0 else None)


def shortfall(entry: Decimal, bars: Sequence[Bar], earlier: Sequence[Bar] = ()) -> Decimal:
    """Measure how far price stayed short of an entry, US dollars per unit; 0 when it traded through.

    An entry may wait above or below the market, so the distance is to the nearest price of any bar. A market that
    jumped over the entry from one bar to the next traded through it, also from the close of the last `earlier` bar;
    what else that one traded at was before.
    """
    stood = [_closed(bar) for bar in earlier[-1:]]
    if any(_jumped(entry, before, after) for before, after in pairwise(chain(stood, bars))):
        return Decimal(0)
    return min(_distance(entry, bar) for bar in bars)


def _closed(bar: Bar) -> Bar:
    return bar._replace(open=bar.close, high=bar.close, low=bar.close)


def _jumped(entry: Decimal, before: Bar, after: Bar) -> bool:
    return before.high < entry < after.low or after.high < entry < before.low


def _distance(entry: Decimal, bar: Bar) -> Decimal:
    if bar.low <= entry <= bar.high:
        return Decimal(0)
    return min(abs(bar.low - entry), abs(bar.high - entry))


def expected_bars(start: datetime, end: datetime, length: timedelta) -> int:
    """Count the bars that open in [start, end) when trading never pauses."""
    first = first_bar_from(start, length)
    return max(0, -(-(end - first) // length))
