"""Account activities in every shape that a fee or a fill comes in."""

from typing import Any

from tests.emulator.broker_standin.fixture_data import CALL, EXPIRED_PUT
from tests.emulator.broker_standin.order_shapes import full_order_id

Row = dict[str, Any]


def _id(number: int) -> str:
    return f"20260928000000000::{number:08}-0000-4000-8000-000000000001"


def full_fill(number: int, **fields: Any) -> Row:
    """One execution of the order of that number; the digits of its id are New York time, the time is UTC."""
    return {
        "id": f"202609281029{number:02}990::{number:08}-0000-4000-8000-000000000000",
        "activity_type": "FILL",
        "transaction_time": f"2026-09-28T14:29:{number:02}.990481Z",
        "type": "fill",
        "price": "2712.31",
        "qty": "0.5",
        "side": "buy",
        "symbol": "ETH/USD",
        "leaves_qty": "0",
        "cum_qty": "0.5",
        "order_id": full_order_id(number),
        "order_status": "filled",
        **fields,
    }


def coin_fee(number: int, created_at: str, **fields: Any) -> Row:
    """A fee taken in the coin that was bought: no dollars, and yet not free."""
    return {
        "id": _id(number),
        "activity_type": "CFEE",
        "date": "2026-09-28",
        "created_at": created_at,
        "net_amount": "0",
        "description": "Coin Pair Transaction Fee (Non USD)",
        "symbol": "ETHUSD",
        "cusip": "ETH123456",
        "qty": "-0.00125",
        "price": "2712.31",
        "status": "executed",
        "currency": "USD",
        **fields,
    }


def dollar_fee(number: int, created_at: str, amount: str) -> Row:
    """A fee on a sale of coins, which names no coin."""
    return {
        "id": _id(number),
        "activity_type": "CFEE",
        "date": "2026-09-28",
        "created_at": created_at,
        "net_amount": amount,
        "description": "Coin Pair Transaction Fee (USD)",
        "status": "executed",
        "currency": "USD",
    }


def regulatory_fee(number: int, sub_type: str | None, amount: str, description: str, **fields: Any) -> Row:
    """A fee of a whole day and account; it is booked the next day in UTC."""
    return {
        "id": _id(number),
        "activity_type": "FEE",
        **({"activity_sub_type": sub_type} if sub_type else {}),
        "date": "2026-09-28",
        "created_at": "2026-09-29T00:17:05.448916Z",
        "net_amount": amount,
        "description": f"{description} on 2026-09-28 by PA3TEST00001",
        "status": "executed",
        "currency": "USD",
        **fields,
    }


def option_event(number: int, kind: str, symbol: str, qty: str) -> Row:
    """An expiry, assignment or exercise: it closes a position without an order."""
    return {
        "id": _id(number),
        "activity_type": kind,
        "date": "2026-09-28",
        "created_at": "2026-09-28T23:00:00Z",
        "net_amount": "0",
        "description": "Option event",
        "symbol": symbol,
        "qty": qty,
        "status": "executed",
        "currency": "USD",
    }


ACTIVITIES: dict[str, Row] = {
    "a journal without a time": {
        "id": _id(0),
        "activity_type": "JNLC",
        "date": "2026-09-28",
        "net_amount": "100000",
        "description": "",
        "status": "executed",
        "currency": "USD",
    },
    "a part of an order": full_fill(1, type="partial_fill", qty="0.2", leaves_qty="0.3", cum_qty="0.2"),
    "the rest of it": full_fill(2, order_id=full_order_id(1), qty="0.3"),
    "a sale, its coin without a slash": full_fill(3, side="sell", symbol="ETHUSD", qty="0.49875", cum_qty="0.49875"),
    "a coin fee seconds later": coin_fee(10, "2026-09-28T14:29:34.569345Z"),
    "a coin fee with a price of zero": coin_fee(
        11, "2026-09-28T14:40:00Z", symbol="PEPEUSD", cusip="PEPE12345", qty="-1204.5", price="0"
    ),
    "a dollar fee": dollar_fee(12, "2026-09-28T15:16:58.100000Z", "-3.40"),
    "a dollar fee that fits two sales": dollar_fee(13, "2026-09-28T15:16:58.100000Z", "-0.42"),
    "another of the same amount": dollar_fee(14, "2026-09-28T15:16:58.100000Z", "-0.42"),
    "a coin fee hours later": coin_fee(15, "2026-09-28T17:59:31Z"),
    "an expiry": option_event(20, "OPEXP", EXPIRED_PUT, "-1"),
    "an assignment": option_event(21, "OPASN", CALL, "-1"),
    "an exercise": option_event(22, "OPEXC", CALL, "1"),
    "a trade by exercise": {**option_event(23, "OPTRD", "AAPL", "100"), "net_amount": "-23000", "price": "230"},
    "a coin fee at the end of the day": coin_fee(30, "2026-09-29T00:05:00Z"),
    "CAT": regulatory_fee(31, "CAT", "-0.01", "CAT fee for proceed of 174 trades", created_at="2026-09-29T00:06:01Z"),
    "REG": regulatory_fee(32, "REG", "-3.82", "REG fee for proceed of $185271.37"),
    "TAF": regulatory_fee(33, "TAF", "-0.31", "TAF fee for proceed of 1572.371115174 shares (89 trades)"),
    "ORF": regulatory_fee(34, "ORF", "-0.06", "ORF fee for proceed of 2 contracts"),
    "OCC": regulatory_fee(35, "OCC", "-0.04", "OCC fee for proceed of 2 contracts"),
    "an old fee without a sub type": regulatory_fee(36, None, "-0.02", "TAF fee for proceed of 3 shares (1 trades)"),
    "a fee that was wrong": regulatory_fee(37, "REG", "-9.99", "REG fee for proceed of $1.00", status="canceled"),
    "its correction": regulatory_fee(38, "REG", "-0.01", "REG fee for proceed of $1.00", status="correct"),
}
"""In the order of their creation."""
