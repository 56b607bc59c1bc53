"""Arrow schema and record batches of a table, as the Storage Write API takes them.

Source of the type mapping: BigQuery documentation, "Supported protocol buffer and Arrow data types".
"""

from collections.abc import Sequence
from functools import cache

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
    # Arrow makes a field's name anew whenever it is asked, so it is asked once a column and not once a value.
    held = [vars(item) for item in rows]
    cells = ([values[name] for values in held] for name in schema.names)
    arrays = [pa.array(values, type=kind) for values, kind in zip(cells, schema.types, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=schema)
