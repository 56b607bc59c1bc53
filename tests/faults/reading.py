"""How the oracle reads a document: its times and numbers, whether it is due, and what a row must copy from it."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.faults.stores import Fields

_LIVES = re.compile(r"WAITING|ACTIVE|INVALIDATED|TP\d+_HIT")
_NEW_YORK = ZoneInfo("America/New_York")
_SIDES = {"buy": "LONG", "sell": "SHORT"}


def instant(value: object) -> datetime | None:
    """Read a time as the engine writes it; None for what is none, or has no offset."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.upper())
        except ValueError:
            return None
    return value.astimezone(UTC) if isinstance(value, datetime) and value.tzinfo else None


def number(value: object) -> Decimal | None:
    """Read a number as NUMERIC holds it."""
    if value is None:
        return None
    return Decimal(str(value)).quantize(Decimal("1e-9"), ROUND_HALF_EVEN)


def day_of_account(as_of: datetime) -> date:
    """Name the day of a snapshot: it ends at 16:00 in New York."""
    return (as_of.astimezone(_NEW_YORK) - timedelta(hours=16)).date()


def first(read: Callable[[Any], Any], *spellings: str) -> Callable[[Fields], Any]:
    """Read the first spelling of a field that carries a value."""

    def of(fields: Fields) -> Any:
        stated = [fields[name] for name in spellings if fields.get(name) not in {None, ""}]
        return read(stated[0]) if stated else None

    return of


def same(value: Any) -> Any:
    """Take a text as it is."""
    return value


def copied(**columns: Callable[[Any], Any]) -> dict[str, Callable[[Fields], Any]]:
    """Columns that are called like the fields that they copy."""
    return {name: first(read, name) for name, read in columns.items()}


def position_due(fields: Fields, as_of: datetime) -> bool | None:
    """Closed positions are due at once."""
    left = instant(fields.get("exit_time"))
    if fields.get("status") == "OPEN":
        return False
    return None if left is None or fields.get("status") != "CLOSED" else left <= as_of


def rejected_due(fields: Fields, as_of: datetime) -> bool | None:
    """Rejected signals are due when they are older than seven days."""
    created = instant(fields.get("created_at"))
    return None if created is None else created < as_of - timedelta(days=7)


def expired_due(fields: Fields, as_of: datetime) -> bool | None:
    """Expired signals are due a day after their validity."""
    status, end = fields.get("status"), instant(fields.get("valid_until"))
    if isinstance(status, str) and _LIVES.fullmatch(status):
        return False
    return None if status != "EXPIRED" or end is None else end + timedelta(hours=24) <= as_of


SIGNAL_COPIES = copied(
    signal_id=same,
    strategy_id=same,
    symbol=same,
    asset_class=same,
    pattern_name=same,
    side=lambda value: _SIDES.get(value, value),
    entry_price=number,
    suggested_stop=number,
    created_at=instant,
)
TRADE_COPIES = copied(
    account_id=same,
    signal_id=same,
    strategy_id=same,
    symbol=same,
    asset_class=same,
    exit_reason=same,
    exit_time=instant,
    side=lambda value: _SIDES.get(value, value),
    target_entry_price=number,
)
