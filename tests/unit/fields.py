"""What each field of each source document is, said a second time: the tests hold the models to it."""

from collections.abc import Mapping
from typing import Any

from schemas.accounts import AccountDocument
from schemas.document import Document
from schemas.expired_signals import LiveSignalDocument
from schemas.reasons import Reason
from schemas.rejected_signals import RejectedSignalDocument
from schemas.strategies import StrategyDocument
from schemas.trades import PositionDocument


def _of(kind: str, names: str) -> dict[str, str]:
    return dict.fromkeys(names.split(), kind)


_SIGNAL = {
    **_of("text", "signal_id strategy_id symbol"),
    **_of("enum", "asset_class side"),
    **_of("positive", "entry_price suggested_stop take_profit_1 tp1 take_profit_2 take_profit_3 qty notional_usd"),
    **_of("time", "created_at valid_until"),
    **_of("optional text", "pattern_name"),
    **_of("map", "confluence_snapshot"),
    **_of("day", "ds"),
}
FIELDS: Mapping[type[Document], Mapping[str, str]] = {
    PositionDocument: {
        **_of("text", "position_id signal_id account_id strategy_id symbol exit_reason"),
        **_of("enum", "asset_class status side trade_type"),
        **_of("whole", "strategy_version"),
        **_of("positive", "qty original_qty target_entry_price current_stop current_stop_loss"),
        **_of("map", "price_patch"),
        **_of("fill", "entry_fill_price filled_avg_price exit_fill_price scaled_out_price trailing_stop_final"),
        **_of("number", "commission scaled_out_qty"),
        **_of("time", "entry_time filled_at exit_time"),
        **_of("optional text", "entry_order_id alpaca_order_id exit_order_id tp_order_id sl_order_id"),
        **_of("optional text", "discord_thread_id"),
        **_of("parts", "scaled_out_prices"),
        **_of("day", "ds"),
    },
    RejectedSignalDocument: {
        **_SIGNAL,
        **_of("text", "rejection_reason"),
        **_of("enum", "trade_type"),
        **_of("optional text", "status"),
        **_of("map", "rejection_metadata"),
    },
    LiveSignalDocument: {**_SIGNAL, **_of("enum", "status"), **_of("optional text", "trade_type")},
    StrategyDocument: {
        **_of("text", "strategy_id timeframe"),
        **_of("flag", "active"),
        **_of("optional text", "asset_class"),
        **_of("texts", "assets"),
        **_of("map", "risk_params confluence_config pattern_overrides"),
    },
    AccountDocument: {
        **_of("text", "account_number status"),
        **_of("optional text", "currency"),
        **_of("number", "equity last_equity cash long_market_value short_market_value initial_margin"),
        **_of("number", "maintenance_margin buying_power regt_buying_power daytrading_buying_power"),
        **_of("number", "non_marginable_buying_power multiplier sma"),
        **_of("whole", "daytrade_count"),
        **_of("flag", "pattern_day_trader account_blocked trading_blocked transfers_blocked trade_suspended_by_user"),
    },
}
"""Model → field, in every spelling → kind."""

REQUIRED: Mapping[type[Document], frozenset[str]] = {
    PositionDocument: frozenset(
        [
            "position_id",
            "signal_id",
            "account_id",
            "strategy_id",
            "symbol",
            "asset_class",
            "status",
            "side",
            "qty",
            "entry_time",
            "exit_time",
            "exit_reason",
        ]
    ),
    RejectedSignalDocument: frozenset(
        ["signal_id", "strategy_id", "symbol", "asset_class", "side", "entry_price", "created_at", "rejection_reason"]
    ),
    LiveSignalDocument: frozenset(
        [
            "signal_id",
            "strategy_id",
            "symbol",
            "asset_class",
            "side",
            "entry_price",
            "created_at",
            "status",
            "valid_until",
        ]
    ),
    StrategyDocument: frozenset(["strategy_id", "active", "timeframe", "assets"]),
    AccountDocument: frozenset(["account_number", "status", "equity"]),
}


def _why(reason: Reason, *values: Any) -> list[tuple[Any, Reason]]:
    return [(value, reason) for value in values]


_NUMBER = [
    *_why(Reason.BAD_TYPE, True, "", "abc", "1,5", b"1", [1], {"a": 1}),
    *_why(Reason.NOT_FINITE, float("nan"), float("-inf"), "NaN", "Infinity"),
    *_why(Reason.OUT_OF_RANGE, 1e29, -1e308, 10**40, "1e30"),
]
_NEGATIVE = _why(Reason.NOT_POSITIVE, -1, "-0.5", -1e-9)
_NO_TEXT = _why(Reason.BAD_TYPE, 1, 1.5, False, b"x", ["x"], {"x": 1})
_EMPTY = _why(Reason.MISSING_FIELD, "")
SPOILT: Mapping[str, list[tuple[Any, Reason]]] = {
    "text": [*_NO_TEXT, *_EMPTY],
    "optional text": _NO_TEXT,
    "enum": [*_NO_TEXT, *_EMPTY, *_why(Reason.UNKNOWN_ENUM, "NONSENSE", "closed")],
    "number": _NUMBER,
    "positive": [*_NUMBER, *_NEGATIVE, *_why(Reason.NOT_POSITIVE, 0, "0.0000000001")],
    "fill": [*_NUMBER, *_NEGATIVE],
    "whole": [*_NUMBER, *_why(Reason.BAD_TYPE, 1.5, "0.1")],
    "time": [
        *_why(Reason.BAD_TYPE, 1, 1.5, True, "", "soon", "2026-02-30T00:00:00Z", b"", [], {}),
        *_why(Reason.NAIVE_TIME, "2026-03-02T10:00:00", "2026-03-02 10:00:00.5"),
        *_why(Reason.OUT_OF_RANGE, "1999-12-31T23:59:59Z", "2100-01-01T00:00:00Z"),
    ],
    "flag": _why(Reason.BAD_TYPE, 0, 1, "true", "", 1.0, [], {}),
    "map": _why(Reason.BAD_TYPE, 1, "{}", [], [{}], True, b""),
    "texts": [
        *_why(Reason.BAD_TYPE, 1, "BTC/USD", {}, True, [1], ["BTC/USD", None], [["BTC/USD"]]),
        *_why(Reason.MISSING_FIELD, [""]),
    ],
    "parts": _why(Reason.BAD_TYPE, 1, "x", {}, True, [1], ["x"], [None]),
    "day": _why(Reason.BAD_TYPE, 1, 1.5, True, b"", [], {}),
}
"""Kind → bad values and why they are refused."""
