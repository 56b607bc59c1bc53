"""What one order filled, by the broker's JSON. Pure.

An order is a fill only if filled_qty > 0 and filled_avg_price > 0, whatever its status says; cancelled, expired and
replaced orders may carry real fills.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from shared.values import EPOCH

TERMINAL = frozenset({"filled", "canceled", "expired", "replaced", "rejected"})
"""States after which an order fills no more; suspended, calculated and done_for_day are no proof of that."""
_COIN_FEE = Decimal("0.01")
"""What a crypto purchase may at most pay in its coins, as a part of them: four times the dearest rate there is."""

Order = Mapping[str, Any]
"""An order as the broker's JSON has it; money and quantities are strings."""


@dataclass(frozen=True)
class Fill:
    """What one order filled, or what one event closed."""

    order_id: str
    """Id of the order; of an event that closed an option, the id of its activity."""
    side: str
    """buy or sell; empty for an event."""
    price: Decimal
    """Average price, US dollars per unit; only an event may have none, 0."""
    qty: Decimal
    """Units."""
    filled_at: datetime
    """When the last part filled."""


def vwap(fills: Sequence[Fill]) -> Decimal:
    """Average the price over fills, weighted by quantity."""
    return sum((f.price * f.qty for f in fills), Decimal(0)) / quantity(fills)


def quantity(fills: Iterable[Fill]) -> Decimal:
    """Add up quantities."""
    return sum((fill.qty for fill in fills), Decimal(0))


def in_order(fills: Iterable[Fill]) -> list[Fill]:
    """Sort fills by time; of one moment, by id."""
    return sorted(fills, key=lambda fill: (fill.filled_at, fill.order_id))


def fill_of(order: Order) -> Fill | None:
    """Read one order's fill; None when nothing filled, or when the order does not say at what price."""
    qty, price = positive(order.get("filled_qty")), positive(order.get("filled_avg_price"))
    if qty is None or price is None:
        return None
    filled_at = moment(order.get("filled_at"), order.get("updated_at"))
    return Fill(order["id"], order.get("side") or "", price, qty, filled_at)


def lacks_price(order: Order) -> bool:
    """Whether an order states that it filled and not at what price, as Alpaca's do for a while after the close."""
    return positive(order.get("filled_qty")) is not None and positive(order.get("filled_avg_price")) is None


def is_working(order: Order, *, covered: bool) -> bool:
    """Tell whether an order may yet fill something of a position; not if others closed all of it and this nothing."""
    return order.get("status") not in TERMINAL and not (covered and positive(order.get("filled_qty")) is None)


def to_close(
    qty: Decimal, original_qty: Decimal | None, scaled_out_qty: Decimal | None, opened: Sequence[Fill]
) -> Decimal:
    """Tell what the exits of a position must add up to, by what its document states, units.

    An engine may lower `qty` with each partial exit, so the most that is stated counts; but no more than was opened.
    """
    most = max(qty, original_qty or qty, qty + (scaled_out_qty or 0))
    return min(most, quantity(opened)) if opened else most


def covers(fills: Sequence[Fill], qty: Decimal, asset_class: object) -> bool:
    """Tell whether exits account for a quantity."""
    return bool(fills) and suffices(quantity(fills), qty, asset_class)


def suffices(closed: Decimal, opened: Decimal, asset_class: object) -> bool:
    """Tell whether all that was opened was closed; of a crypto purchase less is there to sell, by its fee in coins."""
    return closed >= (opened * (1 - _COIN_FEE) if asset_class == "CRYPTO" else opened)


def finite(text: object) -> Decimal | None:
    """Read a number of the broker's JSON; None when it is missing or no finite number."""
    try:
        number = Decimal(str(text))
    except InvalidOperation:
        return None
    return number if number.is_finite() else None


def positive(text: object) -> Decimal | None:
    """Read a number of the broker's JSON; None when it is none above zero."""
    number = finite(text)
    return number if number is not None and number > 0 else None


def moment(*texts: object) -> datetime:
    """Read the first time of the broker's JSON that is stated; what cannot be read sorts first."""
    try:
        found = datetime.fromisoformat(str(next(filter(None, texts), None)))
    except ValueError:
        return EPOCH
    return found if found.tzinfo else EPOCH
