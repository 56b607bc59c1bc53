"""Orders in every state that a job must read, with all the fields that the broker sends."""

from typing import Any

from tests.emulator.broker_standin.fixture_data import CALL, EXPIRED_PUT

Row = dict[str, Any]

_AAPL, _BTC = "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415", "276e2673-764b-4ab6-a611-caf665ca6340"
_CONTRACT = "98359ef7-5124-49f3-85ea-5cf02df6defa"
_GROUP = "3f1c2b7e-8d4a-4c6e-9f2a-5b7d1e0c9a84"
_EXIT: Row = {"side": "sell", "order_class": "bracket", "position_intent": "sell_to_close", "group_id": _GROUP}
_UNFILLED: Row = {"filled_qty": "0", "filled_avg_price": None, "filled_at": None}


def full_order(number: int, **fields: Any) -> Row:
    """A filled limit order for bitcoin, submitted in the minute of its number."""
    moment = f"2026-09-28T14:{number:02}"
    return {
        "id": full_order_id(number),
        "client_order_id": f"live_pos_{number}_entry",
        "created_at": f"{moment}:31.337711497Z",
        "updated_at": f"{moment}:32.01Z",
        "submitted_at": f"{moment}:31.313261061Z",
        "filled_at": f"{moment}:31.99Z",
        "expired_at": None,
        "expires_at": "2026-12-27T21:00:00Z",
        "canceled_at": None,
        "failed_at": None,
        "replaced_at": None,
        "replaced_by": None,
        "replaces": None,
        "asset_id": _BTC,
        "symbol": "BTC/USD",
        "asset_class": "crypto",
        "notional": None,
        "qty": "0.5",
        "filled_qty": "0.5",
        "filled_avg_price": "2712.31",
        "order_class": "",
        "order_type": "limit",
        "type": "limit",
        "side": "buy",
        "time_in_force": "gtc",
        "limit_price": "2713",
        "stop_price": None,
        "status": "filled",
        "extended_hours": False,
        "legs": None,
        "trail_percent": None,
        "trail_price": None,
        "hwm": None,
        "position_intent": "buy_to_open",
        "subtag": None,
        "source": None,
        **fields,
    }


def full_order_id(number: int) -> str:
    """The id of an order by its number."""
    return f"bbbbbbbb-0000-4000-8000-{number:012}"


def _stock(number: int, **fields: Any) -> Row:
    stock = {"symbol": "AAPL", "asset_id": _AAPL, "asset_class": "us_equity", "time_in_force": "day", "qty": "10"}
    return full_order(number, **{**stock, "filled_qty": "10", "filled_avg_price": "227.1", **fields})


def _leg(number: int, symbol: str, side: str, ratio: str, price: str) -> Row:
    """A leg of a multi-leg order, which has no type."""
    return full_order(
        number,
        symbol=symbol,
        asset_id=_CONTRACT,
        asset_class="us_option",
        order_class="mleg",
        type="",
        order_type="",
        side=side,
        ratio_qty=ratio,
        qty=ratio,
        filled_qty=ratio,
        filled_avg_price=price,
        limit_price=None,
        position_intent=f"{side}_to_open",
        time_in_force="day",
    )


def _spread(number: int, price: str, legs: list[Row]) -> Row:
    """A multi-leg order, whose price is the net of its legs for one unit: below zero for a credit."""
    nothing = {"symbol": "", "asset_id": "", "asset_class": "", "side": ""}
    rest = {"qty": "1", "filled_qty": "1", "filled_avg_price": price, "limit_price": price, "time_in_force": "day"}
    spread = full_order(number, order_class="mleg", legs=legs, **nothing, **rest)
    del spread["position_intent"]  # each leg has its own
    return spread


DOCUMENTED: dict[str, Row] = {
    "filled": full_order(0),
    "unfilled": full_order(1, status="accepted", **_UNFILLED),
    "partly filled and still working": full_order(2, status="partially_filled", filled_qty="0.2", filled_at=None),
    "canceled after a part was filled": full_order(
        3, status="canceled", filled_qty="0.2", canceled_at="2026-09-28T15:00:00Z"
    ),
    "replaced": full_order(
        4, status="replaced", filled_qty="0.1", replaced_at="2026-09-28T14:05:31Z", replaced_by=full_order_id(5)
    ),
    "replaced again": full_order(
        5,
        status="replaced",
        replaces=full_order_id(4),
        replaced_at="2026-09-28T14:06:31Z",
        replaced_by=full_order_id(6),
        **_UNFILLED,
    ),
    "the last of a chain": full_order(6, qty="0.4", filled_qty="0.4", replaces=full_order_id(5)),
    "a bracket": _stock(
        7,
        order_class="bracket",
        group_id=_GROUP,
        group_role="entry",
        legs=[
            _stock(8, **_EXIT, group_role="take_profit", limit_price="240"),
            _stock(
                9,
                **_EXIT,
                group_role="stop_loss",
                type="stop",
                order_type="stop",
                limit_price=None,
                stop_price="215",
                status="held",
                **_UNFILLED,
            ),
        ],
    ),
    "a spread": _spread(10, "1.28", [_leg(11, CALL, "buy", "3", "0.43"), _leg(12, EXPIRED_PUT, "sell", "1", "0.01")]),
    "a spread for a credit": _spread(
        13, "-0.4", [_leg(14, CALL, "sell", "1", "0.5"), _leg(15, EXPIRED_PUT, "buy", "1", "0.1")]
    ),
    "for an amount": full_order(16, notional="500", qty=None, type="market", order_type="market", limit_price=None),
    "never filled": full_order(17, status="expired", expired_at="2026-09-28T21:00:00Z", **_UNFILLED),
    "the exit of a position less its fee": full_order(
        18, side="sell", qty="0.49875", filled_qty="0.49875", position_intent="sell_to_close"
    ),
}
"""What Alpaca's documents describe, but for the empty words of spreads."""

BEYOND: dict[str, Row] = {
    "in a state that nobody knows": full_order(20, status="pending_review"),
    "of an asset class that nobody knows": full_order(21, symbol="NEWCO", asset_class="moon_rock"),
    "never submitted": full_order(22, status="rejected", submitted_at=None, updated_at=None, **_UNFILLED),
    "a price of zero before it is processed": full_order(
        23, status="pending_new", filled_qty="0", filled_avg_price="0"
    ),
}
"""What is legal on the wire all the same."""
