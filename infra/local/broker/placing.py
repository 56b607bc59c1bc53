"""Orders that somebody places here: they are taken and can be cancelled, and never fill."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID, uuid4

from infra.local import exact_json
from infra.local.broker.call import Call
from infra.local.broker.errors import ApiError, not_found, unprocessable
from infra.local.exact_json import JsonObject
from infra.local.rfc3339 import render

_UNSET = (
    *("filled_at", "expired_at", "canceled_at", "failed_at", "replaced_at", "replaced_by", "replaces"),
    *("notional", "filled_avg_price", "stop_price", "legs", "trail_percent", "trail_price", "hwm", "subtag", "source"),
)
_TAKEN = "new"
_LIFE = timedelta(days=90)
"""How long an order rests, at most."""


def place(call: Call) -> JsonObject:
    """POST /v2/orders: a limit order, which rests."""
    wanted = _object(call.body)
    name = str(wanted.get("client_order_id") or uuid4())
    if call.ledger.orders.find_by_client_id(name) is not None:
        raise unprocessable("client_order_id must be unique")
    order = _resting(wanted, name, call.now)
    call.store.put_order(order)
    return order


def cancel(call: Call) -> None:
    """DELETE /v2/orders/{uuid}: answered without a body."""
    try:
        order = call.ledger.orders.find(str(UUID(call.name)))
    except ValueError as error:
        raise unprocessable(f"invalid order id: {call.name}") from error
    if order is None:
        raise not_found(f"order not found for {call.name}")
    if order.get("status") != _TAKEN:
        raise ApiError(422, {"code": 42210000, "message": f'order is already in "{order.get("status")}" state'})
    stamp = render(call.now)
    call.store.put_order({**order, "status": "canceled", "canceled_at": stamp, "updated_at": stamp})


def _object(body: bytes) -> dict[str, Any]:
    try:
        wanted = exact_json.loads(body)
    except ValueError as error:
        raise unprocessable("request body format is invalid") from error
    if not isinstance(wanted, dict):
        raise unprocessable("request body format is invalid")
    return wanted


def _resting(wanted: JsonObject, name: str, now: datetime) -> JsonObject:
    """Build the order as the venue shows it."""
    if wanted.get("type") != "limit" or wanted.get("side") not in {"buy", "sell"} or not wanted.get("symbol"):
        raise unprocessable("this venue takes limit orders: symbol, side, qty, limit_price")
    stamp, symbol = render(now), str(wanted["symbol"])
    return {
        **dict.fromkeys(_UNSET),
        "id": str(uuid4()),
        "client_order_id": name,
        "created_at": stamp,
        "updated_at": stamp,
        "submitted_at": stamp,
        "expires_at": render(now + _LIFE),
        "asset_id": str(UUID(int=0)),
        "symbol": symbol,
        "asset_class": "crypto" if "/" in symbol else "us_equity",
        "qty": _above_zero(wanted, "qty"),
        "filled_qty": "0",
        "order_class": "",
        "order_type": "limit",
        "type": "limit",
        "side": wanted["side"],
        "time_in_force": str(wanted.get("time_in_force") or "day"),
        "limit_price": _above_zero(wanted, "limit_price"),
        "status": _TAKEN,
        "extended_hours": False,
        "position_intent": f"{wanted['side']}_to_open",
    }


def _above_zero(wanted: JsonObject, name: str) -> str:
    try:
        number = Decimal(str(wanted[name]))
    except (KeyError, InvalidOperation):
        number = Decimal(0)
    if not number.is_finite() or number <= 0:
        raise unprocessable(f"{name} must be > 0")
    return f"{number:f}"
