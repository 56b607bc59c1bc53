"""Orders, by id and in lists."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import NamedTuple
from uuid import UUID

from infra.local.broker.call import Call
from infra.local.broker.errors import not_found, unprocessable
from infra.local.broker.order_book import OrderBook, place
from infra.local.broker.query import Query
from infra.local.broker.rows import bare_symbol, instant_of
from infra.local.exact_json import JsonObject

# Every other state may still change.
_TERMINAL = frozenset({"filled", "canceled", "expired", "replaced", "rejected"})
_DEFAULT_LIMIT = 50
_HIGHEST_LIMIT = 500


class _Window(NamedTuple):
    """What part of the timeline is wanted; every bound excludes what lies on it."""

    after: datetime | None
    until: datetime | None
    following: tuple[datetime, str] | None
    preceding: tuple[datetime, str] | None

    def holds(self, order: JsonObject) -> bool:
        return self._holds_time(order) and self._holds_place(order)

    def _holds_time(self, order: JsonObject) -> bool:
        if self.after is None and self.until is None:
            return True
        submitted = instant_of(order, "submitted_at")
        if submitted is None:
            return False
        return (self.after is None or submitted > self.after) and (self.until is None or submitted < self.until)

    def _holds_place(self, order: JsonObject) -> bool:
        here = place(order)
        return (self.following is None or here > self.following) and (self.preceding is None or here < self.preceding)


def order_by_id(call: Call) -> JsonObject:
    """GET /v2/orders/{uuid}."""
    try:
        order_id = str(UUID(call.name))
    except ValueError as error:
        raise unprocessable(f"invalid order id: {call.name}") from error
    order = _existing(call.ledger.orders, order_id)
    return call.ledger.orders.shown(order, nested=call.query.flag("nested"))


def order_by_client_id(call: Call) -> JsonObject:
    """GET /v2/orders:by_client_order_id; it knows no `nested`."""
    client_order_id = call.query.required("client_order_id")
    order = call.ledger.orders.find_by_client_id(client_order_id)
    if order is None:
        raise not_found(f"order not found for {client_order_id}")
    return call.ledger.orders.shown(order, nested=False)


def orders(call: Call) -> list[JsonObject]:
    """GET /v2/orders: by submission time, newest first unless `direction` says otherwise."""
    query, book = call.query, call.ledger.orders
    nested = query.flag("nested")
    timeline = book.timeline(nested=nested)
    if query.choice("direction", ("asc", "desc"), "desc") == "desc":
        timeline.reverse()
    limit = query.count("limit", _DEFAULT_LIMIT, _HIGHEST_LIMIT)
    wanted = _matching(timeline, query, _window(query, book))
    return [book.shown(order, nested=nested) for order in islice(wanted, limit)]


def _matching(timeline: Iterable[JsonObject], query: Query, window: _Window) -> Iterator[JsonObject]:
    status = query.choice("status", ("open", "closed", "all"), "open")
    symbols = {bare_symbol(symbol) for symbol in query.words("symbols")}
    exact = {name: text for name in ("side", "asset_class") if (text := query.text(name)) is not None}
    for order in timeline:
        is_closed = order.get("status") in _TERMINAL
        if (
            status in ("all", "closed" if is_closed else "open")
            and (not symbols or bare_symbol(order.get("symbol") or "") in symbols)
            and all(order.get(name) == text for name, text in exact.items())
            and window.holds(order)
        ):
            yield order


def _window(query: Query, book: OrderBook) -> _Window:
    following, preceding = (_place_of(query.text(name), book) for name in ("after_order_id", "before_order_id"))
    after, until = query.instant("after"), query.instant("until")
    if (following or preceding) and (after or until or (following and preceding)):
        raise unprocessable("after_order_id and before_order_id exclude each other, after and until")
    return _Window(after, until, following, preceding)


def _place_of(order_id: str | None, book: OrderBook) -> tuple[datetime, str] | None:
    return place(_existing(book, order_id)) if order_id else None


def _existing(book: OrderBook, order_id: str) -> JsonObject:
    order = book.find(order_id)
    if order is None:
        raise not_found(f"order not found for {order_id}")
    return order
