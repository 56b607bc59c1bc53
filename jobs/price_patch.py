"""The price patch: fill prices that the trading engine did not learn -> `live_positions`, from the broker's orders.

Run by name, when positions are in quarantine for want of a price. It writes a price only where none is, and only one
that is final: what is not filled, what the broker does not know and what is still working are three different things.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import localcontext
from typing import Any

from pydantic_core import PydanticCustomError

from schemas.document import as_instant_or_none, numeric
from shared.fills import Fill, Order, covers, finite, is_working, quantity, to_close, vwap
from shared.formulae import EXACT
from shared.order_book import OrderBook
from shared.order_lookup import OrderLookup
from shared.source_patch import Finding, NewValue, SourcePatch
from shared.values import RawDocument

NEVER_FILLED, NOT_FOUND, STILL_WORKING = "never filled", "not found", "still working"
UNUSABLE = "unusable price"
ENDED = "ended without an order"
_ENTRY, _EXIT = ("entry_fill_price", "filled_avg_price"), ("exit_fill_price",)
_AROUND = timedelta(days=2)
"""How far around a position's times orders that are known by name only are looked for."""


def lacks(fields: Mapping[str, Any]) -> list[str]:
    """List the price fields that say nothing: the entry's, and the exit's once the position is closed.

    A position that exists on paper only has no orders that could know better.
    """
    if fields.get("trade_type") == "THEORETICAL" or fields.get("status") not in ("OPEN", "CLOSED"):
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
    lookup.load(_order_ids(document.fields), document.id)
    found = [_found(name, document, lookup) for name in lacks(document.fields)]
    values = tuple(one for one in found if isinstance(one, NewValue))
    return Finding(document, values, tuple(one for one in found if isinstance(one, str)))


def _found(name: str, document: RawDocument, lookup: OrderLookup) -> NewValue | str:
    """The price of one side, or why there is none."""
    try:
        with localcontext(EXACT):
            fills = _fills(name, document, lookup)
            if isinstance(fills, str):
                return fills
            price = numeric(vwap(fills))
    except (PydanticCustomError, ArithmeticError):
        # More digits than a price column holds, or than can be reckoned with.
        return UNUSABLE
    return NewValue(name, document.fields.get(name), price, fills[-1].order_id) if price else UNUSABLE


def _fills(name: str, document: RawDocument, lookup: OrderLookup) -> list[Fill] | str:
    """All fills of one side, never a part of them, or why they are not known."""
    is_exit, book = name in _EXIT, lookup.book
    orders = _exit_orders(document, lookup) if is_exit else _entry_orders(document, book)
    if not orders:
        return NOT_FOUND
    fills = book.fills(orders)
    # Only of an exit: what else an entry fills is as much the position's as what it has filled.
    covered = is_exit and _is_covered(document, book, fills)
    linked = book.linked(orders)
    if book.unpriced(orders) or any(is_working(order, covered=covered) for order in linked.values()):
        return STILL_WORKING
    ids = {*linked, *(_exit_ids(document.fields) if is_exit and not covered else ())}
    if not all(map(book.is_complete, ids)):
        # The order that filled the rest is among those the broker does not know.
        return NOT_FOUND
    if is_exit and _left_open(document, book, fills):
        return ENDED
    return fills or NEVER_FILLED


def _left_open(document: RawDocument, book: OrderBook, fills: Sequence[Fill]) -> bool:
    """Tell whether contracts ended without an order: their price, often 0, belongs into the average of the exit."""
    entry = book.fills(_entry_orders(document, book))
    return document.fields.get("asset_class") == "OPTION" and 0 < quantity(fills) < quantity(entry)


def _is_covered(document: RawDocument, book: OrderBook, fills: Sequence[Fill]) -> bool:
    """Tell whether fills account for all of a position: an order that still works is then not its own."""
    names = "qty", "original_qty", "scaled_out_qty"
    qty, original, scaled_out = (finite(document.fields.get(name)) for name in names)
    if qty is None:
        return False
    whole = to_close(qty, original, scaled_out, book.fills(_entry_orders(document, book)))
    return covers(fills, whole, document.fields.get("asset_class"))


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
    if known and not _is_covered(document, lookup.book, lookup.book.fills(found)):
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
