"""A table read in the order of its key, page by page: no question sorts or answers more than a page of rows."""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from shared.audit_rows import Record

PAGE = 10_000
"""Rows per question. Each reads the table once, for which BigQuery bills; a page is what it sorts and answers."""

Ask = Callable[[Any, int], Iterable[Record]]
"""Asks for so many rows in the order of their key, from a value of its first column on (None: from the start)."""


def in_pages(ask: Ask, column: str, most: int) -> Iterator[Record]:
    """Yield every row once, in order, by questions for `most` rows.

    Rows of one value of the first key column, which are judged together, are of one answer and so of one state of the
    table: those that end a full page may be cut off, so the next page begins with them. A page that one value fills is
    asked for again, twice as large. Keys do not change, so a row that was there before the first question is seen once
    whatever is written meanwhile; a row that comes in between is seen or not, as if it had come a little later.
    """
    first, size = None, most
    while True:
        seen, last = 0, list[Record]()
        for record in ask(first, size):
            if last and record[column] != last[0][column]:
                yield from last
                last = []
            last.append(record)
            seen += 1
        if seen < size:
            yield from last
            return
        size = size * 2 if len(last) == seen else most
        first = last[0][column]
