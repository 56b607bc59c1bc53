"""What the judge refuses of an Arrow batch."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from tests.strict.appends import MAX_REQUEST
from tests.strict.tables import judge

_STREAM = "projects/p/datasets/d/tables/facts/streams/s"
_SCHEMA = pa.schema(
    [
        ("ds", pa.date32()),
        ("k", pa.utf8()),
        ("amount", pa.decimal128(38, 9)),
        ("moment", pa.timestamp("us", "UTC")),
        ("tags", pa.list_(pa.utf8())),
    ]
)
_ROW: dict[str, Any] = {
    "ds": date(9999, 12, 31),
    "k": "a",
    "amount": Decimal("-0.000000001"),
    "moment": datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
    "tags": [],
}


def _said(schema: pa.Schema, *rows: dict[str, Any], request: bytes = b"") -> str | None:
    refusal = judge().append(_STREAM, request, pa.RecordBatch.from_pylist(list(rows), schema))
    return refusal.message if refusal else None


def _with(name: str, kind: pa.DataType) -> pa.Schema:
    return _SCHEMA.set(_SCHEMA.get_field_index(name), pa.field(name, kind))


def test_a_batch_that_fits_goes_through() -> None:
    first = _ROW | {"ds": date(1, 1, 1), "moment": datetime(1, 1, 1, tzinfo=UTC), "amount": None, "tags": ["x"]}
    assert _said(_SCHEMA, _ROW, first) is None
    assert _said(_SCHEMA) is None


def test_a_column_may_be_missing_unless_it_is_required() -> None:
    assert _said(_SCHEMA.remove(2), {key: _ROW[key] for key in _ROW if key != "amount"}) is None
    missing = _said(_SCHEMA.remove(1), {key: _ROW[key] for key in _ROW if key != "k"})
    assert missing == "Field k is REQUIRED and was not sent"


def test_a_column_that_the_table_lacks_is_refused() -> None:
    said = _said(_SCHEMA.append(pa.field("colour", pa.utf8())), _ROW | {"colour": None})
    assert said == "Input schema has more fields than BigQuery schema, extra fields: 'colour'"


@pytest.mark.parametrize(
    ("name", "kind", "value"),
    [
        ("amount", pa.decimal128(38, 2), Decimal("0.01")),
        ("amount", pa.float64(), 0.1),
        ("moment", pa.timestamp("us"), datetime(2021, 1, 1)),  # noqa: DTZ001 - naive is the point
        ("moment", pa.timestamp("ns", "UTC"), datetime(2021, 1, 1, tzinfo=UTC)),
        ("tags", pa.utf8(), "x"),
    ],
)
def test_a_column_is_sent_as_the_one_type_that_loses_nothing(name: str, kind: pa.DataType, value: Any) -> None:
    assert "which is not sent as" in str(_said(_with(name, kind), _ROW | {name: value}))


def test_a_null_where_none_may_be_is_refused() -> None:
    assert _said(_SCHEMA, _ROW, _ROW | {"k": None}) == "Field k is REQUIRED and 1 rows have no value for it"
    assert _said(_SCHEMA, _ROW | {"tags": ["x", None]}) == "Field tags holds a NULL in an array"


def test_time_ends_with_the_year_9999() -> None:
    beyond = pa.array([253_402_300_800_000_000], pa.int64()).cast(pa.timestamp("us", "UTC"))
    batch = pa.RecordBatch.from_pylist([_ROW], _SCHEMA).set_column(3, _SCHEMA.field("moment"), beyond)
    refusal = judge().append(_STREAM, b"", batch)
    assert refusal is not None
    assert refusal.message == "Field moment holds a TIMESTAMP outside the years 1 to 9999"


def test_a_request_is_limited_to_10_mb() -> None:
    assert _said(_SCHEMA, _ROW, request=bytes(MAX_REQUEST)) is None
    assert "exceeds the limit" in str(_said(_SCHEMA, _ROW, request=bytes(MAX_REQUEST + 1)))
