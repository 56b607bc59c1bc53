"""Prices of stocks adjusted for splits: bars from before a split, as if there had been as many shares as after it."""

from collections.abc import Iterable
from datetime import date, datetime, time
from decimal import Decimal
from zoneinfo import ZoneInfo

from infra.local.broker.query import Query
from infra.local.broker.series import Candle
from infra.local.exact_json import JsonObject

_NEW_YORK = ZoneInfo("America/New_York")
_KINDS = ("raw", "split", "dividend", "spin-off", "all")
_FOR_SPLITS = frozenset({"split", "all"})
_STEP = Decimal("0.0001")
"""Adjusted prices are rounded."""


def splits_asked_for(query: Query, splits: Iterable[JsonObject]) -> list[JsonObject]:
    """The splits that a request wants its prices adjusted for: all or none."""
    wanted = query.choice("adjustment", _KINDS, "raw")
    return list(splits) if wanted in _FOR_SPLITS else []


def adjusted(symbol: str, candle: Candle, splits: Iterable[JsonObject]) -> Candle:
    """A candle as if every later split of its symbol had been before it."""
    ratio = Decimal(1)
    for split in splits:
        if split["symbol"] == symbol and candle.t < _takes_effect(split):
            ratio *= Decimal(str(split["new_rate"])) / Decimal(str(split["old_rate"]))
    return candle if ratio == 1 else _of_so_many(candle, ratio)


def _of_so_many(candle: Candle, ratio: Decimal) -> Candle:
    prices = {name: (getattr(candle, name) / ratio).quantize(_STEP) for name in ("o", "h", "l", "c", "vw")}
    return candle._replace(**prices, v=candle.v * ratio)


def _takes_effect(split: JsonObject) -> datetime:
    """The midnight in New York with which the day of a split begins."""
    return datetime.combine(date.fromisoformat(split["ex_date"]), time(), _NEW_YORK)
