"""How results look: tables on a terminal, JSON for programs."""

import base64
import json
import math
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import click
from rich.console import Console
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from shared.log import STEERING
from shared.values import rfc3339

_LONG_WORD = 30
"""Characters from which on a word may be broken."""
_BORDER = 3
"""Characters between two columns."""


def harmless(text: str) -> str:
    """Write out the control characters of a text that came from elsewhere, so that it cannot steer a terminal."""
    return text.translate(STEERING)


def plain(value: object) -> str:
    """Write one value for people: money without trailing zeros, times in UTC."""
    match value:
        case None:
            return ""
        case Decimal():
            text = f"{value:f}"
            return text.rstrip("0").rstrip(".") if "." in text else text
        case datetime():
            return _time(value)
        case dict() | list():
            return json_text(value)
        case bytes():
            return _jsonable(value)
        case _:
            return str(value)


def json_text(value: object, indent: int | None = None) -> str:
    """Write a value as JSON, as BigQuery does where JSON has no word for it."""
    return json.dumps(_finite(value), default=_jsonable, allow_nan=False, indent=indent)


def _finite(value: object) -> object:
    """Name the numbers that JSON cannot write, wherever they stand."""
    match value:
        case float() if not math.isfinite(value):
            return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        case Mapping():
            return {name: _finite(one) for name, one in value.items()}
        case list() | tuple():
            return [_finite(one) for one in value]
        case _:
            return value


def _jsonable(value: object) -> str:
    """Write what JSON has no type for: NUMERIC as a string, times as RFC 3339, bytes as base64."""
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case Decimal():
            return f"{value:f}"
        case datetime():
            return _time(value)
        case date():
            return value.isoformat()
        case _:
            return str(value)


def _time(value: datetime) -> str:
    """Write a TIMESTAMP as RFC 3339; a DATETIME has no zone and gets none."""
    return rfc3339(value) if value.tzinfo else value.isoformat()


def as_json(value: Any) -> None:
    """Print a value as JSON."""
    click.echo(json_text(value, indent=2 if sys.stdout.isatty() else None))


def as_table(title: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Print a table; numbers align right. Texts are shown as they are: none is taken for markup.

    Where the terminal is too narrow for that many columns, each row is a block of lines instead.
    """
    terminal, listed = console(), [tuple(row) for row in rows]
    if listed and _needs(columns, listed) > terminal.width:
        _print_blocks(terminal, title, columns, listed)
    else:
        terminal.print(_table(title, columns, listed))


def _needs(columns: Sequence[str], listed: Sequence[Sequence[object]]) -> int:
    """Tell how wide a table must be to be read: no word broken, unless it is very long."""
    words = (
        [column, *(word for row in listed for word in plain(row[place]).split())]
        for place, column in enumerate(columns)
    )
    return sum(min(max(map(len, held)), _LONG_WORD) + _BORDER for held in words) + 1


def _table(title: str, columns: Sequence[str], listed: Sequence[Sequence[object]]) -> Table:
    caption = Text(harmless(title), style="table.title") if title else None
    table = Table(title=caption, title_justify="left", header_style="bold")
    for position, column in enumerate(columns):
        numeric = all(isinstance(row[position], int | float | Decimal | None) for row in listed)
        table.add_column(Text(harmless(column)), justify="right" if numeric and listed else "left", overflow="fold")
    for row in listed:
        table.add_row(*(Text(harmless(plain(value))) for value in row))
    return table


def _print_blocks(terminal: Console, title: str, columns: Sequence[str], listed: Sequence[Sequence[object]]) -> None:
    """Print each row as lines of its own, one per column that holds something."""
    if title:
        terminal.print(Text(harmless(title), style="table.title"))
    for row in listed:
        terminal.print(Rule(style="dim"))
        as_lines([(column, value) for column, value in zip(columns, row, strict=True) if plain(value)], terminal)


def as_story(what: str, ending: str, lines: Iterable[tuple[str, object]]) -> None:
    """Print how something ended, and then what there is to say about it."""
    terminal = console()
    terminal.print(Text(harmless(what), style="bold"))
    terminal.print(Text(harmless(ending)))
    as_lines(lines, terminal)


def as_lines(lines: Iterable[tuple[str, object]], terminal: Console | None = None) -> None:
    """Print what is said about something, one line or paragraph each, beside what it is about."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for what, told in lines:
        grid.add_row(Text(harmless(what), style="bold"), Text(harmless(plain(told))))
    (terminal or console()).print(grid)


def console() -> Console:
    """Open the terminal; a pipe gets lines wide enough not to wrap."""
    return Console() if sys.stdout.isatty() else Console(width=200, no_color=True, force_terminal=False)


def as_records(title: str, records: Sequence[Mapping[str, Any]]) -> None:
    """Print mappings as a table with one column per key."""
    columns = list(dict.fromkeys(key for record in records for key in record))
    as_table(title, columns, ([record.get(column) for column in columns] for record in records))
