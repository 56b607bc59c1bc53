"""Prices of stocks adjusted for splits: bars from before a split, as if there had been as many shares as after it."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time
from decimal import Decimal
from typing import NamedTuple, Self

from infra.local.broker.query import Query
from infra.local.broker.series import Candle
from infra.local.broker.timeframe import NEW_YORK
from infra.local.exact_json import JsonObject
from infra.local.fixture_values import FixtureError

_KINDS = ("raw", "split", "dividend", "spin-off", "all")
_FOR_SPLITS = frozenset({"split", "all"})
_STEP = Decimal("0.0001")
"""Adjusted prices are rounded."""


class Split(NamedTuple):
    """A split of a stock."""

    symbol: str
    since: datetime
    """The midnight in New York with which its day begins."""
    shares: Decimal
    """What one share became."""

    @classmethod
    def read(cls, row: JsonObject) -> Self:
        """Read a row of `broker.json`: symbol, ex_date, and by how many new shares how many old ones were replaced.

        Raises:
            FixtureError: It says nothing of use.
        """
        try:
            day = date.fromisoformat(row["ex_date"])
            sound = isinstance(row["symbol"], str) and row["new_rate"] > 0 < row["old_rate"]
        except (KeyError, TypeError, ValueError) as error:
            raise FixtureError(f"broker.json: splits: {row['id']}: {error!r}") from error
        if not sound:
            raise FixtureError(f"broker.json: splits: {row['id']}: symbol must be text, the rates above zero")
        shares = Decimal(str(row["new_rate"])) / Decimal(str(row["old_rate"]))
        return cls(row["symbol"], datetime.combine(day, time(), NEW_YORK), shares)


def splits_asked_for(query: Query, splits: Sequence[Split]) -> Sequence[Split]:
    """The splits that a request wants its prices adjusted for: all or none."""
    return splits if query.choice("adjustment", _KINDS, "raw") in _FOR_SPLITS else ()


def adjusted(symbol: str, candle: Candle, splits: Iterable[Split]) -> Candle:
    """A candle as if every later split of its symbol had been before it."""
    shares = Decimal(1)
    for split in splits:
        if split.symbol == symbol and candle.t < split.since:
            shares *= split.shares
    return candle if shares == 1 else _of_so_many(candle, shares)


def _of_so_many(candle: Candle, shares: Decimal) -> Candle:
    prices = {name: (getattr(candle, name) / shares).quantize(_STEP) for name in ("o", "h", "l", "c", "vw")}
    return candle._replace(**prices, v=candle.v * shares)
