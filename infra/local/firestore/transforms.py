"""Field transforms: the values that the server computes while it writes."""

import math
from collections.abc import Callable

from infra.local.firestore import fields
from infra.local.firestore.clock import to_timestamp
from infra.local.firestore.errors import invalid
from infra.local.firestore.messages import ArrayValue, Document, FieldTransform, Value
from infra.local.firestore.values import sort_key

_REQUEST_TIME = 1
_MILLISECOND = 1_000
_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1
_NUMBERS = ("integer_value", "double_value")


def transform(document: Document, wanted: FieldTransform, commit_micros: int) -> Value:
    """Applies one transform to the document and returns what the client is told about it."""
    kind = wanted.WhichOneof("transform_type")
    if kind is None:
        raise invalid(f'The transform of "{wanted.field_path}" does not say what to do.')
    path = fields.parse(wanted.field_path)
    current = fields.read(document.fields, path)
    if kind == "set_to_server_value":
        result = stored = _server_time(wanted, commit_micros)
    elif kind in _ARITHMETIC:
        result = stored = _ARITHMETIC[kind](current, _number(wanted, kind))
    else:
        stored, result = _ARRAYS[kind](current, getattr(wanted, kind)), Value(null_value=0)
    fields.replace(document.fields, path, stored)
    return result


def _server_time(wanted: FieldTransform, commit_micros: int) -> Value:
    if wanted.set_to_server_value != _REQUEST_TIME:
        raise invalid(f'"{wanted.field_path}" asks for a server value other than REQUEST_TIME.')
    return Value(timestamp_value=to_timestamp(commit_micros - commit_micros % _MILLISECOND))


def _number(wanted: FieldTransform, kind: str) -> Value:
    operand: Value = getattr(wanted, kind)
    if operand.WhichOneof("value_type") not in _NUMBERS:
        raise invalid(f'The transform of "{wanted.field_path}" needs an integer or a double.')
    return operand


def _plain(value: Value | None) -> float | None:
    """The number in a value; None when it holds none."""
    kind = value.WhichOneof("value_type") if value is not None else None
    return getattr(value, kind) if kind in _NUMBERS else None


def _increment(current: Value | None, by: Value) -> Value:
    before, change = _plain(current), _plain(by)
    if before is None or change is None:
        return _copy(by)
    after = before + change
    if isinstance(after, int):
        return Value(integer_value=min(max(after, _INT64_MIN), _INT64_MAX))
    return Value(double_value=after)


def _extreme(is_better: Callable[[float, float], bool]) -> Callable[[Value | None, Value], Value]:
    def choose(current: Value | None, operand: Value) -> Value:
        before, offered = _plain(current), _plain(operand)
        if current is None or before is None or offered is None:
            return _copy(operand)
        if math.isnan(offered) or (not math.isnan(before) and is_better(offered, before)):
            return _copy(operand)
        return _copy(current)

    return choose


def _append_missing(current: Value | None, offered: ArrayValue) -> Value:
    elements = _elements(current)
    present = [sort_key(element) for element in elements]
    for element in offered.values:
        key = sort_key(element)
        if key not in present:
            present.append(key)
            elements.append(element)
    return Value(array_value=ArrayValue(values=elements))


def _remove_all(current: Value | None, unwanted: ArrayValue) -> Value:
    keys = [sort_key(element) for element in unwanted.values]
    kept = [element for element in _elements(current) if sort_key(element) not in keys]
    return Value(array_value=ArrayValue(values=kept))


def _elements(current: Value | None) -> list[Value]:
    if current is None or current.WhichOneof("value_type") != "array_value":
        return []
    return list(current.array_value.values)


def _copy(value: Value) -> Value:
    # Assigning a message that lives inside the document to a part of itself would clear it first.
    copied = Value()
    copied.CopyFrom(value)
    return copied


_ARITHMETIC: dict[str, Callable[[Value | None, Value], Value]] = {
    "increment": _increment,
    "maximum": _extreme(lambda offered, before: offered > before),
    "minimum": _extreme(lambda offered, before: offered < before),
}
_ARRAYS: dict[str, Callable[[Value | None, ArrayValue], Value]] = {
    "append_missing_elements": _append_missing,
    "remove_all_from_array": _remove_all,
}
