"""What may be stored: checks a document, brings its values to their stored form and measures it.

Sizes follow https://firebase.google.com/docs/firestore/storage-size.
"""

import math
from collections.abc import Callable

from infra.local.firestore.errors import invalid
from infra.local.firestore.messages import ArrayValue, Document, Fields, Value
from infra.local.firestore.names import check_reference, is_reserved

MAX_DOCUMENT_BYTES = 1_048_576
_MAX_VALUE_BYTES = MAX_DOCUMENT_BYTES - 89
_MAX_NAME_BYTES = 1_500
_MAX_DEPTH = 20
_DOCUMENT_OVERHEAD = 32
_NAME_OVERHEAD = 16
_EARLIEST_SECOND, _LATEST_SECOND = -62_135_596_800, 253_402_300_799
_NANOS_PER_SECOND = 1_000_000_000
_VECTOR_MARK = "__type__"


def normalize(document: Document) -> None:
    """Cuts timestamps to microseconds and refuses what Firestore does not store."""
    size = _name_bytes(document.name) + _fields_bytes(document.fields, 0) + _DOCUMENT_OVERHEAD
    if size > MAX_DOCUMENT_BYTES:
        raise invalid(f"{document.name} has {size} bytes; the maximum is {MAX_DOCUMENT_BYTES}.")


def _name_bytes(name: str) -> int:
    return sum(len(segment.encode()) + 1 for segment in name.split("/")[5:]) + _NAME_OVERHEAD


def _fields_bytes(fields: Fields, depth: int) -> int:
    total = 0
    for name in fields:
        length = len(name.encode())
        if not 0 < length <= _MAX_NAME_BYTES:
            raise invalid(f'The field name "{name[:20]}" is empty or longer than {_MAX_NAME_BYTES} bytes.')
        if is_reserved(name) and not (depth and name == _VECTOR_MARK):
            raise invalid(f'The field name "{name}" is reserved.')
        total += length + 1 + _value_bytes(fields[name], depth)
    return total


def _value_bytes(value: Value, depth: int) -> int:
    kind = value.WhichOneof("value_type")
    if kind is None or kind not in _MEASURES:
        raise invalid(f"A value of type {kind or 'unset'} cannot be stored.")
    return _MEASURES[kind](value, depth)


def _double(value: Value, _depth: int) -> int:
    if math.isnan(value.double_value):
        value.double_value = math.nan
    return 8


def _timestamp(value: Value, _depth: int) -> int:
    timestamp = value.timestamp_value
    if not (_EARLIEST_SECOND <= timestamp.seconds <= _LATEST_SECOND and 0 <= timestamp.nanos < _NANOS_PER_SECOND):
        raise invalid(f"The timestamp {timestamp.seconds}s {timestamp.nanos}ns is outside years 1 to 9999.")
    if timestamp.nanos % 1_000:
        timestamp.nanos -= timestamp.nanos % 1_000
    return 8


def _text(length: int) -> int:
    if length > _MAX_VALUE_BYTES:
        raise invalid(f"A value is longer than {_MAX_VALUE_BYTES} bytes.")
    return length


def _reference(value: Value, _depth: int) -> int:
    check_reference(value.reference_value)
    return _name_bytes(value.reference_value)


def _point(value: Value, _depth: int) -> int:
    point = value.geo_point_value
    if not (-90 <= point.latitude <= 90 and -180 <= point.longitude <= 180):  # noqa: PLR2004 - the globe's own limits
        raise invalid(f"The geo point {point.latitude}, {point.longitude} is not on the globe.")
    return 16


def _array(array: ArrayValue, depth: int) -> int:
    _check_depth(depth)
    if any(element.WhichOneof("value_type") == "array_value" for element in array.values):
        raise invalid("An array cannot hold an array directly.")
    return sum(_value_bytes(element, depth + 1) for element in array.values)


def _map(value: Value, depth: int) -> int:
    _check_depth(depth)
    return _fields_bytes(value.map_value.fields, depth + 1)


def _check_depth(depth: int) -> None:
    if depth >= _MAX_DEPTH:
        raise invalid(f"Maps and arrays are nested deeper than {_MAX_DEPTH} levels.")


_MEASURES: dict[str, Callable[[Value, int], int]] = {
    "null_value": lambda _value, _depth: 1,
    "boolean_value": lambda _value, _depth: 1,
    "integer_value": lambda _value, _depth: 8,
    "double_value": _double,
    "timestamp_value": _timestamp,
    "string_value": lambda value, _depth: _text(len(value.string_value.encode())) + 1,
    "bytes_value": lambda value, _depth: _text(len(value.bytes_value)),
    "reference_value": _reference,
    "geo_point_value": _point,
    "array_value": lambda value, depth: _array(value.array_value, depth),
    "map_value": _map,
}
