"""Aggregation queries: count, sum and average over the results of a query."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

from infra.local.firestore import fields
from infra.local.firestore.errors import invalid
from infra.local.firestore.fields import FieldPath
from infra.local.firestore.messages import AggregationResult, StructuredAggregationQuery, Value
from infra.local.firestore.query import Plan, plan, run
from infra.local.firestore.snapshot import Snapshot

_INT64_MIN, _INT64_MAX = -(2**63), 2**63 - 1

Aggregation = StructuredAggregationQuery.Aggregation


class Gathered(NamedTuple):
    """What one pass over the results has collected: how many there are, and the numbers in each aggregated field."""

    documents: int
    numbers: dict[FieldPath, list[float]]


def aggregation_plan(parent: str, query: StructuredAggregationQuery) -> Plan:
    """The query underneath: only documents that have every aggregated field take part, even in a count."""
    if not query.aggregations:
        raise invalid("An aggregation query needs an aggregation.")
    required = tuple(fields.parse(text) for each in query.aggregations if (text := _field_path(each)))
    return plan(parent, query.structured_query)._replace(required=required)


def aggregate(query: StructuredAggregationQuery, wanted: Plan, snapshot: Snapshot) -> AggregationResult:
    """All aggregations over one pass of results."""
    gathered = _gather(wanted, snapshot)
    result = AggregationResult()
    for index, each in enumerate(query.aggregations, start=1):
        alias = each.alias or f"field_{index}"
        if alias in result.aggregate_fields:
            raise invalid(f'The alias "{alias}" is used twice.')
        kind = each.WhichOneof("operator")
        if kind is None:
            raise invalid(f'The aggregation "{alias}" does not say what to do.')
        result.aggregate_fields[alias].CopyFrom(_OPERATORS[kind](each, gathered))
    return result


def _gather(wanted: Plan, snapshot: Snapshot) -> Gathered:
    numbers: dict[FieldPath, list[float]] = {path: [] for path in wanted.required}
    count = 0
    for row in run(wanted, snapshot):
        count += 1
        for path, found in numbers.items():
            value = row.value(path)
            kind = value.WhichOneof("value_type") if value is not None else None
            if kind in ("integer_value", "double_value"):
                found.append(getattr(value, kind))
    return Gathered(count, numbers)


def _field_path(aggregation: Aggregation) -> str:
    return aggregation.sum.field.field_path or aggregation.avg.field.field_path


def _count(aggregation: Aggregation, gathered: Gathered) -> Value:
    if aggregation.count.HasField("up_to"):
        return Value(integer_value=min(gathered.documents, aggregation.count.up_to.value))
    return Value(integer_value=gathered.documents)


def _sum(aggregation: Aggregation, gathered: Gathered) -> Value:
    total = _total(gathered.numbers[fields.parse(_field_path(aggregation))])
    if isinstance(total, int) and _INT64_MIN <= total <= _INT64_MAX:
        return Value(integer_value=total)
    return Value(double_value=float(total))


def _average(aggregation: Aggregation, gathered: Gathered) -> Value:
    numbers = gathered.numbers[fields.parse(_field_path(aggregation))]
    return Value(double_value=_total(numbers) / len(numbers)) if numbers else Value(null_value=0)


def _total(numbers: Sequence[float]) -> float:
    """Exact among integers; infinities of both signs make NaN instead of an error."""
    if all(isinstance(number, int) for number in numbers):
        return sum(numbers)
    try:
        return math.fsum(numbers)
    except (ValueError, OverflowError):
        return sum(map(float, numbers))


_OPERATORS: dict[str, Callable[[Aggregation, Gathered], Value]] = {"count": _count, "sum": _sum, "avg": _average}
