"""The bars of one symbol, forty bytes each, made into a `Bar` where they are read.

A `Bar` takes 560 bytes, and a backlog of signals wants bars by the million. Prices come as JSON numbers, so a double
holds all that was said: what is read is what its shortest decimal says, to the 9 decimals of NUMERIC.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from schemas.document import EARLIEST, LATEST, NUMERIC_LIMIT, numeric
from shared.bars import Bar

Row = tuple[int, float, float, float, float]
"""When a bar opened, microseconds since 1970; open, high, low and close."""

BLOCK = 100
"""Bars made at once."""
BLOCKS = 1000
"""Blocks kept as they were made, 56 MB: signals of one time read the same bars."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_TICK = timedelta(microseconds=1)
_LEAST, _MOST = 1e-9, float(NUMERIC_LIMIT)
"""Prices that NUMERIC can hold: at least one of its last decimal."""


class BarStore:
    """Sound bars, oldest first."""

    def __init__(self) -> None:
        """Hold none."""
        self._times = array("q")
        self._prices = array("d")
        self.version = 0
        """Another one whenever bars were put."""

    def __len__(self) -> int:
        """Count them."""
        return len(self._times)

    def put(self, answer: Iterable[Mapping[str, Any]], start: datetime, end: datetime) -> None:
        """Let these be the bars that open in [start, end), as the broker spells them."""
        begin, finish = _ticks(start), _ticks(end)
        rows = sorted({row[0]: row for row in rows_of(answer) if begin <= row[0] < finish}.values())
        first, last = bisect_left(self._times, begin), bisect_left(self._times, finish)
        self._times[first:last] = array("q", [row[0] for row in rows])
        self._prices[4 * first : 4 * last] = array("d", [price for row in rows for price in row[1:]])
        self.version += 1

    def index(self, moment: datetime) -> int:
        """Count the bars that opened before a moment."""
        return bisect_left(self._times, _ticks(moment))

    def made(self, first: int, last: int) -> list[Bar]:
        """Make the bars from the first to before the last, by their number."""
        prices = iter([_price(price) for price in self._prices[4 * first : 4 * last]])
        # Four names for one iterator: each bar takes the next four.
        return [
            Bar(_EPOCH + ticks * _TICK, *four)
            for ticks, *four in zip(self._times[first:last], prices, prices, prices, prices, strict=True)
        ]


class BarReader:
    """Reads bars out of stores; what was made lately is not made anew."""

    def __init__(self) -> None:
        """Keep BLOCKS blocks."""
        self._block = lru_cache(maxsize=BLOCKS)(_block)

    def read(self, store: BarStore, first: int, last: int) -> list[Bar]:
        """Read the bars from the first to before the last, by their number."""
        numbers = range(first // BLOCK, -(-last // BLOCK)) if first < last else ()
        found = [bar for number in numbers for bar in self._block(store, store.version, number)]
        skipped = first % BLOCK
        return found[skipped : skipped + last - first]


def _block(store: BarStore, _version: int, number: int) -> list[Bar]:
    return store.made(number * BLOCK, (number + 1) * BLOCK)


def bars_of(answer: Iterable[Mapping[str, Any]]) -> list[Bar]:
    """Make all sound bars of an answer, oldest first."""
    store = BarStore()
    store.put(answer, EARLIEST, LATEST)
    return store.made(0, len(store))


def rows_of(answer: Iterable[Mapping[str, Any]]) -> Iterator[Row]:
    """Read the bars that can be read and are sound; the others are gaps, which window_complete reports."""
    for raw in answer:
        try:
            opened, high, low, close = (_stated(raw[name]) for name in ("o", "h", "l", "c"))
            at = datetime.fromisoformat(raw["t"])
            if at.tzinfo and _LEAST <= low <= min(opened, close) and max(opened, close) <= high < _MOST:
                yield _ticks(at), opened, high, low, close
        except (KeyError, TypeError, ValueError, OverflowError):
            continue


def _stated(price: object) -> float:
    if isinstance(price, bool) or not isinstance(price, int | float | str):
        raise TypeError("a price is a number")
    return float(price)


def _price(price: float) -> Decimal:
    return numeric(Decimal(repr(price)))


def _ticks(moment: datetime) -> int:
    return (moment - _EPOCH) // _TICK
