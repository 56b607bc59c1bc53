"""One good account at the broker, as answers by path, and what trades, signals and snapshots are made of with them."""

from datetime import timedelta
from typing import Any

from tests.emulator import builders, fees
from tests.emulator.builders import HOUR, START, Fields, order_id, position

PLAIN, UNPRICED, BRACKET, REPLACED, EXPIRED = 1, 2, 3, 4, 5
"""Positions by what is special about their orders."""
CALL = "AAPL210903C00150000"
_HELD = "AAPL261218C00230000"
_GREEKS = {"delta": 0.5, "gamma": 0.02, "theta": -0.25, "vega": 0.1, "rho": 0.01}
_CLOSED_AT = START + timedelta(days=2, hours=20)


def positions() -> list[Fields]:
    """The documents of the positions."""
    option = {"symbol": CALL, "asset_class": "OPTION", "entry_fill_price": 5, "exit_fill_price": 0}
    ended = {"exit_order_id": None, "exit_time": _CLOSED_AT, "exit_reason": "EXPIRED"}
    return [*map(position, (PLAIN, UNPRICED, BRACKET, REPLACED)), position(EXPIRED, **option, **ended)]


def script() -> dict[str, Any]:
    """What the broker answers."""
    fills = [one for number in (PLAIN, UNPRICED, BRACKET, REPLACED) for one in fees.fills(number)]
    posted = [one for number in (PLAIN, UNPRICED, BRACKET, REPLACED) for one in _posted(number)]
    listed = _orders()
    return {
        "/v2/orders": listed,
        **{f"/v2/orders/{one['id']}": one for one in listed},
        "/v2/orders:by_client_order_id": listed[0],
        "/v2/account/activities FILL": fills,
        "/v2/account/activities CFEE,FEE": posted,
        "/v2/account/activities OPEXP,OPASN,OPEXC": [_expiry()],
        "/v2/calendar": [_session(day) for day in range(1, 29)],
        "/v1beta3/crypto/us/bars": {"bars": {"BTC/USD": _bars(14 * 24)}, "next_page_token": None},
        "/v2/stocks/bars": {"bars": {"AAPL": _bars(3 * 24)}, "next_page_token": None},
        "/v1beta1/options/bars": {"bars": {}, "next_page_token": None},
        **account(),
    }


def _posted(number: int) -> list[Fields]:
    daily = {"activity_type": "FEE", "activity_sub_type": "TAF", "date": "2021-09-01", "net_amount": "-0.02"}
    taf = {"id": f"20210901::taf-{number}", "status": "executed", "description": "TAF fee for proceed of 2 shares"}
    return [fees.coin_fee(number), fees.dollar_fee(number), {**daily, **taf}]


def _orders() -> list[Fields]:
    """Each position's orders: two plain ones, some without a price, with legs, replaced, and an option's entry."""
    unpriced = [{**one, "filled_avg_price": None} for one in builders.orders(UNPRICED)]
    entry, leave = builders.orders(BRACKET)
    bracket = {**entry, "order_class": "bracket", "legs": [{**leave, "order_class": "bracket"}]}
    opened, closed = builders.orders(REPLACED)
    older = {**closed, "id": order_id(REPLACED, "entry")[:-4] + "0009", "status": "replaced", "filled_qty": "0"}
    older |= {"client_order_id": "older", "filled_avg_price": None, "replaced_by": closed["id"]}
    option = {**builders.orders(EXPIRED)[0], "symbol": CALL, "asset_class": "us_option", "filled_avg_price": "5"}
    return [*builders.orders(PLAIN), *unpriced, bracket, opened, older, {**closed, "replaces": older["id"]}, option]


def _expiry() -> Fields:
    return {
        "id": "20210903000000000::11111111-0000-4000-8000-000000000001",
        "activity_type": "OPEXP",
        "date": "2021-09-03",
        "net_amount": "0",
        "symbol": CALL,
        "qty": "-1",
        "status": "executed",
    }


def _session(day: int) -> Fields:
    return {"date": f"2021-09-{day:02}", "open": "09:30", "close": "16:00", "settlement_date": f"2021-09-{day + 2:02}"}


def _bars(hours: int) -> list[Fields]:
    prices = {"o": 105, "h": 115.5, "l": 95.25, "c": 105, "v": 3}
    return [{"t": (START + number * HOUR).isoformat().replace("+00:00", "Z"), **prices} for number in range(hours)]


def account() -> dict[str, Any]:
    """What the broker answers about the account itself."""
    held = {"symbol": _HELD, "asset_class": "us_option", "qty": "2", "side": "long"}
    coin = {"symbol": "BTCUSD", "asset_class": "crypto", "qty": "1", "side": "long"}
    days = [1_627_934_400 + 86_400 * day for day in range(60)]
    return {
        "/v2/account": builders.account("150.25"),
        "/v2/positions": [held, coin],
        "/v2/account/portfolio/history": {"timestamp": days, "equity": [100 + day % 7 for day in range(60)]},
        "/v1beta1/options/snapshots": {"snapshots": {_HELD: {"impliedVolatility": 0.3, "greeks": _GREEKS}}},
        f"/v2/options/contracts/{_HELD}": {"id": "c", "symbol": _HELD, "multiplier": "100", "size": "100"},
    }
