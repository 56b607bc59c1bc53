"""Closed positions to measure with: thirty fields, about a kilobyte, the same ones for the same seed."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Any

from infra.local.fixtures import Bar, write_bars

COLLECTION = "live_positions"
SYMBOL = "BTC/USD"
DAYS = 60
"""However many positions there are, they lie within so many days."""

_START = datetime(2026, 3, 1, tzinfo=UTC)
_HOUR = timedelta(hours=1)
_LONGEST = timedelta(hours=12)
_NOTE = "entered on the retest of the range high, size cut by half, stop below the last swing low; " * 4


def positions(count: int, seed: int) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield `(document id, fields)`; theoretical trades, for which a run needs no orders of the broker."""
    chance = Random(seed)  # noqa: S311 - invented numbers
    for number in range(count):
        name = f"position-{number:07}"
        yield name, {"position_id": name, **_decision(chance, number), **_course(chance), **_remarks(chance)}


def _decision(chance: Random, number: int) -> dict[str, Any]:
    return {
        "signal_id": f"signal-{number:07}",
        "account_id": "main",
        "strategy_id": f"breakout-{chance.randrange(5)}",
        "strategy_version": 1,
        "symbol": SYMBOL,
        "asset_class": "CRYPTO",
        "status": "CLOSED",
        "side": chance.choice(("LONG", "SHORT")),
        "trade_type": "THEORETICAL",
        "discord_thread_id": str(chance.randrange(10**18, 2 * 10**18)),
    }


def _course(chance: Random) -> dict[str, Any]:
    entered = _START + timedelta(seconds=chance.randrange(DAYS * 86_400))
    price, qty = round(chance.uniform(60_000, 70_000), 2), round(chance.uniform(0.01, 2), 6)
    return {
        "qty": qty,
        "original_qty": qty,
        "target_entry_price": str(price),
        "entry_fill_price": round(price * 1.0003, 2),
        "exit_fill_price": round(price * chance.uniform(0.97, 1.04), 2),
        "entry_time": entered,
        "exit_time": entered + chance.random() * _LONGEST,
        "exit_reason": chance.choice(("TP1", "STOP", "TRAILING_STOP", "TIME")),
        "commission": 0,
        "current_stop": round(price * 0.98, 2),
        "trailing_stop_final": round(price * 0.99, 2),
        "ds": entered.date().isoformat(),
    }


def _remarks(chance: Random) -> dict[str, Any]:
    """Fields that no schema knows."""
    return {
        "note": _NOTE,
        "confidence": round(chance.random(), 4),
        "regime": chance.choice(("trend", "range", "squeeze")),
        "engine_build": "2026.2.17+4f1c9a2",
        "tags": ["retest", "london"],
        "filters": {"spread_bps": chance.randrange(40), "volume_ok": True},
        "updated_by": "position-manager",
    }


def write_market(directory: Path) -> Path:
    """Write the hourly bars of these positions as a fixture directory."""
    hours = range(-24, (DAYS + 2) * 24)
    write_bars(directory, SYMBOL, (_bar(number) for number in hours))
    return directory


def _bar(number: int) -> Bar:
    level = Decimal(65_000 + number % 500)
    return Bar(_START + number * _HOUR, level, level + 90, level - 90, level + 10, Decimal(12))
