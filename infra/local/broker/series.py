"""Bars by symbol and timeframe, read from the files once and aggregated once.

Only the stored spacing and what can be built from it exist. A finer timeframe than the stored one has no bars, as at a
venue that never recorded it. Bars stored at the very timeframe asked for are served as they are, so daily bars that
open at another hour than midnight UTC keep it.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import groupby, pairwise
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from infra.local.broker.timeframe import DAY, Timeframe
from infra.local.fixture_bars import Bar, read_bars
from infra.local.fixture_values import FixtureError

_SHORT_DAY = timedelta(hours=23)
_UNKNOWN = timedelta(minutes=1)
_PRICE_STEP = Decimal("1e-12")


class Candle(NamedTuple):
    """One bar under the venue's names for its parts.

    The files hold neither `vw` nor `n`: the average price weighs the typical prices of the stored bars by their
    volume, and the count is of the stored bars that traded.
    """

    t: datetime
    o: Decimal
    h: Decimal
    l: Decimal  # noqa: E741 - the venue's name for it
    c: Decimal
    v: Decimal
    n: int
    vw: Decimal


@dataclass(frozen=True)
class Series:
    """The candles of one symbol and timeframe, oldest first, and when each opens."""

    candles: Sequence[Candle]
    openings: Sequence[datetime]

    def between(self, start: datetime, end: datetime) -> Sequence[Candle]:
        """The candles that open from start to end, both included."""
        return self.candles[bisect_left(self.openings, start) : bisect_right(self.openings, end)]


class BarShelf:
    """The bars of a fixture directory; safe for several threads."""

    def __init__(self, files: Mapping[str, Path]) -> None:
        self._files = dict(files)
        self._bars: dict[str, list[Bar]] = {}
        self._series: dict[tuple[str, Timeframe], Series] = {}
        self._lock = Lock()

    def symbols(self) -> list[str]:
        """The symbols that have bars."""
        return list(self._files)

    def series(self, symbol: str, timeframe: Timeframe) -> Series:
        """The bars of the symbol at the timeframe; empty for an unknown symbol or a timeframe that is too fine."""
        with self._lock:
            key = symbol, timeframe
            if key not in self._series:
                candles = aggregate(self._read(symbol), timeframe)
                self._series[key] = Series(candles, [candle.t for candle in candles])
            return self._series[key]

    def _read(self, symbol: str) -> list[Bar]:
        if symbol not in self._bars:
            path = self._files.get(symbol)
            self._bars[symbol] = read_bars(path) if path else []
        return self._bars[symbol]


def spacing_of(bars: Sequence[Bar]) -> timedelta | None:
    """The timeframe of stored bars: the least distance between two; unknown for a single bar.

    Daily bars that follow a local calendar have one day of 23 hours a year, which is a day all the same.
    """
    least = min((later.time - earlier.time for earlier, later in pairwise(bars)), default=None)
    return DAY if least == _SHORT_DAY else least


def aggregate(bars: Sequence[Bar], timeframe: Timeframe) -> list[Candle]:
    """The bars at a timeframe; none where the stored ones do not fit into it. A single bar fits everywhere."""
    spacing = spacing_of(bars) or _UNKNOWN
    if spacing == timeframe.length:
        return [_candle(bar.time, [bar]) for bar in bars]
    if not timeframe.can_be_built_from(spacing):
        return []
    return [_candle(opening, list(group)) for opening, group in groupby(bars, lambda bar: timeframe.opening(bar.time))]


def merge_bars(symbol: str, earlier: Sequence[Bar], later: Sequence[Bar]) -> list[Bar]:
    """Both together, the later bar of two that open at the same time.

    Raises:
        FixtureError: The spacings differ: the sum would be bars of no timeframe.
    """
    spacings = {spacing for bars in (earlier, later) if (spacing := spacing_of(bars)) is not None}
    if len(spacings) > 1:
        finer, coarser = sorted(spacings)
        raise FixtureError(
            f"{symbol}: bars {finer} and {coarser} apart cannot be joined; keep one timeframe, or reset before seeding"
        )
    by_time: dict[datetime, Bar] = {bar.time: bar for bars in (earlier, later) for bar in bars}
    return [by_time[time] for time in sorted(by_time)]


def _candle(opening: datetime, bars: Sequence[Bar]) -> Candle:
    volume = sum((bar.volume for bar in bars), Decimal(0))
    return Candle(
        t=opening,
        o=bars[0].open,
        h=max(bar.high for bar in bars),
        l=min(bar.low for bar in bars),
        c=bars[-1].close,
        v=volume,
        n=sum(bar.volume > 0 for bar in bars),
        vw=_average_price(bars, volume),
    )


def _average_price(bars: Iterable[Bar], volume: Decimal) -> Decimal:
    priced = [((bar.high + bar.low + bar.close) / 3, bar.volume if volume else Decimal(1)) for bar in bars]
    total = sum((price * weight for price, weight in priced), Decimal(0))
    return (total / sum(weight for _, weight in priced)).quantize(_PRICE_STEP).normalize()
