"""The figures of strategy_performance against numpy, which shares nothing with the view but its definitions."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import numpy as np
import pytest

from tests.stack import LocalStack
from tests.views.rows import at, corner_with, trade

TOLERANCE = 1e-9
STRATEGIES = ("steady", "wild", "losing")
DAYS = 120


@dataclass(frozen=True)
class Dealt:
    """What a trade brought."""

    strategy: str
    day: date
    gross: Decimal
    fees: Decimal
    slippage: Decimal | None

    @property
    def pnl(self) -> float:
        return float(self.gross - self.fees)


def dealt(random: Random) -> Iterator[Dealt]:
    """Trades on some of the days, some on the same day, some without a target price, now and then one at 0."""
    for strategy, lean in zip(STRATEGIES, (0.4, 0.0, -0.6), strict=True):
        for _ in range(60):
            gross = Decimal(str(round(random.gauss(lean, 1) * 150, 9)))
            fees = gross if gross > 0 and random.random() < 0.1 else Decimal(str(round(random.uniform(0, 9), 9)))
            slippage = None if random.random() < 0.2 else Decimal(str(round(random.gauss(0, 0.3), 9)))
            yield Dealt(strategy, at("01-02").date() + timedelta(random.randrange(DAYS)), gross, fees, slippage)


def reckoned(trades: Sequence[Dealt], day: date) -> Mapping[str, float]:
    """The figures of one strategy at the end of a day, from its trades up to then; NaN stands for NULL."""
    first = min(one.day for one in trades)
    daily = np.zeros((day - first).days + 1)
    for one in trades:
        daily[(one.day - first).days] += one.pnl
    pnl = np.array([one.pnl for one in trades])
    curve = np.concatenate([[0.0], np.cumsum(daily)])
    downside = math.sqrt(np.mean(np.minimum(daily, 0) ** 2))
    slips = [float(one.slippage) for one in trades if one.slippage is not None]
    return {
        "win_rate": float(np.mean(pnl > 0)),
        "profit_factor": ratio(pnl[pnl > 0].sum(), -pnl[pnl < 0].sum()),
        "expectancy_usd": float(np.mean(pnl)),
        "sharpe": annual(daily.mean(), daily.std(ddof=1)) if len(daily) > 1 else math.nan,
        "sortino": annual(daily.mean(), downside),
        "max_drawdown_usd": float(np.max(np.maximum.accumulate(curve) - curve)),
        "slippage_pct": float(np.mean(slips)) if slips else math.nan,
        "fees_share": ratio(sum(float(one.fees) for one in trades), sum(abs(float(one.gross)) for one in trades)),
    }


def ratio(part: float, whole: float) -> float:
    return part / whole if whole else math.nan


def annual(mean: float, spread: float) -> float:
    return mean / spread * math.sqrt(365) if spread else math.nan


@pytest.fixture(scope="module")
def trades() -> list[Dealt]:
    return list(dealt(Random(7)))  # noqa: S311 - trades, not secrets


@pytest.fixture(scope="module")
def performance(servers: LocalStack, trades: list[Dealt]) -> Iterator[list[dict[str, Any]]]:
    """The view on these trades."""
    with corner_with(servers, (row_of(number, one) for number, one in enumerate(trades))) as corner:
        yield corner.rows("SELECT * FROM strategy_performance WHERE ds >= '2026-01-01'")


def row_of(number: int, one: Dealt) -> Any:
    columns = {"strategy_id": one.strategy, "slippage_pct": one.slippage}
    return trade(f"t-{number:03}", f"{one.day:%m-%d}", str(one.gross), str(one.fees), **columns)


def test_every_figure_of_every_day_is_what_numpy_makes_of_the_trades(
    performance: list[dict[str, Any]], trades: list[Dealt]
) -> None:
    assert len(performance) == len({(one.strategy, one.day) for one in trades})
    for row in performance:
        mine = [one for one in trades if one.strategy == row["strategy_id"] and one.day <= row["ds"]]
        wanted = reckoned(mine, row["ds"])

        found = {name: math.nan if row[name] is None else float(row[name]) for name in wanted}
        assert found == pytest.approx(wanted, rel=TOLERANCE, abs=1e-12, nan_ok=True), (row["strategy_id"], row["ds"])
        assert row["trades"] == len(mine)
        assert row["pnl_usd"] == sum(one.gross - one.fees for one in mine)


def test_the_figures_tell_the_strategies_apart(performance: list[dict[str, Any]]) -> None:
    last = {row["strategy_id"]: row for row in sorted(performance, key=lambda row: row["ds"])}

    assert last["steady"]["sharpe"] > 0 > last["losing"]["sharpe"]
    assert last["steady"]["profit_factor"] > 1 > last["losing"]["profit_factor"]
    assert last["losing"]["max_drawdown_usd"] > last["steady"]["max_drawdown_usd"] > 0
