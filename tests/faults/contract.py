"""The contract as the oracle knows it: what is due, what a row copies from its document, which day it belongs to.

Written down from the design a second time, on purpose: it imports nothing of the project.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from tests.faults.reading import (
    SIGNAL_COPIES,
    TRADE_COPIES,
    expired_due,
    first,
    instant,
    number,
    position_due,
    rejected_due,
    same,
)
from tests.faults.stores import Fields

PROVENANCE = frozenset({"source_path", "source_rev", "run_id", "git_hash", "schema_version", "archived_at", "ds"})
"""Columns without which a row does not explain itself."""


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


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


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
        due=position_due,
        copies={
            **TRADE_COPIES,
            "trade_id": first(same, "position_id"),
            "entry_time": first(instant, "entry_time", "filled_at"),
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
        due=rejected_due,
        copies={
            **SIGNAL_COPIES,
            "rejection_reason": first(same, "rejection_reason"),
            "take_profit_1": first(number, "take_profit_1", "tp1"),
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
        due=expired_due,
        copies={**SIGNAL_COPIES, "valid_until": first(instant, "valid_until")},
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
