"""The contract as the oracle knows it: what is due, what a row copies from its document, which day it belongs to.

Written down from the design a second time, on purpose: it imports nothing of the project.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.faults.stores import Fields

PROVENANCE = frozenset({"source_path", "source_rev", "run_id", "git_hash", "schema_version", "archived_at", "ds"})
"""Columns without which a row does not explain itself."""
_LIVES = re.compile(r"WAITING|ACTIVE|INVALIDATED|TP\d+_HIT")
_NEW_YORK = ZoneInfo("America/New_York")
_SIDES = {"buy": "LONG", "sell": "SHORT"}


@dataclass(frozen=True)
class Table:
    """What holds for every row of a table."""

    key: tuple[str, ...]
    job: str
    """The job that inserts its rows."""
    required: frozenset[str]
    """Columns that are never NULL, beside key and provenance."""
    day: Callable[[Fields], date] | None = None
    """The partition by what the row says itself."""
    collection: str | None = None
    """Where its rows come from."""
    due: Callable[[Fields, datetime], bool | None] = lambda _fields, _as_of: True
    """Whether a document is due at a moment; None: it is too broken to tell, or its status is unknown."""
    copies: Mapping[str, Callable[[Fields], Any]] = field(default_factory=dict)
    """Column → what a document says it must hold."""
    stamp: str | None = None
    """Column that tells when a patch last wrote the row."""


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


def _first(read: Callable[[Any], Any], *spellings: str) -> Callable[[Fields], Any]:
    def of(fields: Fields) -> Any:
        stated = [fields[name] for name in spellings if fields.get(name) not in {None, ""}]
        return read(stated[0]) if stated else None

    return of


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _same(value: Any) -> Any:
    return value


def _copied(**columns: Callable[[Any], Any]) -> dict[str, Callable[[Fields], Any]]:
    return {name: _first(read, name) for name, read in columns.items()}


def _position_due(fields: Fields, as_of: datetime) -> bool | None:
    left = instant(fields.get("exit_time"))
    if fields.get("status") == "OPEN":
        return False
    return None if left is None or fields.get("status") != "CLOSED" else left <= as_of


def _rejected_due(fields: Fields, as_of: datetime) -> bool | None:
    created = instant(fields.get("created_at"))
    return None if created is None else created < as_of - timedelta(days=7)


def _expired_due(fields: Fields, as_of: datetime) -> bool | None:
    status, end = fields.get("status"), instant(fields.get("valid_until"))
    if isinstance(status, str) and _LIVES.fullmatch(status):
        return False
    return None if status != "EXPIRED" or end is None else end + timedelta(hours=24) <= as_of


_SIGNAL = _copied(
    signal_id=_same,
    strategy_id=_same,
    symbol=_same,
    asset_class=_same,
    pattern_name=_same,
    side=lambda value: _SIDES.get(value, value),
    entry_price=number,
    suggested_stop=number,
    created_at=instant,
)
_TRADE = _copied(
    account_id=_same,
    signal_id=_same,
    strategy_id=_same,
    symbol=_same,
    asset_class=_same,
    exit_reason=_same,
    exit_time=instant,
    side=lambda value: _SIDES.get(value, value),
    target_entry_price=number,
)

TABLES: Mapping[str, Table] = {
    "fact_trades": Table(
        key=("trade_id",),
        job="trades",
        required=frozenset(
            {
                "account_id",
                "signal_id",
                "strategy_id",
                "strategy_check",
                "symbol",
                "asset_class",
                "side",
                "qty",
                "contract_multiplier",
                "entry_price",
                "exit_price",
                "broker_check",
                "entry_time",
                "exit_time",
                "exit_reason",
                "trade_type",
                "gross_pnl_usd",
                "fees_usd",
                "pnl_usd",
                "pnl_pct",
                "fee_estimate_usd",
                "fee_finalized",
            }
        ),
        day=lambda row: row["exit_time"].date(),
        collection="live_positions",
        due=_position_due,
        copies={
            **_TRADE,
            "trade_id": _first(_same, "position_id"),
            "entry_time": _first(instant, "entry_time", "filled_at"),
        },
        stamp="fee_reconciled_at",
    ),
    "fact_rejected_signals": Table(
        key=("signal_id",),
        job="rejected-signals",
        required=frozenset(
            {
                "strategy_id",
                "symbol",
                "asset_class",
                "side",
                "rejection_reason",
                "entry_price",
                "created_at",
                "notional_usd",
                "theoretical_exit_reason",
                "bars_used",
                "window_complete",
            }
        ),
        day=lambda row: row["created_at"].date(),
        collection="rejected_signals",
        due=_rejected_due,
        copies={
            **_SIGNAL,
            "rejection_reason": _first(_same, "rejection_reason"),
            "take_profit_1": _first(number, "take_profit_1", "tp1"),
        },
    ),
    "fact_signals_expired": Table(
        key=("signal_id",),
        job="expired-signals",
        required=frozenset(
            {
                "strategy_id",
                "symbol",
                "asset_class",
                "side",
                "entry_price",
                "created_at",
                "valid_until",
                "bars_used",
                "window_complete",
            }
        ),
        day=lambda row: row["created_at"].date(),
        collection="live_signals",
        due=_expired_due,
        copies={**_SIGNAL, "valid_until": _first(instant, "valid_until")},
    ),
    "snapshot_accounts": Table(
        key=("account_id", "ds"),
        job="account-snapshot",
        required=_words("snapshot_at status equity positions_count greeks_complete"),
    ),
    "dim_strategies": Table(
        key=("strategy_id", "config_hash", "valid_from"),
        job="strategies",
        required=_words("version config active timeframe"),
        day=lambda row: row["valid_from"].date(),
    ),
}


def key_of(table: str, row: Fields) -> tuple[Any, ...]:
    """Tell a row's key."""
    return tuple(row[name] for name in TABLES[table].key)
