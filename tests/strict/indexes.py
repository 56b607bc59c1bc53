"""Does a Firestore query need a composite index? The emulators answer without one; the service refuses.

Source: https://cloud.google.com/firestore/docs/query-data/index-overview: equality filters, in any number, are merged
from the indexes that every field has, and so is one range or one order; a range or an order on one field together with
a filter on another needs a composite index. An order by name is part of every index.
"""

from collections.abc import Iterator

from google.cloud.firestore_v1.types import StructuredQuery

_EQUALITIES = frozenset(
    {
        StructuredQuery.FieldFilter.Operator.EQUAL,
        StructuredQuery.FieldFilter.Operator.IN,
        StructuredQuery.FieldFilter.Operator.ARRAY_CONTAINS,
    }
)
_NAME = "__name__"


def needs_composite_index(query: StructuredQuery) -> bool:
    """Whether the service would ask for an index that nobody has defined."""
    filters = list(_filters(query.where))
    equal = {field for field, is_equality in filters if is_equality}
    ranged = {field for field, is_equality in filters if not is_equality}
    ordered = {order.field.field_path for order in query.order_by}
    sorted_by = (ranged | ordered) - {_NAME}
    return len(sorted_by) > 1 or bool(sorted_by and equal - sorted_by)


def _filters(where: StructuredQuery.Filter) -> Iterator[tuple[str, bool]]:
    """List the fields of a filter, and whether each is compared for equality."""
    for part in where.composite_filter.filters:
        yield from _filters(part)
    if path := where.field_filter.field.field_path:
        yield path, where.field_filter.op in _EQUALITIES
    if path := where.unary_filter.field.field_path:
        yield path, True
