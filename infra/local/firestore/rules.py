"""What Firestore refuses in a query although it could be answered.

Source: https://firebase.google.com/docs/firestore/query-data/queries#query_limitations, and Google's emulator.
"""

from collections.abc import Iterable, Iterator
from math import prod

from google.cloud.firestore_v1.types import StructuredQuery as Query

from infra.local.firestore.errors import failed_precondition, invalid
from infra.local.firestore.messages import StructuredQuery
from infra.local.firestore.values import NULL_KEY, matches_nothing, sort_key

_Op = Query.FieldFilter.Operator
_UnaryOp = Query.UnaryFilter.Operator
_OR = Query.CompositeFilter.Operator.OR
_DESCENDING = Query.Direction.DESCENDING

_MOST_DISJUNCTIONS = 30
_NAME = "__name__"
_NEGATIVE = {_Op.NOT_EQUAL, _Op.NOT_IN}
_NEGATIVE_UNARY = {_UnaryOp.IS_NOT_NAN, _UnaryOp.IS_NOT_NULL}
_CONTAINS = {_Op.ARRAY_CONTAINS, _Op.ARRAY_CONTAINS_ANY}
_LISTS = {_Op.IN, _Op.ARRAY_CONTAINS_ANY}
_RANGES = {_Op.LESS_THAN, _Op.LESS_THAN_OR_EQUAL, _Op.GREATER_THAN, _Op.GREATER_THAN_OR_EQUAL}

_Filter = StructuredQuery.Filter


def check(query: StructuredQuery) -> None:
    """Refuses what Firestore refuses, before a single document is looked at."""
    if len(query.from_) > 1:
        raise invalid("A query reads from one collection selector only.")
    if query.offset < 0 or query.limit.value < 0:
        raise invalid("offset and limit cannot be negative.")
    _check_negations(query.where)
    if _disjunctions(query.where) > _MOST_DISJUNCTIONS:
        raise invalid(f"The query has more than {_MOST_DISJUNCTIONS} disjunctions after normalization.")
    if _contains_at_most(query.where) > 1:
        raise invalid("A disjunction takes one array-contains or array-contains-any only.")
    _check_orders(query)
    _check_fields_without_collection(query)


def inequality_fields(clause: _Filter) -> set[str]:
    """The fields by which a query is ordered unless it says otherwise."""
    unary = {leaf.unary_filter.field.field_path for leaf in _leaves(clause) if leaf.unary_filter.op in _NEGATIVE_UNARY}
    return unary | {leaf.field_filter.field.field_path for leaf in _leaves(clause) if _is_inequality(leaf.field_filter)}


def _is_inequality(clause: StructuredQuery.FieldFilter) -> bool:
    """Whether it orders the results; one that can match nothing, such as `< null`, does not."""
    if clause.op in _RANGES:
        return not matches_nothing(sort_key(clause.value))
    return clause.op in _NEGATIVE and sort_key(clause.value) != NULL_KEY


def _leaves(clause: _Filter) -> Iterator[_Filter]:
    if clause.WhichOneof("filter_type") == "composite_filter":
        for part in clause.composite_filter.filters:
            yield from _leaves(part)
    elif clause.WhichOneof("filter_type") is not None:
        yield clause


def _check_negations(clause: _Filter) -> None:
    operators = [leaf.field_filter.op for leaf in _leaves(clause)]
    negative = sum(op in _NEGATIVE for op in operators)
    negative += sum(leaf.unary_filter.op in _NEGATIVE_UNARY for leaf in _leaves(clause))
    if negative > 1:
        raise invalid("Only one not-equal, not-in, is-not-nan or is-not-null filter is allowed in a query.")
    if _Op.NOT_IN in operators and (_has_or(clause) or not _LISTS.isdisjoint(operators)):
        raise invalid("not-in cannot be used together with in, array-contains-any or OR.")


def _has_or(clause: _Filter) -> bool:
    composite = clause.composite_filter
    return bool(composite.filters) and (composite.op == _OR or any(_has_or(part) for part in composite.filters))


def _distinct(composite: StructuredQuery.CompositeFilter) -> Iterable[_Filter]:
    """The parts of a filter; one that is said twice counts once."""
    return {part.SerializeToString(deterministic=True): part for part in composite.filters}.values()


def _disjunctions(clause: _Filter) -> int:
    """How many conjunctions the filter becomes in disjunctive normal form."""
    composite = clause.composite_filter
    if composite.filters:
        counts = [_disjunctions(part) for part in _distinct(composite)]
        return sum(counts) if composite.op == _OR else prod(counts)
    if clause.field_filter.op in _LISTS:
        return len(clause.field_filter.value.array_value.values)
    return 1


def _contains_at_most(clause: _Filter) -> int:
    composite = clause.composite_filter
    if composite.filters:
        counts = [_contains_at_most(part) for part in _distinct(composite)]
        return max(counts) if composite.op == _OR else sum(counts)
    return int(clause.field_filter.op in _CONTAINS)


def _check_orders(query: StructuredQuery) -> None:
    ordered = [order.field.field_path for order in query.order_by]
    if len(set(ordered)) < len(ordered):
        raise invalid("The order by clause names a field twice.")
    if _NAME in ordered[:-1]:
        raise invalid("The order by clause goes on after __name__, which is unique already.")
    if ordered == [_NAME] and query.order_by[0].direction == _DESCENDING and not query.HasField("where"):
        raise failed_precondition("Firestore does not support descending scans by __name__.")


def _check_fields_without_collection(query: StructuredQuery) -> None:
    if query.from_ and query.from_[0].collection_id:
        return
    named = {order.field.field_path for order in query.order_by}
    for leaf in _leaves(query.where):
        named |= {leaf.field_filter.field.field_path, leaf.unary_filter.field.field_path}
    if named - {_NAME, ""}:
        raise invalid("A query over collections of every id can only filter and order by __name__.")
