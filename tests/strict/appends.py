"""Rules about rows that arrive through the Storage Write API (gRPC) as Arrow batches.

Sources, below https://cloud.google.com/bigquery/docs/: supported-data-types ("Arrow"), write-api-best-practices (a
column that the table lacks: SCHEMA_MISMATCH_EXTRA_FIELDS), quotas ("Storage Write API": older documents say 10 MB per
request, newer ones 20; the stricter one holds here), reference/standard-sql/data-types (TIMESTAMP: years 1 to 9999).
"""

from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from tests.strict.definition import Definition, Field
from tests.strict.refusal import Refusal

MAX_REQUEST = 10 * 1000 * 1000
_TYPES = {
    "STRING": (pa.utf8(), pa.large_utf8()),
    "JSON": (pa.utf8(), pa.large_utf8()),
    "NUMERIC": (pa.decimal128(38, 9),),
    "TIMESTAMP": (pa.timestamp("us", "UTC"),),
    "DATE": (pa.date32(),),
    "BOOLEAN": (pa.bool_(),),
    "BOOL": (pa.bool_(),),
    "INTEGER": (pa.int64(),),
    "INT64": (pa.int64(),),
    "FLOAT": (pa.float64(),),
    "FLOAT64": (pa.float64(),),
}
_FIRST_MOMENT, _LAST_MOMENT = -62_135_596_800_000_000, 253_402_300_799_999_999
"""0001-01-01 and the last microsecond of 9999, in microseconds since 1970."""
_FIRST_DAY, _LAST_DAY = -719_162, 2_932_896


def too_large(request: bytes) -> Iterator[Refusal]:
    """Keep a request to 10 MB."""
    if len(request) > MAX_REQUEST:
        yield Refusal("append size", f"AppendRows request size {len(request)} exceeds the limit of {MAX_REQUEST} bytes")


def bad_batch(rows: pa.RecordBatch, table: Definition) -> Iterator[Refusal]:
    """Hold one batch of rows to its table."""
    by_name = {field.name.lower(): field for field in table.fields}
    for column in rows.schema:
        if column.name.lower() not in by_name:
            message = f"Input schema has more fields than BigQuery schema, extra fields: '{column.name}'"
            yield Refusal("unknown column", message)
        elif fault := _fault(by_name[column.name.lower()], column.type, rows.column(column.name)):
            yield Refusal("column value", fault)
    sent = {name.lower() for name in rows.schema.names}
    for field in table.fields:
        if field.mode == "REQUIRED" and field.name.lower() not in sent:
            yield Refusal("column value", f"Field {field.name} is REQUIRED and was not sent")


def _fault(field: Field, kind: pa.DataType, values: pa.Array) -> str | None:
    if field.mode == "REPEATED":
        if not pa.types.is_list(kind) or kind.value_type not in _TYPES[field.type]:
            return f"Field {field.name} is a repeated {field.type}, which is not sent as {kind}"
        return f"Field {field.name} holds a NULL in an array" if values.flatten().null_count else None
    if kind not in _TYPES[field.type]:
        return f"Field {field.name} is {field.type}, which is not sent as {kind}"
    if field.mode == "REQUIRED" and values.null_count:
        return f"Field {field.name} is REQUIRED and {values.null_count} rows have no value for it"
    return _out_of_range(field, values)


def _out_of_range(field: Field, values: pa.Array) -> str | None:
    match field.type:
        case "TIMESTAMP":
            first, last, numbers = _FIRST_MOMENT, _LAST_MOMENT, values.cast(pa.int64())
        case "DATE":
            first, last, numbers = _FIRST_DAY, _LAST_DAY, values.cast(pa.int32())
        case _:
            return None
    ends = pc.min_max(numbers).as_py()
    if ends["min"] is not None and (ends["min"] < first or ends["max"] > last):
        return f"Field {field.name} holds a {field.type} outside the years 1 to 9999"
    return None
