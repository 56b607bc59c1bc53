"""Structured queries: filter, order, cursors, offset, limit and projection over one snapshot."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from infra.local.firestore import fields
from infra.local.firestore.collection import NameRange
from infra.local.firestore.errors import unimplemented
from infra.local.firestore.fields import NAME, FieldPath
from infra.local.firestore.filters import Predicate, compile_filter
from infra.local.firestore.messages import StructuredQuery
from infra.local.firestore.names import check_id, check_parent
from infra.local.firestore.ordering import Keys, Order, Position, is_past, keys_of, orders_of, position, sort
from infra.local.firestore.rows import Row
from infra.local.firestore.rules import check
from infra.local.firestore.snapshot import Snapshot
from infra.local.firestore.store import Scope


class Plan(NamedTuple):
    """A query that has been checked and taken apart."""

    scope: Scope
    matches: Predicate | None
    orders: tuple[Order, ...]
    start: Position | None
    end: Position | None
    offset: int
    limit: int | None
    projection: tuple[FieldPath, ...] | None
    """The fields to return, None for all of them."""
    required: tuple[FieldPath, ...] = ()
    """Fields without which a document is no result: those that an aggregation reads."""


def plan(parent: str, query: StructuredQuery) -> Plan:
    """Checks a query and prepares it.

    Raises:
        RefusedError: Firestore refuses the query too, or the stand-in does not know this kind.
    """
    if query.HasField("find_nearest"):
        raise unimplemented("Vector search is not part of the stand-in.")
    check(query)
    explicit = len(query.order_by)
    return Plan(
        scope=_scope(check_parent(parent), query),
        matches=compile_filter(query.where) if query.HasField("where") else None,
        orders=orders_of(query),
        start=position(query.start_at, explicit) if query.HasField("start_at") else None,
        end=position(query.end_at, explicit) if query.HasField("end_at") else None,
        offset=query.offset,
        limit=query.limit.value if query.HasField("limit") else None,
        projection=_projection(query),
    )


def run(wanted: Plan, snapshot: Snapshot) -> Iterator[Row]:
    """The results in order, unprojected. By name they are found as they are taken, otherwise all at the first."""
    rows = _by_name(wanted, snapshot) if _is_name_range(wanted) else _by_fields(wanted, snapshot)
    stop = None if wanted.limit is None else wanted.offset + wanted.limit
    return islice(rows, wanted.offset, stop)


def projected(row: Row, projection: Sequence[FieldPath]) -> bytes:
    """The serialized document, reduced to these fields."""
    return fields.project(row.document, projection).SerializeToString()


def _scope(parent: str, query: StructuredQuery) -> Scope:
    for selector in query.from_:
        if selector.collection_id:
            check_id(selector.collection_id)
        return Scope(parent, selector.collection_id, selector.all_descendants)
    return Scope(parent, "", descendants=False)


def _projection(query: StructuredQuery) -> tuple[FieldPath, ...] | None:
    if not query.HasField("select"):
        return None
    return tuple(path for each in query.select.fields if (path := fields.parse(each.field_path)) != NAME)


def _is_name_range(wanted: Plan) -> bool:
    cursors = (wanted.start, wanted.end)
    return wanted.orders[0].path == NAME and all(cursor is None or cursor.keys for cursor in cursors)


def _by_name(wanted: Plan, snapshot: Snapshot) -> Iterator[Row]:
    first = wanted.start.name_bound(starts=True) if wanted.start else None
    last = wanted.end.name_bound(starts=False) if wanted.end else None
    descending = wanted.orders[0].descending
    names = NameRange(last, first) if descending else NameRange(first, last)
    return _matching(wanted, snapshot, names, descending=descending)


def _by_fields(wanted: Plan, snapshot: Snapshot) -> Iterator[Row]:
    found = []
    for row in _matching(wanted, snapshot, NameRange(), descending=False):
        keys = keys_of(row, wanted.orders)
        if keys is not None and _is_between(keys, wanted):
            row.shed()
            found.append((keys, row))
    sort(found, wanted.orders)
    return (row for _, row in found)


def _is_between(keys: Keys, wanted: Plan) -> bool:
    if wanted.start is not None and not is_past(keys, wanted.start, wanted.orders):
        return False
    return wanted.end is None or not is_past(keys, wanted.end, wanted.orders)


def _matching(wanted: Plan, snapshot: Snapshot, names: NameRange, *, descending: bool) -> Iterator[Row]:
    for found in snapshot.scan(wanted.scope, names, descending=descending):
        row = Row(found)
        if wanted.matches is not None and not wanted.matches(row):
            continue
        if all(row.value(path) is not None for path in wanted.required):
            yield row
