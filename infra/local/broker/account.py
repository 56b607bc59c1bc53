"""The account, its positions and its history of equity."""

from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from infra.local.broker.call import Call
from infra.local.broker.errors import not_found, unprocessable
from infra.local.broker.ledger import HISTORY_COLUMNS
from infra.local.broker.query import Query
from infra.local.broker.timeframe import NEW_YORK
from infra.local.exact_json import JsonObject

_SESSION_STAMP = time(20, 0)
_PERIOD_DAYS = {"D": 1, "W": 7, "M": 30, "A": 365}
_DEFAULT_PERIOD = "1M"
_MOST_BOUNDS = 2


def account(call: Call) -> JsonObject:
    """GET /v2/account."""
    if call.ledger.account is None:
        raise not_found("account not found: nothing has been seeded")
    return call.ledger.account


def positions(call: Call) -> list[JsonObject]:
    """GET /v2/positions."""
    return list(call.ledger.positions.values())


def position(call: Call) -> JsonObject:
    """GET /v2/positions/{symbol or asset id}; a pair is asked for without its slash."""
    for symbol, row in call.ledger.positions.items():
        if call.name in (symbol, row.get("asset_id")):
            return row
    raise not_found("position does not exist")


def portfolio_history(call: Call) -> JsonObject:
    """GET /v2/account/portfolio/history.

    The period counts back from `end`, which is the last point of the fixture unless given: a fixture has its own
    present. Its points are served at the spacing they have, a day usually.
    """
    start, end = _bounds(call.query)
    history = call.ledger.portfolio_history
    if history is None:
        return _single_point(account(call), call.now)
    stamps: list[int] = history["timestamp"]
    last = int(end.timestamp()) if end else max(stamps, default=0)
    first = int(start.timestamp()) if start else last - int(_period(call.query).total_seconds())
    return _slice(history, [index for index, stamp in enumerate(stamps) if first <= stamp <= last])


def _bounds(query: Query) -> tuple[datetime | None, datetime | None]:
    if sum(query.text(name) is not None for name in ("start", "end", "period")) > _MOST_BOUNDS:
        raise unprocessable("only two of start, end and period can be given")
    return query.instant("start"), query.instant("end")


def _period(query: Query) -> timedelta:
    text = query.text("period") or _DEFAULT_PERIOD
    amount, unit = text[:-1], text[-1]
    if unit not in _PERIOD_DAYS or not amount.isdecimal():
        raise unprocessable(f"invalid period: {text}")
    return timedelta(days=min(int(amount) * _PERIOD_DAYS[unit], date.max.toordinal() - 1))


def _slice(history: JsonObject, kept: list[int]) -> JsonObject:
    """The chosen points; what came before them becomes the base."""
    sliced = {name: [history[name][index] for index in kept] for name in HISTORY_COLUMNS if name in history}
    flows = {kind: [values[index] for index in kept] for kind, values in (history.get("cashflow") or {}).items()}
    earlier = {"base_value": history["equity"][kept[0] - 1]} if kept and kept[0] > 0 else {}
    return {**history, **sliced, **earlier, "cashflow": flows}


def _single_point(account_row: JsonObject, now: datetime) -> JsonObject:
    """What an account without a history shows: its equity now against the previous close."""
    equity = Decimal(account_row.get("equity") or 0)
    base = Decimal(account_row.get("last_equity") or equity)
    change = equity - base
    points: dict[str, list[Any]] = {
        "timestamp": [_session_stamp(account_row, now)],
        "equity": [equity],
        "profit_loss": [change],
        "profit_loss_pct": [round(change / base, 6) if base else Decimal(0)],
    }
    return {**points, "base_value": base, "timeframe": "1D", "cashflow": {}}


def _session_stamp(account_row: JsonObject, now: datetime) -> int:
    """Seconds since 1970 of 20:00 in New York on the day of the balances, as daily points are stamped."""
    text = account_row.get("balance_asof")
    day = date.fromisoformat(text) if text else now.astimezone(NEW_YORK).date()
    return int(datetime.combine(day, _SESSION_STAMP, NEW_YORK).astimezone(UTC).timestamp())
