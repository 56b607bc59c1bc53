"""The hop to the broker and back: one order, on paper, far off the market, cancelled as soon as it is taken."""

from collections.abc import Mapping
from decimal import ROUND_UP, Decimal
from typing import Any

from jobs.check.hops import DiffersError, NotCheckedError, Told
from jobs.check.trip import Trip
from shared.broker_calls import Caller
from shared.paper_orders import PaperOrders, is_paper
from shared.settings import Settings

MARK = "golden-thread-"
"""How the names of its orders begin, in front of the check's id."""
_LEAST_USD = Decimal(12)
"""What the order is worth; the broker takes none of coins below 10 US dollars."""
_FAR_OFF = Decimal("0.5")
"""Its limit, as a part of the last price: nobody sells at that."""
_WHOLE_FROM = Decimal(100)
"""US dollars from which on the limit is in whole ones."""
_FINEST = Decimal("0.000000001")


def require_paper(settings: Settings) -> None:
    """Leave the hop out where an order could cost money.

    Raises:
        NotCheckedError: The first account has no keys, or is not one of paper.
    """
    access = settings.accounts[0]
    if not (access.api_key and access.secret_key):
        raise NotCheckedError("the broker has no keys: set ALPACA_API_KEY and ALPACA_SECRET_KEY of a paper account")
    if settings.environment == "prod" or not is_paper(access):
        raise NotCheckedError("not an account of paper, and no order is placed with real money")


def round_trip(trip: Trip, price: Decimal) -> Told:
    """Place the order and cancel it, both answered, which is what is timed; then see that it ended unfilled.

    Raises:
        BrokerError: The broker refused, or did not answer.
        DiffersError: The order ended otherwise.
    """
    settings = trip.parts.settings
    orders = PaperOrders(settings.accounts[0], Caller(settings), trip.parts.pause)
    left = orders.cancel_all(f"{MARK}check-")
    limit, qty = limit_of(price)
    began = trip.stopwatch()
    order_id = orders.place(settings.check_symbol, MARK + trip.check_id, limit, qty)
    orders.cancel(order_id)
    took = trip.stopwatch() - began
    _require_cancelled(orders.ended(order_id))
    also = f"; {left} of an earlier check cancelled" if left else ""
    return Told(f"{qty} {settings.check_symbol} at {limit} USD placed and cancelled{also}", took)


def limit_of(price: Decimal) -> tuple[Decimal, Decimal]:
    """Choose limit (US dollars per coin) and quantity (coins) of an order that nobody fills."""
    far = price * _FAR_OFF
    limit = far.quantize(Decimal(1) if far >= _WHOLE_FROM else _FINEST)
    return limit, (_LEAST_USD / limit).quantize(_FINEST, ROUND_UP)


def _require_cancelled(order: Mapping[str, Any]) -> None:
    status, filled = order.get("status"), Decimal(str(order.get("filled_qty") or 0))
    if status != "canceled" or filled:
        advice = f"Look after order {order.get('id')} at the broker by hand."
        raise DiffersError("the order cancelled, nothing of it filled", f"status {status}, {filled} filled", advice)
