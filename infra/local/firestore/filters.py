"""Filters: which rows a `where` clause lets through.

Null and NaN equal nothing, not even themselves; only the unary operators find them. Ranges stay within one type.
"""

import operator
from collections.abc import Callable
from typing import Any

from google.cloud.firestore_v1.types import StructuredQuery as Query

from infra.local.firestore import fields
from infra.local.firestore.errors import invalid
from infra.local.firestore.fields import NAME
from infra.local.firestore.messages import StructuredQuery, Value
from infra.local.firestore.names import check_reference
from infra.local.firestore.rows import Row
from infra.local.firestore.values import NAN_KEY, NULL_KEY, Key, elements, matches_nothing, sort_key

Predicate = Callable[[Row], bool]
_KeyTest = Callable[[Key], bool]

_Op = Query.FieldFilter.Operator
_UnaryOp = Query.UnaryFilter.Operator
_CompositeOp = Query.CompositeFilter.Operator


def compile_filter(clause: StructuredQuery.Filter) -> Predicate:
    """The test that a `where` clause stands for.

    Raises:
        RefusedError: The clause names an unknown operator, or compares the document name with something else.
    """
    kind = clause.WhichOneof("filter_type")
    if kind == "composite_filter":
        return _composite(clause.composite_filter)
    if kind == "unary_filter":
        return _unary(clause.unary_filter)
    if kind == "field_filter":
        return _field(clause.field_filter)
    raise invalid("A filter must be a field, unary or composite filter.")


def _composite(clause: StructuredQuery.CompositeFilter) -> Predicate:
    parts = [compile_filter(part) for part in clause.filters]
    if clause.op == _CompositeOp.AND:
        return lambda row: all(part(row) for part in parts)
    if clause.op == _CompositeOp.OR:
        return lambda row: any(part(row) for part in parts)
    raise invalid("A composite filter must be AND or OR.")


def _unary(clause: StructuredQuery.UnaryFilter) -> Predicate:
    path = fields.parse(clause.field.field_path)
    test = _UNARY.get(clause.op)
    if test is None or path == NAME:
        raise invalid(f"Unknown unary operator {clause.op} for {clause.field.field_path}.")
    return lambda row: (key := row.key(path)) is not None and test(key)


def _field(clause: StructuredQuery.FieldFilter) -> Predicate:
    path = fields.parse(clause.field.field_path)
    if path == NAME:
        _check_names(clause)
    if clause.op in _CONTAINS:
        wanted = _findable(_operands(clause))
        return lambda row: (value := row.value(path)) is not None and not wanted.isdisjoint(elements(value))
    test = _test(clause)
    return lambda row: (key := row.key(path)) is not None and test(key)


def _check_names(clause: StructuredQuery.FieldFilter) -> None:
    if clause.op in _CONTAINS:
        raise invalid("A document name is not an array.")
    for operand in _operands(clause):
        if operand.WhichOneof("value_type") != "reference_value":
            raise invalid("A document name can only be compared with references.")
        check_reference(operand.reference_value)


def _test(clause: StructuredQuery.FieldFilter) -> _KeyTest:
    operands = [sort_key(operand) for operand in _operands(clause)]
    if clause.op in _RANGES:
        return _range(_RANGES[clause.op], operands[0])
    wanted = {key for key in operands if not matches_nothing(key)}
    if clause.op in (_Op.EQUAL, _Op.IN):
        return lambda key: key in wanted
    if NULL_KEY in operands:
        return lambda _key: False
    return lambda key: key != NULL_KEY and key not in wanted


def _range(compare: Callable[[Any, Any], bool], operand: Key) -> _KeyTest:
    if matches_nothing(operand):
        return lambda _key: False
    return lambda key: key[0] == operand[0] and compare(key, operand)


def _findable(operands: list[Value]) -> set[Key]:
    return {key for key in map(sort_key, operands) if not matches_nothing(key)}


def _operands(clause: StructuredQuery.FieldFilter) -> list[Value]:
    """The values that a field is compared with: several for the operators that take a list."""
    most = _MOST_OPERANDS.get(clause.op)
    if most is None:
        if clause.op not in _SINGLE:
            raise invalid(f"Unknown operator {clause.op} for {clause.field.field_path}.")
        return [clause.value]
    listed = clause.value.array_value.values
    if not 1 <= len(listed) <= most:
        raise invalid(f"{_Op(clause.op).name} takes an array of 1 to {most} values.")
    return list(listed)


_MOST_OPERANDS = {_Op.IN: 30, _Op.ARRAY_CONTAINS_ANY: 30, _Op.NOT_IN: 10}
"""The operators that take a list, and how long it may be."""

_RANGES = {
    _Op.LESS_THAN: operator.lt,
    _Op.LESS_THAN_OR_EQUAL: operator.le,
    _Op.GREATER_THAN: operator.gt,
    _Op.GREATER_THAN_OR_EQUAL: operator.ge,
}
_SINGLE = {*_RANGES, _Op.EQUAL, _Op.NOT_EQUAL, _Op.ARRAY_CONTAINS}
_CONTAINS = {_Op.ARRAY_CONTAINS, _Op.ARRAY_CONTAINS_ANY}

_UNARY: dict[int, _KeyTest] = {
    _UnaryOp.IS_NULL: lambda key: key == NULL_KEY,
    _UnaryOp.IS_NAN: lambda key: key == NAN_KEY,
    _UnaryOp.IS_NOT_NULL: lambda key: key != NULL_KEY,
    _UnaryOp.IS_NOT_NAN: lambda key: key not in (NULL_KEY, NAN_KEY),
}
