"""Market bars, fetched once per symbol and window and kept for the run as far as there is room."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from math import prod

from shared.bar_requests import BarRequest, Span, planned
from shared.bar_store import BarReader, BarStore
from shared.bars import LENGTHS, Bar, bar_holding
from shared.broker import BARS_PAGE, Broker, SymbolRefusedError, delay
from shared.settings import Settings
from shared.splits import leapt, on_one_basis, shares_of_one

NEARBY = BARS_PAGE // 10
"""Windows of one symbol less than this many bars apart are fetched together: calls are scarcer than bytes."""

FEW_BARS = 6
"""Fewer make a window short."""
LOOK_BACK = timedelta(days=7)
"""How far back the last bar before a moment may lie: long weekends and half days included."""

_TICK = timedelta(microseconds=1)
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Window:
    """The bars of one symbol that open in [start, end)."""

    asset_class: str
    symbol: str
    start: datetime
    end: datetime


def with_the_days_before(window: Window) -> Window:
    """Widen a stock's window so that a split between its start and its first bar is seen."""
    return replace(window, start=window.start - LOOK_BACK) if window.asset_class == "EQUITY" else window


@dataclass
class _Series:
    bars: BarStore = field(default_factory=BarStore)
    covered: list[tuple[datetime, datetime]] = field(default_factory=list)
    """Disjoint intervals already fetched, oldest first."""
    wanted: int = 0
    """The page that last wanted some of it."""
    splits: dict[datetime, Fraction] = field(default_factory=dict)
    """Shares that one share became, by the bar that opened after it."""

    def add(self, found: BarStore, start: datetime, end: datetime) -> None:
        """Take in what the broker has for [start, end)."""
        self.bars.take(found, start, end)
        self.covered = merged([*self.covered, (start, end)], timedelta(0))

    def leaps(self, start: datetime, end: datetime) -> Iterator[tuple[Bar, Bar]]:
        """Find the leaps between bars that follow each other, as far as [start, end) has a part in them."""
        begin, finish = next(one for one in self.covered if one[0] <= start < one[1])
        first, last = max(self.bars.index(start) - 1, 0), self.bars.index(end) + 1
        held = (bar for bar in self.bars.made(first, last) if begin <= bar.t < finish)
        return (pair for pair in pairwise(held) if leapt(*pair))


class Market:
    """Closed bars at one timeframe. A bar that is still forming at `closed_by` is not data."""

    def __init__(self, broker: Broker, timeframe: str, closed_by: datetime) -> None:
        """Fetch through `broker`; see nothing that was not over at `closed_by`."""
        self._broker = broker
        self._series: dict[tuple[str, str], _Series] = {}
        self._reader = BarReader()
        self._refused: set[str] = set()
        self._page = 0
        self._closed_by = closed_by
        self.timeframe = timeframe
        self.length = LENGTHS[timeframe]

    def end_page(self, most: int) -> None:
        """End the loading for one page: keep what it wanted, and of the rest up to `most` bars in all.

        What was wanted least recently is forgotten first; a page that wants it again loads it again. What the page
        itself wanted stays, however much it is: the next one often wants the same.
        """
        held = sum(len(series.bars) for series in self._series.values())
        old = [(series.wanted, key) for key, series in self._series.items() if series.bars]
        for wanted, key in sorted(old):
            if held > most and wanted < self._page:
                held -= len(self._series.pop(key).bars)
        self._page += 1

    def load(self, windows: Iterable[Window]) -> None:
        """Fetch what the windows need and the run does not have yet, in as few calls as that takes."""
        by_symbol: dict[tuple[str, str], list[tuple[datetime, datetime]]] = {}
        for window in windows:
            wanted = by_symbol.setdefault((window.asset_class, window.symbol), [])
            wanted.append((window.start, min(window.end, self._until(window.asset_class))))
        missing: dict[str, list[Span]] = {}
        for (asset_class, symbol), wanted in by_symbol.items():
            series = self._series.setdefault((asset_class, symbol), _Series())
            series.wanted = self._page
            gaps = merged(uncovered(wanted, series.covered), NEARBY * self.length)
            missing.setdefault(asset_class, []).extend(Span(*gap, symbol) for gap in gaps)
        for asset_class, spans in missing.items():
            for request in planned(spans, self.length, BARS_PAGE):
                self._ask(asset_class, request.spans)

    def _ask(self, asset_class: str, spans: Iterable[Span]) -> None:
        """Fetch spans in one request; where the broker refuses a symbol among others, one by one."""
        request = BarRequest(tuple(span for span in spans if span.symbol not in self._refused))
        if not request.spans:
            return
        symbols, start, end = request.symbols, request.start, request.end
        try:
            found = self._broker.bars(asset_class, symbols, self.timeframe, start, end - _TICK)
        except SymbolRefusedError:
            if len(symbols) == 1:
                self._refused.update(symbols)
                return
            for span in request.spans:
                self._ask(asset_class, [span])
            return
        for symbol, bars in found.items():
            series = self._series[asset_class, symbol]
            series.add(bars, start, end)
            if asset_class == "EQUITY" and (leaps := list(series.leaps(start, end))):
                series.splits.update(self._splits_among(symbol, leaps))

    def _splits_among(self, symbol: str, leaps: Sequence[tuple[Bar, Bar]]) -> Iterator[tuple[datetime, Fraction]]:
        """Ask which leaps were splits; the market's own are none, nor is one of which the broker tells nothing."""
        first, last = leaps[0][0].t, leaps[-1][1].t
        found = self._broker.bars("EQUITY", [symbol], self.timeframe, first, last, adjusted=True)
        adjusted = {bar.t: bar for bar in found[symbol].made()}
        for before, after in leaps:
            if before.t in adjusted and after.t in adjusted:
                shares = shares_of_one((before, after), (adjusted[before.t], adjusted[after.t]))
                if shares != 1:
                    yield after.t, shares

    def knows(self, symbol: str) -> bool:
        """Whether the market data has such a symbol at all."""
        return symbol not in self._refused

    def is_over(self, window: Window) -> bool:
        """Whether the last bar that opens in a window is closed; what it holds may still change if not."""
        return _last_opening(window, self.length) < self._until(window.asset_class)

    def bars(self, window: Window) -> Sequence[Bar]:
        """Return the closed bars of a loaded window, oldest first."""
        held, until = self._held(window).bars, min(window.end, self._until(window.asset_class))
        return self._reader.read(held, held.index(window.start), held.index(until))

    def bars_as_of(self, moment: datetime, window: Window) -> Sequence[Bar]:
        """Return the same bars as if no stock had been split since a moment."""
        return on_one_basis(self.bars(window), self._held(window).splits, moment)

    def split_over(self, window: Window) -> Fraction:
        """Tell how many shares one share became from the first bar of a window to the last; 1 without a split."""
        if not (splits := self._held(window).splits):
            return Fraction(1)
        return prod((splits.get(bar.t, Fraction(1)) for bar in self.bars(window)[1:]), start=Fraction(1))

    def is_short(self, window: Window) -> bool:
        """Tell whether a window holds but few bars."""
        return window.end - window.start < FEW_BARS * self.length

    def _held(self, window: Window) -> _Series:
        return self._series.get((window.asset_class, window.symbol), _Series())

    def _until(self, asset_class: str) -> datetime:
        """Before this a bar must open to be closed, and given out, in time."""
        return self._closed_by - max(self.length, self._broker.delay(asset_class)) + _TICK


def over_at(window: Window, settings: Settings) -> datetime:
    """Tell from when on the last bar that opens in a window is closed, and given out: before, `is_over` denies it."""
    length = LENGTHS[settings.bar_timeframe]
    return _last_opening(window, length) + max(length, delay(window.asset_class, settings))


def _last_opening(window: Window, length: timedelta) -> datetime:
    last = window.end - _TICK
    # Where a day of the stock market begins depends on the season, so its last bar may open as late as that.
    local = window.asset_class != "CRYPTO" and length >= _DAY
    return last if local else bar_holding(last, length)


def merged(intervals: Iterable[tuple[datetime, datetime]], gap: timedelta) -> list[tuple[datetime, datetime]]:
    """Join intervals that overlap or lie no further apart than `gap`; empty ones vanish."""
    result: list[tuple[datetime, datetime]] = []
    for start, end in sorted(interval for interval in intervals if interval[0] < interval[1]):
        if result and start - result[-1][1] <= gap:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def uncovered(
    wanted: Iterable[tuple[datetime, datetime]], covered: Sequence[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime]]:
    """Cut away what is covered (disjoint, oldest first) from the intervals wanted."""
    result: list[tuple[datetime, datetime]] = []
    for start, end in merged(wanted, timedelta(0)):
        left = start
        for begin, finish in covered:
            if begin < end and finish > left:
                if begin > left:
                    result.append((left, begin))
                left = max(left, finish)
        if left < end:
            result.append((left, end))
    return result
