"""Rows as they must be against rows as they are."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from jobs.check.expected import Row
from jobs.check.hops import DiffersError

_SHOWN = 3
"""Differences named; more are counted."""


def require_equal(what: str, key: Sequence[str], expected: Sequence[Row], found: Iterable[Mapping[str, Any]]) -> None:
    """Hold rows to what they must be, in the columns that can be told; there must be no other row.

    Args:
        what: The table or view.
        key: The columns that tell its rows apart.
        expected: The rows as they must be.
        found: The rows as they are, with more columns perhaps.

    Raises:
        DiffersError: A row is missing or too many, or a column holds another value.
    """
    wanted, held = {_named(key, row): row for row in expected}, [(_named(key, row), row) for row in found]
    missing = [f"no row {name}" for name in wanted if name not in {one for one, _ in held}]
    strange = [f"a row {name} that nobody sent" for name, _ in held if name not in wanted]
    twice = [f"{len(held)} rows where {len(wanted)} were sent"] if not strange and len(held) > len(wanted) else []
    if off := [*missing, *strange, *twice]:
        raise DiffersError(f"{len(expected)} rows in {what}", _listed(off))
    for name, row in held:
        _require_columns(f"{what} {name}", wanted[name], row)


def _require_columns(where: str, wanted: Row, found: Mapping[str, Any]) -> None:
    off = [column for column, value in wanted.items() if column not in found or found[column] != value]
    if off:
        expected = _listed([f"{where}: {column} {_text(wanted[column])}" for column in off])
        raise DiffersError(expected, _listed([f"{column} {_held(found, column)}" for column in off]))


def _held(found: Mapping[str, Any], column: str) -> str:
    return _text(found[column]) if column in found else "is no column"


def _named(key: Sequence[str], row: Mapping[str, Any]) -> str:
    return "/".join(_text(row.get(column)) for column in key)


def _text(value: Any) -> str:
    return "NULL" if value is None else str(value)


def _listed(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - _SHOWN} more" if len(texts) > _SHOWN else ""
    return "; ".join(texts[:_SHOWN]) + more
