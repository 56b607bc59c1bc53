"""The orders of a run, and which of them opened and closed a position. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from shared.executions import Executions
from shared.exit_names import named_after
from shared.fills import Fill, Order, fill_of, finite, in_order, lacks_price, positive
from shared.pairs import bare

_MULTI_LEG = "mleg"
_WITH_EXITS = frozenset({"bracket", "oco", "oto"})
"""Classes of orders whose legs close what another of their orders opens."""
_WAYS = ("replaces", "replaced_by")
_TEXTS = ("client_order_id", "symbol", "side", "status", "order_class", *_WAYS)
_FILLED = ("filled_qty", "filled_avg_price", "filled_at", "updated_at")


class OrderBook:
    """The orders that a run fetched, findable by the broker's id and by the client's."""

    def __init__(self) -> None:
        """Start empty."""
        self._by_id: dict[str, Order] = {}
        self._by_client: dict[str, Order] = {}
        self._named_after: dict[str, list[Order]] = {}
        self._parents: dict[str, Order] = {}
        self._entries: set[str] = set()
        self._executions = Executions()

    def add(self, orders: Iterable[Order], parent: Order | None = None) -> None:
        """Take orders in, nested legs too. The same order twice is one."""
        for listed in orders:
            order = _kept(listed)
            if order["id"] not in self._by_id:
                self._index(order)
            if parent:
                self._parents.setdefault(order["id"], parent)
            self.add(listed.get("legs") or (), order)

    def add_executions(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take FILL activities in: they speak for orders that are not listed, or listed without a price."""
        self._executions.add(rows)

    def add_entries(self, keys: Iterable[str]) -> None:
        """Learn which orders open positions, by the broker's id or the position's own, which names its entry."""
        self._entries.update(keys)

    def _index(self, order: Order) -> None:
        client_id = order.get("client_order_id") or ""
        self._by_id[order["id"]] = order
        self._by_client[client_id] = order
        for position_id in named_after(client_id):
            self._named_after.setdefault(position_id, []).append(order)

    def find(self, order_id: str | None, client_order_id: str) -> Order | None:
        """Find an order by the broker's id, else by the client's."""
        return self._order(order_id) or self._by_client.get(client_order_id)

    def _order(self, order_id: str | None) -> Order | None:
        return self._by_id.get(order_id or "") or self._executions.order(order_id or "")

    def knows(self, key: str) -> bool:
        """Whether an order has this id, the broker's or the client's."""
        return self.find(key, key) is not None

    def is_complete(self, key: str) -> bool:
        """Whether an order is known, and with it every order it replaced or that replaced it."""
        order = self.find(key, key)
        if order is None:
            return False
        others = (other for link in self.chain(order) for way in _WAYS if (other := link.get(way)))
        return all(self._order(other) for other in others)

    def chain(self, order: Order) -> Iterator[Order]:
        """Yield an order, those it replaced and those that replaced it; each may have filled in part."""
        links = {order["id"]: order}
        for way in _WAYS:
            current = self._order(order.get(way))
            while current is not None and current["id"] not in links:
                links[current["id"]] = current
                current = self._order(current.get(way))
        yield from links.values()

    def of(self, symbol: str, order: Order) -> list[Order]:
        """List the orders of one symbol that an order stands for: it, what it replaced and what replaced it.

        Of a multi-leg order that is the leg of the symbol; the parent's price is the net of all legs and fills nothing.
        """
        parent = self._parents.get(order["id"])
        tops = [order, parent] if parent and parent.get("order_class") == _MULTI_LEG else [order]
        links = (link for top in tops for link in self.chain(top))
        parts = (part for link in links for part in self._parts(link))
        own = {part["id"]: part for part in parts if bare(part.get("symbol") or "") == bare(symbol)}
        return list(own.values())

    def exits(self, symbol: str, entry: Sequence[Order], position_id: str, order_ids: Iterable[str]) -> list[Order]:
        """Collect the orders that may have closed a position, given those that opened it.

        Those the document names, those that the engine named after the position (`<position_id>-x`,
        `<position_id>_exit_2`, `…-tp1`), and the legs of brackets among all of these; each of the position's symbol
        and on the side opposite to the entry. A name tells less than a known entry: what opens another position, or is
        named after it, is no exit of this one.
        """
        named = [order for order_id in order_ids if (order := self._order(order_id))]
        known = [*named, *entry, *self._children(position_id)]
        if not known:
            return []
        found = self._with_exits(known)
        own = {order["id"]: order for one in found for order in self.of(symbol, one)}
        opened = {order["id"] for order in entry}
        opposite = _opposite(entry)
        return [
            order
            for order_id, order in own.items()
            if order_id not in opened and (opposite is None or order.get("side") == opposite)
        ]

    def _children(self, position_id: str) -> Iterator[Order]:
        """Yield the orders named after a position: `A-x1` after `A`, unless a position `A-x1` is known."""
        for order in self._named_after.get(position_id, ()):
            names = (order["id"], order["client_order_id"], *named_after(order["client_order_id"]))
            if next(name for name in names if name in self._entries or name == position_id) == position_id:
                yield order

    def linked(self, orders: Iterable[Order]) -> dict[str, Order]:
        """Collect orders by id, with those they replaced and those that replaced them."""
        return {link["id"]: link for order in orders for link in self.chain(order)}

    def unpriced(self, orders: Iterable[Order]) -> list[Order]:
        """List the orders that filled something and of which nobody says at what price: `fills` tells less than all.

        An order that is known by its executions alone is one of them while an execution is missing.
        """
        return [
            order
            for order in orders
            if self._fill(order) is None and (positive(order.get("filled_qty")) or self._is_unlisted(order))
        ]

    def _is_unlisted(self, order: Order) -> bool:
        return order["id"] not in self._by_id

    def fills(self, orders: Iterable[Order]) -> list[Fill]:
        """List the fills of orders in the order of time, each order once."""
        unique = {order["id"]: order for order in orders}
        return in_order(fill for fill in map(self._fill, unique.values()) if fill)

    def _fill(self, order: Order) -> Fill | None:
        if not self._is_unlisted(order) and not lacks_price(order):
            return fill_of(order)
        found = self._executions.fill(order["id"], order.get("symbol") or "")
        # Executions that are still to come would make the fill larger: until then it is unknown, not smaller.
        return found if found and found.qty >= (finite(order.get("filled_qty")) or 0) else None

    def _with_exits(self, orders: Iterable[Order]) -> list[Order]:
        """Add the legs of brackets to orders, as deep as they are nested."""
        found: dict[str, Order] = {}
        waiting = list(orders)
        while waiting:
            order = waiting.pop(0)
            if order["id"] not in found:
                found[order["id"]] = order
                brackets = (link for link in self.chain(order) if link.get("order_class") in _WITH_EXITS)
                waiting.extend(leg for bracket in brackets for leg in self._legs(bracket))
        return list(found.values())

    def _parts(self, order: Order) -> list[Order]:
        """Take a multi-leg order apart; the legs bear the same class, but have no legs."""
        legs = self._legs(order) if order.get("order_class") == _MULTI_LEG else []
        return legs or [order]

    def _legs(self, order: Order) -> list[Order]:
        return [self._by_id.get(leg["id"], leg) for leg in order.get("legs") or ()]


def _kept(order: Order) -> Order:
    """Keep of an order what is used, for a run may meet a million: of its legs the ids, since each is kept itself.

    What the broker should have written as text and did not is left out: it names nothing.
    """
    texts = {name: order[name] for name in _TEXTS if isinstance(order.get(name), str)}
    filled = {name: order[name] for name in _FILLED if order.get(name) is not None}
    return {"id": order["id"], **texts, **filled, "legs": [{"id": leg["id"]} for leg in order.get("legs") or ()]}


def _opposite(entry: Iterable[Order]) -> str | None:
    side = next((side for order in entry if (side := order.get("side"))), "")
    return {"buy": "sell", "sell": "buy"}.get(side)
