"""Orders by id, with their legs.

A leg is kept as an order of its own, so that it can be asked for by id, and its parent remembers it. Legs may arrive
nested under the parent or as rows of their own; whatever arrives later replaces what has the same id.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from infra.local.broker.rows import instant_of
from infra.local.exact_json import JsonObject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MULTI_LEG = "mleg"


class OrderBook:
    """Orders and legs; built once, then only read."""

    def __init__(self, orders: Iterable[JsonObject]) -> None:
        self._rows: dict[str, JsonObject] = {}
        self._legs: dict[str, list[str]] = {}
        for order in orders:
            self._add(order)
        self._parents = {leg: parent for parent, legs in self._legs.items() for leg in legs}
        self._by_client_id = {str(row.get("client_order_id")): row for row in self._rows.values()}
        self._timeline = sorted(self._rows.values(), key=place)

    def __len__(self) -> int:
        return len(self._rows)

    def find(self, order_id: str) -> JsonObject | None:
        """The order or leg with this id, without its legs."""
        return self._rows.get(order_id.lower())

    def find_by_client_id(self, client_order_id: str) -> JsonObject | None:
        """The order that its maker gave this id, without its legs."""
        return self._by_client_id.get(client_order_id)

    def shown(self, order: JsonObject, *, nested: bool) -> JsonObject:
        """The order as it is served: its legs under it when asked for, and always for a multi-leg option order."""
        legs = self._legs.get(_id(order))
        if not legs or not (nested or order.get("order_class") == _MULTI_LEG):
            return order
        return {**order, "legs": [self.shown(self._rows[leg], nested=nested) for leg in legs]}

    def timeline(self, *, nested: bool) -> list[JsonObject]:
        """The orders to list, oldest submission first; a leg is a row unless it shows under its parent."""
        return [row for row in self._timeline if not self._is_under_parent(row, nested=nested)]

    def rows(self) -> list[JsonObject]:
        """Everything, legs nested, in the order of arrival: what a new book can be built from."""
        return [self.shown(row, nested=True) for row in self._rows.values() if _id(row) not in self._parents]

    def _add(self, order: JsonObject) -> None:
        legs = order.get("legs") or []
        for leg in legs:
            self._add(leg)
        if legs:
            self._legs[_id(order)] = [_id(leg) for leg in legs]
        self._rows[_id(order)] = {**order, "legs": None}

    def _is_under_parent(self, row: JsonObject, *, nested: bool) -> bool:
        parent = self._parents.get(_id(row))
        return parent is not None and (nested or self._rows[parent].get("order_class") == _MULTI_LEG)


def place(order: JsonObject) -> tuple[datetime, str]:
    """Where the order stands in time: by submission, or creation for one that was never submitted, then by id."""
    return instant_of(order, "submitted_at", "created_at") or _EPOCH, _id(order)


def _id(order: JsonObject) -> str:
    return str(order["id"]).lower()
