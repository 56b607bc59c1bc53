"""The order of a query's results, and cursors into it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from google.cloud.firestore_v1.types import StructuredQuery as Query

from infra.local.firestore import fields
from infra.local.firestore.collection import Bound
from infra.local.firestore.errors import invalid
from infra.local.firestore.fields import NAME, FieldPath
from infra.local.firestore.messages import Cursor, StructuredQuery
from infra.local.firestore.rows import Row
from infra.local.firestore.rules import inequality_fields
from infra.local.firestore.values import Key, sort_key

_DESCENDING = Query.Direction.DESCENDING

Keys = tuple[Key, ...]


class Order(NamedTuple):
    """One field by which results are sorted."""

    path: FieldPath
    descending: bool


class Position(NamedTuple):
    """A cursor: a place just before or just after the results whose first keys are these."""

    keys: Keys
    before: bool

    def name_bound(self, *, starts: bool) -> Bound:
        """The same place in an order by name alone, as one end of a range of names."""
        return Bound(self.keys[0][1], inclusive=self.before is starts)


def orders_of(query: StructuredQuery) -> tuple[Order, ...]:
    """The explicit orders, then the fields of inequalities, then the name, in the direction of the last one given."""
    orders = [Order(fields.parse(each.field.field_path), each.direction == _DESCENDING) for each in query.order_by]
    descending = orders[-1].descending if orders else False
    implied = sorted(fields.parse(path) for path in inequality_fields(query.where))
    for path in (*implied, NAME):
        # Nothing can follow the name, which is unique.
        if (path == NAME or NAME not in implied) and path not in (order.path for order in orders):
            orders.append(Order(path, descending))
    return tuple(orders)


def position(cursor: Cursor, explicit: int) -> Position:
    """The place a cursor stands for; it may have as many values as the query names orders."""
    if len(cursor.values) > explicit:
        raise invalid("The cursor has more values than the query has orders.")
    return Position(tuple(sort_key(value) for value in cursor.values), cursor.before)


def keys_of(row: Row, orders: Sequence[Order]) -> Keys | None:
    """What the row is sorted by, None when it lacks a field and so is in no such order."""
    keys = []
    for order in orders:
        key = row.key(order.path)
        if key is None:
            return None
        keys.append(key)
    return tuple(keys)


def is_past(keys: Keys, place: Position, orders: Sequence[Order]) -> bool:
    """Whether results with these keys come after the cursor."""
    for key, mark, order in zip(keys, place.keys, orders, strict=False):
        if key != mark:
            return (key > mark) is not order.descending
    return place.before


def sort(rows: list[tuple[Keys, Row]], orders: Sequence[Order]) -> None:
    """Sorts in place; later orders first, so that each stable pass keeps what the ones before it made."""
    for index in reversed(range(len(orders))):
        rows.sort(key=_nth_key(index), reverse=orders[index].descending)


def _nth_key(index: int) -> Callable[[tuple[Keys, Row]], Key]:
    return lambda keyed: keyed[0][index]
