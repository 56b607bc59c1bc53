"""Which bars to ask for together. Pure: spans in, requests out.

A call brings the bars of many symbols over one stretch of time, a page at a time. Asking for symbols together saves
calls where a page has room, and wastes them where the stretch that holds all spans is mostly nobody's.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

LARGEST_GROUP = 100
"""Spans in one request, so symbols too: a longer address may be refused."""


class Span(NamedTuple):
    """The bars of one symbol that open in [start, end), which is not empty."""

    start: datetime
    end: datetime
    symbol: str


class Cost(NamedTuple):
    """What requests cost; calls are scarcer than rows."""

    pages: int
    rows: int

    def __add__(self, other: object) -> "Cost":
        """Add up."""
        if not isinstance(other, Cost):
            return NotImplemented
        return Cost(self.pages + other.pages, self.rows + other.rows)


@dataclass(frozen=True)
class BarRequest:
    """One request: all its symbols over the stretch that holds all its spans."""

    spans: tuple[Span, ...]

    @property
    def symbols(self) -> list[str]:
        """Each symbol once, in order."""
        return sorted({span.symbol for span in self.spans})

    @property
    def start(self) -> datetime:
        """The earliest start."""
        return min(span.start for span in self.spans)

    @property
    def end(self) -> datetime:
        """The latest end, itself not included."""
        return max(span.end for span in self.spans)


def cost_of(symbols: int, stretch: timedelta, length: timedelta, page: int) -> Cost:
    """Estimate one request, as if every symbol had every bar; an answer without rows is a page too."""
    rows = symbols * -(-stretch // length)
    return Cost(max(1, -(-rows // page)), rows)


def planned(spans: Iterable[Span], length: timedelta, page: int) -> list[BarRequest]:
    """Group spans so that the requests fill the fewest pages of `page` rows, and of those the fewest rows.

    Groups are neighbours in time. Every span by itself is one of the ways to group, so asking one by one costs no less.
    """
    ordered = sorted(spans)
    best: list[tuple[Cost, int]] = [(Cost(0, 0), 0)]
    """For the first n spans: the least cost, and where the last of their groups begins."""
    for upto in range(1, len(ordered) + 1):
        groups = _last_groups(ordered[max(0, upto - LARGEST_GROUP) : upto], length, page)
        best.append(min((best[upto - size][0] + cost, upto - size) for size, cost in groups))
    return list(reversed(list(_cut(ordered, best))))


def _last_groups(ordered: Sequence[Span], length: timedelta, page: int) -> Iterator[tuple[int, Cost]]:
    """Yield the cost of the last span, of the last two, and so on."""
    symbols: set[str] = set()
    end = ordered[-1].end
    for size, span in enumerate(reversed(ordered), 1):
        symbols.add(span.symbol)
        end = max(end, span.end)
        yield size, cost_of(len(symbols), end - span.start, length, page)


def _cut(ordered: Sequence[Span], best: Sequence[tuple[Cost, int]]) -> Iterator[BarRequest]:
    """Yield the chosen groups, last one first."""
    upto = len(ordered)
    while upto:
        first = best[upto][1]
        yield BarRequest(tuple(ordered[first:upto]))
        upto = first
