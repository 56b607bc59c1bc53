"""The price patch: fill prices that the trading engine did not learn -> `live_positions`, from the broker's orders.

Run by name, when positions are in quarantine for want of a price. It writes a price only where none is, and only one
that is final: what is not filled, what the broker does not know and what is still working are three different things.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal, localcontext
from typing import Any

from schemas.document import as_instant_or_none, numeric
from shared.fills import Fill, Order, finite, quantity, vwap
from shared.formulae import EXACT
from shared.order_book import OrderBook
from shared.order_lookup import OrderLookup
from shared.source_patch import Finding, NewValue, SourcePatch
from shared.values import RawDocument

NEVER_FILLED, NOT_FOUND, STILL_WORKING = "never filled", "not found", "still working"
_ENTRY, _EXIT = ("entry_fill_price", "filled_avg_price"), ("exit_fill_price",)
_TERMINAL = frozenset({"filled", "canceled", "expired", "replaced", "rejected"})
"""States after which an order fills no more; suspended, calculated and done_for_day are no proof of that."""
_AROUND = timedelta(days=2)
"""How far around a position's times orders that are known by name only are looked for."""


def lacks(fields: Mapping[str, Any]) -> list[str]:
    """List the price fields that say nothing: the entry's, and the exit's once the position is closed.

    A position that exists on paper only has no orders that could know better.
    """
    if fields.get("trade_type") == "THEORETICAL" or fields.get("status") not in {"OPEN", "CLOSED"}:
        return []
    sides = (_ENTRY, _EXIT) if fields["status"] == "CLOSED" else (_ENTRY,)
    return [_spelling(fields, names) for names in sides if all(_is_missing(fields.get(name)) for name in names)]


def _spelling(fields: Mapping[str, Any], names: Sequence[str]) -> str:
    return next((name for name in names if name in fields), names[0])


def _is_missing(value: object) -> bool:
    """Tell whether a price is absent, zero or no number at all; a text that is none is somebody's, and stays."""
    if value is None or value == "":
        return True
    number = finite(value)
    return number == 0 if number is not None else isinstance(value, float)


def find(document: RawDocument, lookup: OrderLookup) -> Finding:
    """Ask the broker for what a document lacks."""
    fields, lacking = document.fields, lacks(document.fields)
    lookup.load(_order_ids(fields), document.id)
    answers = {name: _answer(name, document, lookup) for name in lacking}
    values = (
        NewValue(name, fields.get(name), price, order_id)
        for name, (price, order_id) in answers.items()
        if price is not None
    )
    return Finding(document, tuple(values), tuple(why for price, why in answers.values() if price is None))


def _answer(name: str, document: RawDocument, lookup: OrderLookup) -> tuple[Decimal | None, str]:
    """A price and the order that states it, or None and why there is none."""
    orders = _entry_orders(document, lookup.book) if name in _ENTRY else _exit_orders(document, lookup)
    if not orders:
        return None, NOT_FOUND
    linked = {link["id"]: link for order in orders for link in lookup.book.chain(order)}
    fills = lookup.book.fills(orders)
    if any(order.get("status") not in _TERMINAL for order in linked.values()) and not _is_covered(document, fills):
        return None, STILL_WORKING
    if not fills:
        return None, NEVER_FILLED
    if (
        name in _EXIT
        and not _is_covered(document, fills)
        and not all(map(lookup.book.knows, _exit_ids(document.fields)))
    ):
        # The order that closed the rest is among those the broker does not know.
        return None, NOT_FOUND
    with localcontext(EXACT):
        return numeric(vwap(fills)), fills[-1].order_id


def _is_covered(document: RawDocument, fills: Sequence[Fill]) -> bool:
    """Tell whether a closed position's fills account for all of it: an order that still works is then not its own."""
    qty = finite(document.fields.get("qty"))
    return document.fields.get("status") == "CLOSED" and qty is not None and bool(fills) and quantity(fills) >= qty


def _entry_orders(document: RawDocument, book: OrderBook) -> list[Order]:
    entry = book.find(_entry_id(document.fields), document.id)
    return [] if entry is None else book.of(_symbol(document), entry)


def _exit_orders(document: RawDocument, lookup: OrderLookup) -> list[Order]:
    """Find the orders that closed a position; where ids do not lead to all of it, also those named after it."""
    ids = list(_order_ids(document.fields))
    entry = _entry_orders(document, lookup.book)
    found = lookup.book.exits(_symbol(document), entry, document.id, ids)
    times = [as_instant_or_none(document.fields.get(name)) for name in ("entry_time", "filled_at", "exit_time")]
    known = [time for time in times if time is not None]
    if known and not _is_covered(document, lookup.book.fills(found)):
        lookup.sweep(min(known) - _AROUND, max(known) + _AROUND)
        found = lookup.book.exits(_symbol(document), entry, document.id, ids)
    return found


def _symbol(document: RawDocument) -> str:
    return str(document.fields.get("symbol") or "")


def _entry_id(fields: Mapping[str, Any]) -> str | None:
    return next((str(fields[name]) for name in ("entry_order_id", "alpaca_order_id") if fields.get(name)), None)


def _exit_ids(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(fields[name]) for name in ("exit_order_id", "tp_order_id", "sl_order_id") if fields.get(name))


def _order_ids(fields: Mapping[str, Any]) -> Iterator[str]:
    yield from (str(fields[name]) for name in ("entry_order_id", "alpaca_order_id") if fields.get(name))
    yield from _exit_ids(fields)


PATCH = SourcePatch(
    name="price-patch",
    summary="fill prices the engine did not learn, from the broker's orders -> live_positions",
    source="live_positions",
    lacks=lacks,
    find=find,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(PATCH)
