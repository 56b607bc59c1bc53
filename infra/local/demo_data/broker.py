"""Orders and their fills in the broker's JSON."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from infra.local import rfc3339
from infra.local.demo_data.instruments import CENT
from infra.local.demo_data.orders import Order
from infra.local.demo_data.sessions import EASTERN
from infra.local.exact_json import JsonObject

ASSET_CLASSES = {"CRYPTO": "crypto", "EQUITY": "us_equity", "OPTION": "us_option"}
"""The broker's names of the asset classes."""


def plain(value: Decimal) -> str:
    """A number as the broker writes it: text without exponent or trailing zeros."""
    return f"{value.normalize():f}"


def order_rows(orders: Iterable[Order]) -> list[JsonObject]:
    """Orders by submission, the legs of a bracket under the order that carries them."""
    return [_row(order) for order in sorted(orders, key=lambda order: (order.submitted_at, order.order_id))]


def fill_rows(orders: Iterable[Order]) -> list[JsonObject]:
    """One FILL activity per execution."""
    return [row for order in orders for each in order.with_legs() for row in _fills(each)]


def _row(order: Order) -> JsonObject:
    ticket, price = order.ticket, order.filled_avg_price
    return {
        "id": order.order_id,
        "client_order_id": order.client_order_id,
        **_times(order),
        "replaced_by": order.replaced_by,
        "replaces": order.replaces,
        "asset_id": ticket.instrument.asset_id,
        "symbol": ticket.instrument.symbol,
        "asset_class": ASSET_CLASSES[ticket.instrument.asset_class],
        "qty": plain(order.qty),
        "filled_qty": plain(order.filled_qty),
        "filled_avg_price": None if price is None else plain(price),
        "side": ticket.side,
        "position_intent": f"{ticket.side}_to_{'open' if ticket.is_opening else 'close'}",
        **_terms(order),
        "status": order.status,
        "extended_hours": False,
        "legs": [_row(leg) for leg in order.legs] or None,
        **_UNUSED,
    }


_UNUSED: JsonObject = dict.fromkeys(("notional", "trail_percent", "trail_price", "hwm", "subtag", "source"))


def _times(order: Order) -> JsonObject:
    sent, ended = rfc3339.render(order.submitted_at), rfc3339.render(order.ended_at)
    return {
        "created_at": sent,
        "updated_at": ended,
        "submitted_at": sent,
        "filled_at": ended if order.status == "filled" else None,
        "expired_at": None,
        "canceled_at": ended if order.status == "canceled" else None,
        "failed_at": None,
        "replaced_at": ended if order.status == "replaced" else None,
    }


def _terms(order: Order) -> JsonObject:
    is_bracket = bool(order.legs) or order.in_bracket
    kind, limit, stop = _kind_and_levels(order)
    return {
        "order_class": "bracket" if is_bracket else "",
        "order_type": kind,
        "type": kind,
        "time_in_force": "gtc" if is_bracket or order.ticket.instrument.asset_class == "CRYPTO" else "day",
        "limit_price": limit,
        "stop_price": stop,
    }


def _kind_and_levels(order: Order) -> tuple[str, str | None, str | None]:
    """Type, limit price and stop price; coins know no plain stop order, only one with a limit below it."""
    if order.level is None:
        return order.kind, None, None
    if order.kind == "limit":
        return "limit", plain(order.level), None
    if order.ticket.instrument.asset_class == "CRYPTO":
        return "stop_limit", plain((order.level * Decimal("0.995")).quantize(CENT)), plain(order.level)
    return "stop", None, plain(order.level)


def _fills(order: Order) -> Iterable[JsonObject]:
    done = Decimal(0)
    for execution in order.executions:
        done += execution.qty
        is_last = done == order.qty
        yield {
            "id": f"{_stamp(execution.at)}::{execution.execution_id}",
            "activity_type": "FILL",
            "transaction_time": rfc3339.render(execution.at),
            "type": "fill" if is_last else "partial_fill",
            "price": plain(execution.price),
            "qty": plain(execution.qty),
            "side": order.ticket.side,
            "symbol": order.ticket.instrument.symbol,
            "leaves_qty": plain(order.qty - done),
            "cum_qty": plain(done),
            "order_id": order.order_id,
            "order_status": "filled" if is_last else "partially_filled",
        }


def _stamp(at: datetime) -> str:
    """The time of execution as activity ids begin: in New York, to the millisecond."""
    return f"{at.astimezone(EASTERN):%Y%m%d%H%M%S}{at.microsecond // 1000:03d}"
