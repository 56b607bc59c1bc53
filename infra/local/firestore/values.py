"""How values compare: Firestore's order across types, and its two kinds of equality.

A sort key is `(rank of the type, something comparable within that type)`. Integers and doubles share a rank and
compare as numbers; NaN has a rank of its own, because no range reaches it.
Source: https://firebase.google.com/docs/firestore/manage-data/data-types#value_type_ordering
"""

import math
from collections.abc import Callable
from typing import Any

from infra.local.firestore.errors import invalid
from infra.local.firestore.messages import ArrayValue, MapValue, Value
from infra.local.firestore.names import path_key

Key = tuple[int, Any]

_NULL, _BOOLEAN, _NAN, _NUMBER, _TIME, _STRING, _BYTES, _REFERENCE, _POINT, _ARRAY, _VECTOR, _MAP = range(12)

NULL_KEY: Key = (_NULL, 0)
NAN_KEY: Key = (_NAN, 0)


def sort_key(value: Value) -> Key:
    """The value's place in the order of all values."""
    kind = value.WhichOneof("value_type")
    if kind is None or kind not in _KEYS:
        raise invalid(f"A value of type {kind or 'unset'} cannot be stored or compared.")
    return _KEYS[kind](value)


def matches_nothing(key: Key) -> bool:
    """Whether an operand equals no value at all in a filter, as null and NaN do not even equal themselves."""
    return key in (NULL_KEY, NAN_KEY)


def elements(value: Value) -> tuple[Key, ...]:
    """The sort keys of an array's elements; nothing for every other type."""
    return _array(value.array_value) if value.WhichOneof("value_type") == "array_value" else ()


def reference_key(path_key: tuple[str, ...]) -> Key:
    """The sort key of a reference to the document at this place in the order of names."""
    return _REFERENCE, path_key


def _number(value: float) -> Key:
    return NAN_KEY if math.isnan(value) else (_NUMBER, value)


def _array(array: ArrayValue) -> tuple[Key, ...]:
    return tuple(sort_key(element) for element in array.values)


def _map(value: MapValue) -> Key:
    if "__type__" in value.fields:
        elements = _array(value.fields["value"].array_value)
        return _VECTOR, (len(elements), elements)
    return _MAP, tuple((name, sort_key(value.fields[name])) for name in sorted(value.fields))


_KEYS: dict[str, Callable[[Value], Key]] = {
    "null_value": lambda _: NULL_KEY,
    "boolean_value": lambda value: (_BOOLEAN, value.boolean_value),
    "integer_value": lambda value: (_NUMBER, value.integer_value),
    "double_value": lambda value: _number(value.double_value),
    "timestamp_value": lambda value: (_TIME, (value.timestamp_value.seconds, value.timestamp_value.nanos)),
    "string_value": lambda value: (_STRING, value.string_value),
    "bytes_value": lambda value: (_BYTES, value.bytes_value),
    "reference_value": lambda value: reference_key(path_key(value.reference_value)),
    "geo_point_value": lambda value: (_POINT, (value.geo_point_value.latitude, value.geo_point_value.longitude)),
    "array_value": lambda value: (_ARRAY, _array(value.array_value)),
    "map_value": lambda value: _map(value.map_value),
}
