"""Price bars in files: `bars/<SYMBOL>.csv` or `.csv.gz`, one symbol each, oldest first.

The columns are `time,open,high,low,close,volume`; `time` is when the bar opens, and the spacing of the rows is the
timeframe. Prices are decimal text and stay exact.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator
from datetime import datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import NamedTuple

from infra.local import rfc3339
from infra.local.atomic_file import replace_file
from infra.local.fixture_values import FixtureError

COLUMNS = ("time", "open", "high", "low", "close", "volume")
_ENDINGS = (".csv", ".csv.gz")
# A file name cannot hold the slash of a pair. Only these quotes are read back as one, so that an ordinary symbol with
# a dash keeps it.
_QUOTES = frozenset({"USD", "USDT", "USDC", "BTC"})


class Bar(NamedTuple):
    """One bar, labelled by the time it opens."""

    time: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


def bar_files(directory: Path) -> dict[str, Path]:
    """The bar files of a fixture directory by symbol, sorted; none when it holds no bars.

    Raises:
        FixtureError: Two files for one symbol, or a file that is not bars.
    """
    folder = directory / "bars"
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        symbol = _symbol_in(path)
        if symbol in found:
            raise FixtureError(f"{path}: {symbol} has another file, {found[symbol].name}; keep one")
        found[symbol] = path
    return found


def read_bars(path: Path) -> list[Bar]:
    """The bars of one file.

    Raises:
        FixtureError: A wrong header, a malformed time or number, or times that do not ascend; names line and column.
    """
    with gzip.open(path, "rt", newline="") if path.suffix == ".gz" else path.open(newline="") as lines:
        rows = csv.reader(lines)
        if tuple(next(rows, ())) != COLUMNS:
            raise FixtureError(f"{path}:1: the header must be {','.join(COLUMNS)}")
        return list(_ascending(path, enumerate(rows, start=2)))


def write_bars(directory: Path, symbol: str, bars: Iterable[Bar]) -> Path:
    """Write the bars of one symbol, compressed, in place of what was there; the same bars give the same bytes.

    Raises:
        FixtureError: The symbol would not read back from a file name.
    """
    stem = symbol.replace("/", "-")
    if _symbol_of(stem) != symbol:
        raise FixtureError(f"{symbol}: the file name {stem} reads back as {_symbol_of(stem)}")
    lines = [",".join(COLUMNS), *(_line(bar) for bar in bars)]
    path = directory / "bars" / f"{stem}.csv.gz"
    replace_file(path, gzip.compress(("\n".join(lines) + "\n").encode(), mtime=0))
    path.with_suffix("").unlink(missing_ok=True)
    return path


def _symbol_in(path: Path) -> str:
    for ending in _ENDINGS:
        if path.name.endswith(ending):
            return _symbol_of(path.name.removesuffix(ending))
    raise FixtureError(f"{path}: expected a name ending in {' or '.join(_ENDINGS)}")


def _symbol_of(stem: str) -> str:
    base, dash, quote = stem.rpartition("-")
    return f"{base}/{quote}" if dash and quote in _QUOTES else stem


def _ascending(path: Path, rows: Iterator[tuple[int, list[str]]]) -> Iterator[Bar]:
    previous: Bar | None = None
    for number, cells in rows:
        bar = _bar(f"{path}:{number}", cells)
        if previous is not None and bar.time <= previous.time:
            raise FixtureError(f"{path}:{number}: column time: {cells[0]} does not follow the row above")
        previous = bar
        yield bar


def _bar(where: str, cells: list[str]) -> Bar:
    if len(cells) != len(COLUMNS):
        raise FixtureError(f"{where}: expected {len(COLUMNS)} columns, found {len(cells)}")
    time, *numbers = cells
    try:
        opened = rfc3339.parse(time)
    except ValueError as error:
        raise FixtureError(f"{where}: column time: {error}") from error
    return Bar(opened, *(_number(where, *pair) for pair in zip(COLUMNS[1:], numbers, strict=True)))


def _number(where: str, column: str, text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite():
        raise FixtureError(f"{where}: column {column}: {text!r} is not a number")
    return number


def _line(bar: Bar) -> str:
    return ",".join([rfc3339.render(bar.time), *(format(number, "f") for number in bar[1:])])
