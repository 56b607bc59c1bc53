"""What a closed position really traded: the broker's fills over the document's numbers. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from schemas.columns import BrokerCheck
from schemas.document import numeric
from schemas.reasons import Reason
from schemas.trades import PositionDocument
from shared.fills import Fill, Order, covers, finite, in_order, is_working, quantity, to_close, vwap
from shared.loop import Candidate, Evidence, RefusedError
from shared.occ import intrinsic_value, is_adjusted
from shared.option_events import BOOKED_WITHIN, OptionEvent
from shared.order_book import OrderBook
from shared.position_orders import PositionOrders
from shared.values import to_json


@dataclass(frozen=True)
class PositionFills:
    """Prices and quantity of one trade, and who stated them."""

    entry_price: Decimal
    exit_price: Decimal
    qty: Decimal
    check: BrokerCheck
    reported_exit_price: Decimal | None
    entry_order_id: str | None
    exit_order_id: str | None
    order_ids: str | None = None
    """Of every order and event that filled, as JSON."""
    exits_by_order: tuple[Decimal, Decimal] | None = None
    """Price and quantity of the exits that were traded, which alone cost fees; None when an event closed all."""


def position_fills(candidate: Candidate[PositionDocument], evidence: Evidence) -> PositionFills:
    """Take entry and exit from the broker; from the document only for theoretical trades the broker does not know.

    Raises:
        RefusedError: The broker does not know an order, is not through with it, or nobody knows a price.
    """
    position, book = candidate.document, evidence.orders
    trail = PositionOrders(position, evidence.market.length)
    entry = trail.entry(book)
    exits, ended = trail.exits(book, entry), trail.ended(book, evidence.option_events)
    if position.trade_type == "THEORETICAL" and not entry and not exits:
        return _as_stated(position)
    if not entry:
        raise _unknown_order("entry")
    if not (exits or ended) or (position.exit_order_id and not book.knows(position.exit_order_id)):
        raise _unknown_order("exit")
    _require_prices(book, entry, exits)
    opened, sold = book.fills(entry), book.fills(exits)
    _require_own(position, opened, sold)
    if trail.is_undecided(book, evidence.option_events):
        message = "contracts ended at several prices, and whose ended at which nobody says"
        raise RefusedError(Reason.BROKER_NOT_FILLED, "exit_fill_price", message)
    value = _value(trail, ended, evidence)
    closed = [*sold, *(one.fill(value) for one in ended)]
    _require_fills(position, opened, closed)
    whole = to_close(position.qty, position.original_qty, position.scaled_out_qty, opened)
    covered = covers(closed, whole, position.asset_class)
    _require_end(candidate, book.linked(exits).values(), opened, closed, covered=covered)
    lacking = not covered or quantity(closed) < position.qty
    if lacking and not all(map(book.is_complete, position.exit_order_ids)):
        # The order that closed the rest is among those the broker does not know, or replaced one of the others.
        raise _unknown_order("exit")
    return _as_filled(candidate, opened, sold, in_order(closed))


def _value(trail: PositionOrders, ended: Sequence[OptionEvent], evidence: Evidence) -> Decimal:
    """Tell what an assigned or exercised contract was worth when the broker does not: by its underlying, or not."""
    if not (unpriced := [one for one in ended if one.price is None]):
        return Decimal(0)
    bars = () if is_adjusted(trail.position.symbol) else evidence.market.bars(trail.value_window(unpriced))
    if not bars:
        message = "the broker closed the contracts without a price, and no bar tells what they were worth"
        raise RefusedError(Reason.MISSING_FILL_PRICE, "exit_fill_price", message)
    return intrinsic_value(trail.position.symbol, bars[-1].close)


def _unknown_order(which: str) -> RefusedError:
    return RefusedError(Reason.BROKER_ORDER_MISSING, f"{which}_order_id", f"the broker does not know the {which} order")


def _as_filled(
    candidate: Candidate[PositionDocument], opened: Sequence[Fill], sold: Sequence[Fill], closed: Sequence[Fill]
) -> PositionFills:
    position = candidate.document
    entry_price, exit_price = numeric(vwap(opened)), numeric(vwap(closed))
    stated = _stated_zero(candidate) if len(closed) > len(sold) else position.exit_fill_price
    # With scale-outs the engine may state the average or the price of the last part; both are the broker's.
    matched = position.entry_fill_price == entry_price and stated in {exit_price, numeric(closed[-1].price)}
    return PositionFills(
        entry_price=entry_price,
        exit_price=exit_price,
        qty=numeric(quantity(closed)),
        check="MATCHED" if matched else "CORRECTED",
        reported_exit_price=stated,
        entry_order_id=opened[0].order_id,
        exit_order_id=sold[-1].order_id if sold else None,
        order_ids=to_json({"entry": _ids(opened), "exit": _ids(closed)}),
        exits_by_order=(numeric(vwap(sold)), numeric(quantity(sold))) if sold else None,
    )


def _stated_zero(candidate: Candidate[PositionDocument]) -> Decimal | None:
    """Read the exit price of an option that ended: there, and only there, a zero is a price."""
    stated = candidate.document.exit_fill_price
    return Decimal(0) if stated is None and finite(candidate.source.fields.get("exit_fill_price")) == 0 else stated


def _ids(fills: Sequence[Fill]) -> list[str]:
    return [fill.order_id for fill in fills]


def _as_stated(position: PositionDocument) -> PositionFills:
    entry, leave = position.entry_fill_price, position.exit_fill_price
    if entry is None or leave is None:
        column = "entry_fill_price" if entry is None else "exit_fill_price"
        raise RefusedError(Reason.MISSING_FILL_PRICE, column, "nobody states the price of this theoretical trade")
    ids = position.entry_order_id, position.exit_order_id
    exits = _stated_exits(position, leave)
    return PositionFills(entry, exits[0], exits[1], "NOT_FOUND", leave, *ids, exits_by_order=exits)


def _stated_exits(position: PositionDocument, last: Decimal) -> tuple[Decimal, Decimal]:
    """Average the price over the exits that a document states, and add them up; `last` is that of the rest.

    Its quantity is all that was closed; or what scale-outs left, where it says itself that more was opened.
    """
    parts = _scale_outs(position)
    if not parts:
        return last, position.qty
    sold, opened = sum((qty for _, qty in parts), Decimal(0)), position.original_qty
    whole = opened if opened == position.qty + sold else position.qty
    if sold > whole or opened not in {None, whole}:
        message = "the quantities opened, closed and closed in part do not add up"
        raise RefusedError(Reason.OUT_OF_RANGE, "scaled_out_prices", message)
    value = sum((price * qty for price, qty in parts), last * (whole - sold))
    return numeric(value / whole), whole


def _scale_outs(position: PositionDocument) -> list[tuple[Decimal, Decimal]]:
    """List price and quantity of the partial exits: each, or where these are not stated their average."""
    if position.scaled_out_prices:
        return [(part.price, part.qty) for part in position.scaled_out_prices]
    price, qty = position.scaled_out_price, position.scaled_out_qty
    return [(price, qty)] if price and qty and qty > 0 else []


def _require_prices(book: OrderBook, entry: Sequence[Order], exits: Sequence[Order]) -> None:
    """Refuse what the broker filled at a price that is not known yet: without it the trade would look smaller."""
    for column, orders in (("entry_fill_price", entry), ("exit_fill_price", exits)):
        if book.unpriced(orders):
            message = "an order of the position filled, and the broker does not say at what price"
            raise RefusedError(Reason.MISSING_FILL_PRICE, column, message)


def _require_own(position: PositionDocument, opened: Sequence[Fill], sold: Sequence[Fill]) -> None:
    """Refuse an entry on the other side, and exits that filled more than the entry: they closed something else besides.

    Two positions may have left by one order; each document then names it, and each trade would take all of it, so its
    profit would count twice. Which part is whose nobody states (`qty` may be what scale-outs left), and the fees of
    the order would have to be parted too. So a person decides. No honest trade is hit: an exit is as large as its
    entry or smaller, by the coin fee of a crypto purchase. What a split or an unrelated order made larger is refused
    with it, since one entry price does not fit that quantity either.
    """
    side = "buy" if position.side == "LONG" else "sell"
    if any(fill.side not in {side, ""} for fill in opened):
        message = "the entry order is on the other side, so it did not open this position"
        raise RefusedError(Reason.BROKER_NOT_FILLED, "side", message)
    if opened and quantity(sold) > quantity(opened):
        message = "the exit orders filled more than the entry: they cannot be this position's alone"
        raise RefusedError(Reason.BROKER_NOT_FILLED, "exit_order_id", message)


def _require_fills(position: PositionDocument, opened: Sequence[Fill], closed: Sequence[Fill]) -> None:
    for column, stated, fills in (
        ("entry_fill_price", position.entry_fill_price, opened),
        ("exit_fill_price", position.exit_fill_price, closed),
    ):
        if not fills and stated is None:
            raise RefusedError(Reason.MISSING_FILL_PRICE, column, "neither document nor broker states a fill price")
        if not fills:
            raise RefusedError(Reason.BROKER_NOT_FILLED, column, "the broker reports no fill for this order")


def _require_end(
    candidate: Candidate[PositionDocument],
    exits: Iterable[Order],
    opened: Sequence[Fill],
    closed: Sequence[Fill],
    *,
    covered: bool,
) -> None:
    """Refuse for now what is not over: the trade would be computed on a part of its exits, and never again."""
    position = candidate.document
    # An order that is known by its executions only has no status.
    if any(is_working(order, covered=covered) for order in exits if "status" in order):
        message = "an exit order of the position still works"
        raise RefusedError(Reason.BROKER_NOT_FILLED, "exit_order_id", message)
    booked = candidate.as_of >= position.exit_time + BOOKED_WITHIN
    if position.asset_class == "OPTION" and quantity(closed) < quantity(opened) and not booked:
        message = "contracts are left over, and the broker may yet book how they ended"
        raise RefusedError(Reason.BROKER_NOT_FILLED, "exit_fill_price", message)
