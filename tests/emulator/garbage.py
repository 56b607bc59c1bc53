"""Wrong values for every kind of field, each with the reason code it must be refused for."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.cloud.firestore import GeoPoint

from infra.local.fixtures import Reference
from schemas.reasons import Reason
from tests.emulator.builders import Fields

ABSENT = object()
"""Stands for a field that is not there at all."""

Wrong = tuple[Any, Reason]

_MOMENT = datetime(2021, 9, 1, tzinfo=UTC)


def _each(reason: Reason, *values: Any) -> list[Wrong]:
    return [(value, reason) for value in values]


_ABSENT = _each(Reason.MISSING_FIELD, ABSENT, None)
_NO_SCALAR = _each(Reason.BAD_TYPE, {"amount": 3}, [1], b"\x00", GeoPoint(1, 2), Reference("live_positions/other"))
_NO_TEXT = _each(Reason.BAD_TYPE, 5, 1.5, True, math.nan, _MOMENT) + _NO_SCALAR
_NO_NUMBER = (
    _each(Reason.BAD_TYPE, "about a quarter", "", " 1", "1,5", "0x10", "\uff11\uff12", "1e9999", True, _MOMENT)
    + _each(Reason.NOT_FINITE, math.nan, math.inf, -math.inf, "NaN", "-Infinity")
    + _each(Reason.OUT_OF_RANGE, 1e30, "1e29", "-1e29", "9" * 40)
    + _NO_SCALAR
)
_NO_TIME = (
    _each(Reason.NAIVE_TIME, "2021-09-01T00:00:00", "2021-09-01 00:00:00.5")
    + _each(Reason.BAD_TYPE, "yesterday", "", "2021-02-30T00:00:00Z", "2021-09-01", 1630454400, 1.5, True, math.nan)
    + _each(Reason.OUT_OF_RANGE, "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z", datetime(1970, 1, 1, tzinfo=UTC))
    + _NO_SCALAR
)

OPTIONAL_TEXT = _NO_TEXT
TEXT = [*OPTIONAL_TEXT, *_ABSENT, ("", Reason.MISSING_FIELD)]
KEY = [*TEXT, ("another", Reason.KEY_MISMATCH)]
OPTIONAL_NUMBER = _NO_NUMBER
FILL = OPTIONAL_NUMBER + _each(Reason.NOT_POSITIVE, -1, "-0.5")
OPTIONAL_POSITIVE = FILL + _each(Reason.NOT_POSITIVE, 0, -0.0, "1e-12")
POSITIVE = OPTIONAL_POSITIVE + _ABSENT
OPTIONAL_WHOLE = OPTIONAL_NUMBER + _each(Reason.BAD_TYPE, 1.5, "2.5")
OPTIONAL_TIME = _NO_TIME
TIME = OPTIONAL_TIME + _ABSENT
OPTIONAL_ENUM = [*OPTIONAL_TEXT, ("SIDEWAYS", Reason.UNKNOWN_ENUM)]
ENUM = [*TEXT, ("SIDEWAYS", Reason.UNKNOWN_ENUM)]
FLAG = _each(Reason.BAD_TYPE, "true", 1, 0.0, math.nan) + _NO_SCALAR + _ABSENT
OPTIONAL_MAP = _each(Reason.BAD_TYPE, "x", 5, True, [{"a": 1}], b"{}")
STRINGS = [*_each(Reason.BAD_TYPE, "BTC/USD", 5, {"0": "BTC/USD"}, [1], [None]), ([""], Reason.MISSING_FIELD), *_ABSENT]
TIME_OR_TEXT = _each(Reason.BAD_TYPE, 5, math.nan) + _NO_SCALAR
SCALE_OUTS = [
    *_each(Reason.BAD_TYPE, "x", 5, {"qty": 1}, [5], ["x"]),
    ([{"qty": 1, "timestamp": _MOMENT}], Reason.MISSING_FIELD),
    ([{"qty": math.nan, "price": 1, "timestamp": _MOMENT}], Reason.NOT_FINITE),
    ([{"qty": 1, "price": 0, "timestamp": _MOMENT}], Reason.NOT_POSITIVE),
    ([{"qty": 1, "price": 1, "timestamp": "2021-09-01T00:00:00"}], Reason.NAIVE_TIME),
]


@dataclass(frozen=True)
class Garbage:
    """What can be wrong with the documents of one collection."""

    kinds: Mapping[str, Sequence[Wrong]]
    """Field → wrong values for it; every field of the document's model is here."""
    spellings: Mapping[str, str]
    """Other name of a field → the field."""

    def spoil(self, good: Fields, key: str) -> list[tuple[str, Fields, Reason]]:
        """Spoil a good document in every way: new id, fields, and the reason it must be refused for."""
        names = [(name, name) for name in self.kinds] + [*self.spellings.items()]
        ways = [(name, field, wrong) for name, field in names for wrong in self.kinds[field]]
        spoilt = []
        for number, (name, field, (value, reason)) in enumerate(ways):
            document_id = f"bad-{number:04}-{name}"
            fields = {other: kept for other, kept in good.items() if other != field} | {name: value}
            fields = {key: document_id} | fields if name == key else fields | {key: document_id}
            spoilt.append((document_id, {n: v for n, v in fields.items() if v is not ABSENT}, reason))
        return spoilt


_SIGNAL = {
    "signal_id": KEY,
    "strategy_id": TEXT,
    "symbol": TEXT,
    "asset_class": ENUM,
    "side": ENUM,
    "entry_price": POSITIVE,
    "suggested_stop": OPTIONAL_POSITIVE,
    "take_profit_1": OPTIONAL_POSITIVE,
    "take_profit_2": OPTIONAL_POSITIVE,
    "take_profit_3": OPTIONAL_POSITIVE,
    "created_at": TIME,
    "pattern_name": OPTIONAL_TEXT,
    "qty": OPTIONAL_POSITIVE,
    "notional_usd": OPTIONAL_POSITIVE,
    "confluence_snapshot": OPTIONAL_MAP,
    "ds": TIME_OR_TEXT,
}

GARBAGE = {
    "live_positions": Garbage(
        {
            "position_id": KEY,
            "signal_id": TEXT,
            "account_id": TEXT,
            "strategy_id": TEXT,
            "strategy_version": [*OPTIONAL_WHOLE, ("9223372036854775808", Reason.OUT_OF_RANGE)],
            "symbol": [*TEXT, ("AAPL", Reason.BAD_TYPE)],
            "asset_class": ENUM,
            "status": ENUM,
            "side": ENUM,
            "qty": POSITIVE,
            "original_qty": OPTIONAL_POSITIVE,
            "target_entry_price": OPTIONAL_POSITIVE,
            "entry_fill_price": FILL,
            "exit_fill_price": FILL,
            "entry_time": TIME,
            "exit_time": [*TIME, ("2021-08-01T00:00:00Z", Reason.EXIT_BEFORE_ENTRY)],
            "exit_reason": TEXT,
            "entry_order_id": OPTIONAL_TEXT,
            "exit_order_id": OPTIONAL_TEXT,
            "tp_order_id": OPTIONAL_TEXT,
            "sl_order_id": OPTIONAL_TEXT,
            "commission": OPTIONAL_NUMBER,
            "current_stop": OPTIONAL_POSITIVE,
            "scaled_out_qty": OPTIONAL_NUMBER,
            "scaled_out_price": FILL,
            "scaled_out_prices": SCALE_OUTS,
            "trailing_stop_final": FILL,
            "trade_type": OPTIONAL_ENUM,
            "discord_thread_id": OPTIONAL_TEXT,
            "price_patch": OPTIONAL_MAP,
            "ds": TIME_OR_TEXT,
        },
        {
            "filled_avg_price": "entry_fill_price",
            "filled_at": "entry_time",
            "alpaca_order_id": "entry_order_id",
            "current_stop_loss": "current_stop",
        },
    ),
    "rejected_signals": Garbage(
        _SIGNAL
        | {
            "rejection_reason": TEXT,
            "rejection_metadata": OPTIONAL_MAP,
            "valid_until": OPTIONAL_TIME,
            "status": OPTIONAL_TEXT,
            "trade_type": OPTIONAL_ENUM,
        },
        {"tp1": "take_profit_1"},
    ),
    "live_signals": Garbage(
        _SIGNAL
        | {
            "status": ENUM,
            "valid_until": [*TIME, ("2021-08-01T00:00:00Z", Reason.EXIT_BEFORE_ENTRY)],
            "trade_type": OPTIONAL_TEXT,
        },
        {"tp1": "take_profit_1"},
    ),
    "dim_strategies": Garbage(
        {
            "strategy_id": KEY,
            "active": FLAG,
            "timeframe": TEXT,
            "asset_class": OPTIONAL_TEXT,
            "assets": STRINGS,
            "risk_params": OPTIONAL_MAP,
            "confluence_config": OPTIONAL_MAP,
            "pattern_overrides": OPTIONAL_MAP,
        },
        {},
    ),
}
