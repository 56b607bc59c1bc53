"""Fills out of broker orders. Pure: takes the broker's JSON, returns prices and quantities.

An order is a fill only if filled_qty > 0 and filled_avg_price > 0, whatever its status says; cancelled, expired and
replaced orders may carry real fills.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.values import EPOCH

_EXIT_OF = re.compile(
    r"(?P<position>.+?)[-_](?:x|exit|tp|sl|scale)[0-9_\-]*[A-Za-z]?", re.ASCII | re.IGNORECASE | re.DOTALL
)
"""How the engine names the orders that close a position."""

Order = Mapping[str, Any]
"""An order as the broker's JSON has it; money and quantities are strings."""


@dataclass(frozen=True)
class Fill:
    """What one order filled."""

    order_id: str
    side: str
    """buy or sell."""
    price: Decimal
    """Average price, US dollars per unit."""
    qty: Decimal
    """Units."""
    filled_at: datetime
    """When the order's last part filled."""


def vwap(fills: Sequence[Fill]) -> Decimal:
    """Average the price over fills, weighted by quantity."""
    return sum((f.price * f.qty for f in fills), Decimal(0)) / quantity(fills)


def quantity(fills: Iterable[Fill]) -> Decimal:
    """Add up quantities."""
    return sum((fill.qty for fill in fills), Decimal(0))


class OrderBook:
    """The orders a run fetched, findable by the broker's id and by the client's."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_id: dict[str, Order] = {}
        self._by_client: dict[str, Order] = {}
        self._children: dict[str, list[Order]] = {}

    def add(self, orders: Iterable[Order]) -> None:
        """Take orders in, nested legs too. The same order twice is one."""
        for order in orders:
            if order["id"] not in self._by_id:
                self._index(order)
            self.add(order.get("legs") or ())

    def _index(self, order: Order) -> None:
        client_id = order.get("client_order_id") or ""
        self._by_id[order["id"]] = order
        self._by_client[client_id] = order
        if match := _EXIT_OF.fullmatch(client_id):
            self._children.setdefault(match["position"], []).append(order)

    def find(self, order_id: str | None, client_order_id: str) -> Order | None:
        """Find an order by the broker's id, else by the client's."""
        return self._by_id.get(order_id or "") or self._by_client.get(client_order_id)

    def knows(self, key: str) -> bool:
        """Whether an order has this id, the broker's or the client's."""
        return key in self._by_id or key in self._by_client

    def chain(self, order: Order) -> Iterator[Order]:
        """Yield an order, those it replaced and those that replaced it; each may have filled in part."""
        links = {order["id"]: order}
        for way in ("replaces", "replaced_by"):
            current = self._by_id.get(order.get(way) or "")
            while current is not None and current["id"] not in links:
                links[current["id"]] = current
                current = self._by_id.get(current.get(way) or "")
        yield from links.values()

    def fills(self, orders: Iterable[Order]) -> list[Fill]:
        """List the fills of orders and of what replaced them, in the order of time, each order once."""
        unique = {link["id"]: link for order in orders for link in self.chain(order)}
        found = [fill for fill in map(fill_of, unique.values()) if fill]
        return sorted(found, key=lambda fill: (fill.filled_at, fill.order_id))

    def exits(self, entry: Order | None, position_id: str, order_ids: Iterable[str]) -> list[Order]:
        """Collect the orders that may have closed a position.

        Those the document names, the legs of the entry's bracket, and those that the engine named after the position
        (`<position_id>-x`, `<position_id>_exit_2`, `…-tp1`), all on the side opposite to the entry.
        """
        named = [self._by_id[order_id] for order_id in order_ids if order_id in self._by_id]
        legs = list((entry or {}).get("legs") or ())
        own = self._children.get(position_id, [])
        opposite = _opposite(entry)
        entry_id = (entry or {}).get("id")
        unique = {order["id"]: order for order in (*named, *legs, *own) if order["id"] != entry_id}
        return [order for order in unique.values() if opposite is None or order.get("side") == opposite]


def fill_of(order: Order) -> Fill | None:
    """Read one order's fill; None when nothing filled."""
    qty, price = _positive(order.get("filled_qty")), _positive(order.get("filled_avg_price"))
    if qty is None or price is None:
        return None
    when = _when(order.get("filled_at") or order.get("updated_at"))
    return Fill(order["id"], order.get("side") or "", price, qty, when)


def finite(text: object) -> Decimal | None:
    """Read a number of the broker's JSON; None when it is missing or no finite number."""
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def _positive(text: object) -> Decimal | None:
    number = finite(text)
    return number if number is not None and number > 0 else None


def _when(text: object) -> datetime:
    """Read a time of the broker's JSON; what cannot be read sorts first."""
    try:
        moment = datetime.fromisoformat(str(text))
    except ValueError:
        return EPOCH
    return moment if moment.tzinfo else EPOCH


def _opposite(entry: Order | None) -> str | None:
    return {"buy": "sell", "sell": "buy"}.get((entry or {}).get("side") or "")
