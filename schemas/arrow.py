"""Arrow schema and record batches of a table, as the Storage Write API takes them.

Source of the type mapping: BigQuery documentation, "Supported protocol buffer and Arrow data types".
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import pyarrow as pa

from schemas.bigquery import Column, columns
from schemas.table import Row

_ARROW = {
    "STRING": pa.utf8(),
    "JSON": pa.utf8(),
    "NUMERIC": pa.decimal128(38, 9),
    "TIMESTAMP": pa.timestamp("us", tz="UTC"),
    "DATE": pa.date32(),
    "BOOL": pa.bool_(),
    "INT64": pa.int64(),
}


@cache
def arrow_schema(row: type[Row]) -> pa.Schema:
    """Build the Arrow schema of a table, columns in the table's order."""
    return pa.schema([_field(column) for column in columns(row)])


def _field(column: Column) -> pa.Field:
    base = _ARROW[column.type]
    kind = pa.list_(pa.field("item", base, nullable=False)) if column.mode == "REPEATED" else base
    return pa.field(column.name, kind, nullable=column.mode == "NULLABLE")


def record_batch(row: type[Row], rows: Sequence[Row]) -> pa.RecordBatch:
    """Turn validated rows into one record batch, column by column."""
    schema = arrow_schema(row)
    arrays = [_array(field, [getattr(item, field.name) for item in rows]) for field in schema]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)


def _array(field: pa.Field, values: list[Any]) -> pa.Array:
    return pa.array(values, type=field.type)
