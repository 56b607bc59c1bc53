"""The bars of one symbol, forty bytes each, made into a `Bar` where they are read.

A `Bar` takes 560 bytes, and a backlog of signals wants bars by the million. Prices come as JSON numbers, so a double
holds all that was said: what is read is what its shortest decimal says, to the 9 decimals of NUMERIC.
"""

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, overload

from schemas.document import NUMERIC_LIMIT, numeric
from shared.bars import Bar
from shared.values import EPOCH

Row = tuple[int, float, float, float, float]
"""When a bar opened, microseconds since 1970; open, high, low and close."""

BLOCK = 100
"""Bars made at once."""
BLOCKS = 1000
"""Blocks kept as they were made, 56 MB: signals of one time read the same bars."""

_TICK = timedelta(microseconds=1)
_LEAST, _MOST = 1e-9, float(NUMERIC_LIMIT)
"""Prices that NUMERIC can hold: at least one of its last decimal."""


class BarStore:
    """Sound bars, oldest first."""

    def __init__(self) -> None:
        """Hold none."""
        self.times = array("q")
        """When each opened, microseconds since 1970."""
        self.prices = array("d")
        """Open, high, low and close of one after the other, US dollars per unit."""
        self.version = 0
        """Another one whenever bars were put."""

    def __len__(self) -> int:
        """Count them."""
        return len(self.times)

    def add(self, answer: Iterable[Mapping[str, Any]]) -> None:
        """Take in bars as the broker spells them; of two for one time the later one counts."""
        rows = sorted({row[0]: row for row in rows_of(answer)}.values())
        if rows and self.times and rows[0][0] <= self.times[-1]:
            # Pages come in the order of time; whatever does not is sorted in.
            rows = sorted({row[0]: row for row in (*self._rows(), *rows)}.values())
            self.times, self.prices = array("q"), array("d")
        self.times.extend([row[0] for row in rows])
        self.prices.extend([price for row in rows for price in row[1:]])
        self.version += 1

    def take(self, other: "BarStore", start: datetime, end: datetime) -> None:
        """Let the bars that open in [start, end) be those of another one."""
        first, last, begin, finish = self.index(start), self.index(end), other.index(start), other.index(end)
        self.times[first:last] = other.times[begin:finish]
        self.prices[4 * first : 4 * last] = other.prices[4 * begin : 4 * finish]
        self.version += 1

    def index(self, moment: datetime) -> int:
        """Count the bars that opened before a moment."""
        return bisect_left(self.times, _ticks(moment))

    def made(self, first: int = 0, last: int | None = None) -> list[Bar]:
        """Make the bars from the first to before the last, by their number."""
        return [Bar(EPOCH + ticks * _TICK, *map(_price, four)) for ticks, *four in self._rows(first, last)]

    def _rows(self, first: int = 0, last: int | None = None) -> Iterator[Row]:
        times = self.times[first:last]
        prices = iter(self.prices[4 * first : None if last is None else 4 * last])
        # Four names for one iterator: each bar takes the next four.
        return zip(times, prices, prices, prices, prices, strict=True)


class Bars(Sequence[Bar]):
    """Some bars of a store, oldest first, made as they are read; valid until the store takes in others."""

    def __init__(self, made: Callable[[BarStore, int, int], list[Bar]], store: BarStore, numbers: range) -> None:
        """Show those of the numbers."""
        self._made = made
        self._store = store
        self._numbers = numbers

    def __len__(self) -> int:
        """Count them."""
        return len(self._numbers)

    @overload
    def __getitem__(self, which: int) -> Bar: ...

    @overload
    def __getitem__(self, which: slice) -> Sequence[Bar]: ...

    def __getitem__(self, which: int | slice) -> Bar | Sequence[Bar]:
        """Read one, or show some of them."""
        if isinstance(which, slice):
            numbers = self._numbers[which]
            return Bars(self._made, self._store, numbers) if numbers.step == 1 else [self._at(one) for one in numbers]
        return self._at(self._numbers[which])

    def __iter__(self) -> Iterator[Bar]:
        """Read all of them, a block at a time."""
        first, last = self._numbers.start, self._numbers.stop
        for block in range(first // BLOCK, -(-last // BLOCK)):
            begin = block * BLOCK
            yield from self._made(self._store, self._store.version, block)[max(first - begin, 0) : last - begin]

    def _at(self, number: int) -> Bar:
        block, place = divmod(number, BLOCK)
        return self._made(self._store, self._store.version, block)[place]


class BarReader:
    """Reads bars out of stores; what was made lately is not made anew."""

    def __init__(self) -> None:
        """Keep BLOCKS blocks."""
        self._made = lru_cache(maxsize=BLOCKS)(_block)

    def read(self, store: BarStore, first: int, last: int) -> Bars:
        """Show the bars from the first to before the last, by their number."""
        return Bars(self._made, store, range(first, last))


def _block(store: BarStore, _version: int, number: int) -> list[Bar]:
    return store.made(number * BLOCK, (number + 1) * BLOCK)


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
    return (moment - EPOCH) // _TICK
