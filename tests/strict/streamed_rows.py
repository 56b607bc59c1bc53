"""Rules about rows that arrive through REST (tabledata.insertAll).

Sources, below https://cloud.google.com/bigquery/docs/: reference/rest/v2/tabledata/insertAll (unknown fields and
missing ones are faults by row, answered with 200; the rows beside them are "stopped"), quotas ("Streaming inserts").
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

import orjson

from tests.strict.definition import Definition
from tests.strict.parameters import fits_numeric
from tests.strict.refusal import Refusal

MAX_ROWS = 50_000
MAX_ROW_BYTES = 10 * 1024 * 1024
MAX_INSERT_ID = 128
_PAST, _FUTURE = timedelta(days=3653), timedelta(days=366)


def bad_rows(body: Mapping[str, Any], table: Definition, today: date | None = None) -> Iterator[Refusal]:
    """Hold every row of a request to its table; one bad row stops all, as without skipInvalidRows."""
    rows: Sequence[Mapping[str, Any]] = body.get("rows") or ()
    if len(rows) > MAX_ROWS:
        yield Refusal("streamed row count", f"Too many rows present in the request, max: {MAX_ROWS}")
    now = today or datetime.now(UTC).date()
    ignores = bool(body.get("ignoreUnknownValues"))
    faults = {index: fault for index, row in enumerate(rows) if (fault := _fault(row, table, now, ignores))}
    if faults:
        listed = tuple(_entry(index, *faults.get(index, ("", "stopped", ""))) for index in range(len(rows)))
        yield Refusal("streamed row", next(iter(faults.values()))[2], status=200, faults=listed)


def _fault(row: Mapping[str, Any], table: Definition, today: date, ignores: bool) -> tuple[str, str, str] | None:  # noqa: FBT001 - the request's own switch
    """The first fault of a row: column, reason, message."""
    if len(row.get("insertId") or "") > MAX_INSERT_ID:
        return "", "invalid", f"insertId is longer than {MAX_INSERT_ID} characters"
    values: Mapping[str, Any] = row.get("json") or {}
    if len(orjson.dumps(values)) > MAX_ROW_BYTES:
        return "", "invalid", "Row size is larger than the maximum of 10 MB"
    for name in values:
        if name not in table and not ignores:
            return name, "invalid", f"no such field: {name}."
    for field in table.fields:
        if field.mode == "REQUIRED" and values.get(field.name) is None:
            return field.name, "invalid", f"Missing required field: {field.name}."
        if field.type == "NUMERIC" and not _is_numeric(values.get(field.name)):
            return field.name, "invalid", f"Invalid NUMERIC value: {values[field.name]}"
    return _misplaced(values.get(table.partitioned_by or ""), table.partitioned_by or "", today)


def _is_numeric(value: Any) -> bool:
    """Whether a value is NULL, or a NUMERIC sent as a string; a JSON number would be a float on its way."""
    return value is None or (isinstance(value, str) and fits_numeric(value))


def _misplaced(day: Any, column: str, today: date) -> tuple[str, str, str] | None:
    """A partition more than ten years back or a year ahead takes no streamed rows (docs/write-api-rest)."""
    if isinstance(day, str) and not today - _PAST <= date.fromisoformat(day[:10]) <= today + _FUTURE:
        return column, "invalid", f"Value {day} for field {column} is outside the allowed bounds for streaming"
    return None


def _entry(index: int, column: str, reason: str, message: str) -> dict[str, Any]:
    return {"index": index, "errors": [{"reason": reason, "location": column, "message": message, "debugInfo": ""}]}
