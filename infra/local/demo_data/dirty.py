"""Documents that must not pass: for every reason code at least one, each wrong in exactly one way."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from infra.local import rfc3339
from infra.local.demo_data.closing import Closing
from infra.local.demo_data.instruments import AAPL, BTC, CALL, ETH, MSFT
from infra.local.demo_data.orders import unfilled
from infra.local.demo_data.spelling import Fields
from infra.local.demo_data.trades import Statement, Trade, ticket_of
from schemas.reasons import Reason

OVERSIZE_BYTES = 950_000
"""Close to the most that Firestore takes (1 MiB), and more than the jobs accept."""

_EIGHT_YEARS = timedelta(days=8 * 365)


@dataclass(frozen=True)
class Fault:
    """One way to spoil a good document."""

    reason: Reason
    spoil: Callable[[Fields], Fields]


def _without(name: str) -> Callable[[Fields], Fields]:
    return lambda fields: {each: value for each, value in fields.items() if each != name}


def _with(value: Any, *names: str) -> Callable[[Fields], Fields]:
    """Set the field under the spelling that the document uses, else under the first."""
    return lambda fields: fields | {next((name for name in names if name in fields), names[0]): value}


def _naive(*names: str) -> Callable[[Fields], Fields]:
    """Take the offset off the time."""

    def spoil(fields: Fields) -> Fields:
        name = next(name for name in names if name in fields)
        return fields | {name: _instant(fields[name]).replace(tzinfo=None).isoformat()}

    return spoil


def _reversed_times(fields: Fields) -> Fields:
    entry = "filled_at" if "filled_at" in fields else "entry_time"
    return fields | {entry: fields["exit_time"], "exit_time": fields[entry]}


def _mixed_up_key(key: str, other: str) -> Callable[[Fields], Fields]:
    return lambda fields: fields | {key: f"{fields[other]}-copy"}


_ENTRY_PRICE = ("entry_fill_price", "filled_avg_price")
_ENTRY_TIME = ("filled_at", "entry_time")

POSITION_FAULTS = (
    Fault(Reason.TOO_LARGE, _with("#" * OVERSIZE_BYTES, "chart_svg")),
    Fault(Reason.KEY_MISMATCH, _mixed_up_key("position_id", "signal_id")),
    Fault(Reason.MISSING_FIELD, _without("strategy_id")),
    Fault(Reason.MISSING_FIELD, _without("symbol")),
    Fault(Reason.BAD_TYPE, _with("about a quarter", "qty")),
    Fault(Reason.BAD_TYPE, _with({"amount": 3}, "qty")),
    Fault(Reason.NOT_FINITE, _with(math.nan, "qty")),
    Fault(Reason.NOT_FINITE, _with(math.inf, *_ENTRY_PRICE)),
    Fault(Reason.NAIVE_TIME, _naive(*_ENTRY_TIME)),
    Fault(Reason.NAIVE_TIME, _naive("exit_time")),
    Fault(Reason.UNKNOWN_ENUM, _with("SIDEWAYS", "side")),
    Fault(Reason.UNKNOWN_ENUM, _with("FUTURE", "asset_class")),
    Fault(Reason.NOT_POSITIVE, _with(-0.5, "qty")),
    Fault(Reason.NOT_POSITIVE, _with(-61000, *_ENTRY_PRICE)),
    Fault(Reason.OUT_OF_RANGE, _with("2206-09-14T15:04:05Z", "exit_time")),
    Fault(Reason.OUT_OF_RANGE, _with("1e30", "qty")),
    Fault(Reason.EXIT_BEFORE_ENTRY, _reversed_times),
)
"""What can be wrong with a position's document by itself."""

SIGNAL_FAULTS = (
    Fault(Reason.KEY_MISMATCH, _mixed_up_key("signal_id", "strategy_id")),
    Fault(Reason.MISSING_FIELD, _without("entry_price")),
    Fault(Reason.MISSING_FIELD, _without("strategy_id")),
    Fault(Reason.BAD_TYPE, _with("at market", "entry_price")),
    Fault(Reason.NOT_FINITE, _with(math.nan, "entry_price")),
    Fault(Reason.NAIVE_TIME, _naive("created_at")),
    Fault(Reason.UNKNOWN_ENUM, _with("BOTH", "side")),
    Fault(Reason.NOT_POSITIVE, _with(0, "suggested_stop")),
)
"""What can be wrong with a signal's document."""


@dataclass(frozen=True)
class Misfit:
    """A position whose document is well formed and that still cannot be archived."""

    trade: Trade
    reason: Reason
    is_at_broker: bool = False
    """Whether the broker knows the orders that the position names."""


MISFIT_INSTRUMENTS = (BTC, MSFT, CALL, ETH, AAPL)
"""Instruments of the paper positions that `misfits` takes; the last is a stock, whose fee rates go back a few years."""


def misfits(chance: Random, paper: Sequence[Trade], lost: Sequence[Trade]) -> list[Misfit]:
    """Positions that disagree with the rest of the world.

    Args:
        chance: Source of ids.
        paper: Five positions that the broker does not know.
        lost: Positions that were traded, but not in this account.
    """
    no_exit, no_entry, unpriced, never_filled, old = paper
    silent = replace(_never_filled(chance, unpriced), statement=Statement.SILENT)
    return [
        Misfit(replace(no_exit, statement=Statement.EXIT_MISSING), Reason.MISSING_FILL_PRICE),
        Misfit(replace(no_entry, statement=Statement.ENTRY_NULL), Reason.MISSING_FILL_PRICE),
        Misfit(silent, Reason.MISSING_FILL_PRICE, is_at_broker=True),
        Misfit(_never_filled(chance, never_filled), Reason.BROKER_NOT_FILLED, is_at_broker=True),
        *(Misfit(replace(trade, statement=Statement.AGREES), Reason.BROKER_ORDER_MISSING) for trade in lost),
        Misfit(_years_ago(old), Reason.FEE_RATE_UNKNOWN),
    ]


def _never_filled(chance: Random, trade: Trade) -> Trade:
    """The engine believes in a trade whose orders were cancelled before anything traded."""
    if trade.exit is None:
        raise ValueError("an open position has not been left")
    opening, leaving = ticket_of(trade, is_opening=True), ticket_of(trade, is_opening=False)
    enter = unfilled(chance, opening, "limit", trade.qty, trade.entry.price, trade.entry.at)
    leave = unfilled(chance, leaving, "limit", trade.qty, trade.exit.price, trade.exit.at)
    return replace(
        trade,
        is_theoretical=False,
        entry_orders=(replace(enter, client_order_id=trade.position_id),),
        closing=Closing((leave,), exit_order_id=leave.order_id),
    )


def _years_ago(trade: Trade) -> Trade:
    if trade.exit is None:
        raise ValueError("an open position has not been left")
    return replace(
        trade,
        decided_at=trade.decided_at - _EIGHT_YEARS,
        entry=trade.entry._replace(at=trade.entry.at - _EIGHT_YEARS),
        exit=trade.exit._replace(at=trade.exit.at - _EIGHT_YEARS),
    )


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else rfc3339.parse(value)
