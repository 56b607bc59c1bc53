"""A year of an invented account as rows of all tables, from a seed: what a report is about after a year of use."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from random import Random
from typing import Any

from jobs.registry import RUN_ALL, all_jobs
from schemas.table import ArchivedRow
from tests.views.rows import row_of

FIRST = datetime(2025, 11, 1, tzinfo=UTC)
DAYS = 365
LAST = FIRST + timedelta(days=DAYS - 1)
STRATEGIES = {"breakout": 0.05, "mean-reversion": 0.45, "sma-cross": 0.25, "trend-follower": -0.05}
"""Each one's edge, percent per trade."""
_SYMBOLS = {"BTC/USD": "CRYPTO", "ETH/USD": "CRYPTO", "AAPL": "EQUITY", "SPY": "EQUITY"}
_REASONS = {"VOLUME_TOO_LOW": 25, "RSI_TOO_HIGH": -40, "SPREAD_TOO_WIDE": -60, "NEWS_BLACKOUT": 10, "MAX_POSITIONS": -5}
"""What each filter costs by a signal on average, US dollars."""
_EXITS = ("TP1", "STOP_LOSS", "TRAILING_STOP", "TIME_EXIT")


@cache
def _sample(loop: str) -> ArchivedRow:
    return row_of(loop)


def _row(loop: str, /, **columns: Any) -> ArchivedRow:
    """Vary the good row of a loop; to validate each of thousands takes long and finds nothing that writing does not."""
    return _sample(loop).model_copy(update=columns)


def _money(value: float) -> Decimal:
    return Decimal(f"{value:.2f}")


def year(seed: int = 1) -> list[ArchivedRow]:
    """All rows, for a year with up to six trades a day."""
    chance = Random(seed)  # noqa: S311 - invented data
    days = [FIRST + timedelta(days=number) for number in range(DAYS)]
    trades = [one for day in days for one in _trades(chance, day)]
    return [
        *trades,
        *_snapshots(trades, days),
        *(one for day in days for one in _signals(chance, day)),
        *(one for day in days for one in _runs(chance, day)),
    ]


def _trades(chance: Random, day: datetime) -> Iterator[ArchivedRow]:
    for number in range(chance.randrange(1, 7)):
        strategy, symbol = chance.choice(list(STRATEGIES)), chance.choice(list(_SYMBOLS))
        executed = chance.random() < 0.9
        result = max(-2.2, chance.gauss(STRATEGIES[strategy], 2))
        best = max(result, 0) + chance.expovariate(1)
        worst = max(-result, 0) + chance.expovariate(1.4)
        gross, fees, estimate = _money(result * 120), _money(chance.uniform(8, 12)), _money(12)
        known = executed and (LAST - day > timedelta(days=2) or chance.random() < 0.3)
        paid = fees if known else estimate
        yield _row(
            "trades",
            trade_id=f"t-{day:%Y%m%d}-{number}",
            strategy_id=strategy,
            symbol=symbol,
            asset_class=_SYMBOLS[symbol],
            trade_type="EXECUTED" if executed else "THEORETICAL",
            ds=day.date(),
            entry_time=day - timedelta(hours=9),
            exit_time=day + timedelta(hours=number * 3 + 2, minutes=chance.randrange(60)),
            exit_reason=_EXITS[0] if result > 2.5 else _EXITS[1] if result < -1.5 else chance.choice(_EXITS[2:]),
            gross_pnl_usd=gross,
            fees_usd=paid,
            pnl_usd=gross - paid,
            pnl_pct=_money(float(gross - paid) / 120),
            mfe_pct=_money(best),
            mae_pct=_money(worst),
            slippage_pct=None if chance.random() < 0.1 else Decimal(f"{chance.gauss(0.03, 0.05):.4f}"),
            fee_estimate_usd=estimate,
            actual_fee_usd=fees if known else None,
            fee_method=("EXACT" if _SYMBOLS[symbol] == "CRYPTO" else "PRORATA") if known else "ESTIMATED",
            fee_finalized=known,
            fee_reconciled_at=day + timedelta(days=1) if known else None,
            fee_unattributed_usd=_money(0.02) if known and symbol == "SPY" else None,
        )


def _snapshots(trades: list[ArchivedRow], days: list[datetime]) -> Iterator[ArchivedRow]:
    earned: dict[Any, Decimal] = {}
    for trade in trades:
        if getattr(trade, "trade_type", "") == "EXECUTED":
            earned[trade.ds] = earned.get(trade.ds, Decimal(0)) + getattr(trade, "pnl_usd", Decimal(0))
    equity = peak = Decimal(25_000)
    deepest = Decimal(0)
    for day in days:
        equity += earned.get(day.date(), Decimal(0))
        peak = max(peak, equity)
        fallen = _money(float((peak - equity) / peak * 100))
        deepest = max(deepest, fallen)
        own = {"equity": equity, "peak_equity": peak, "drawdown_pct": fallen, "max_drawdown_pct": deepest}
        yield _row("account-snapshot", account_id="PA1", ds=day.date(), **own)


def _signals(chance: Random, day: datetime) -> Iterator[ArchivedRow]:
    for number in range(chance.randrange(4)):
        reason = chance.choice(list(_REASONS))
        pnl = chance.gauss(_REASONS[reason], 90)
        own = {"ds": day.date(), "created_at": day, "strategy_id": chance.choice(list(STRATEGIES))}
        yield _row(
            "rejected-signals",
            signal_id=f"r-{day:%Y%m%d}-{number}",
            rejection_reason=reason,
            theoretical_pnl_usd=None if chance.random() < 0.05 else _money(pnl),
            theoretical_exit_reason="TAKE_PROFIT" if pnl > 80 else "STOP_LOSS" if pnl < -80 else "HORIZON",
            **own,
        )
        reached = chance.random() < 0.6
        yield _row(
            "expired-signals",
            signal_id=f"e-{day:%Y%m%d}-{number}",
            symbol=chance.choice(list(_SYMBOLS)),
            valid_until=day + timedelta(days=1),
            max_mfe_at=day + timedelta(hours=chance.randrange(24)),
            moonshot=chance.random() < 0.1,
            max_mfe_pct=_money(10 + chance.expovariate(0.2)),
            would_have_triggered=reached,
            distance_to_trigger_pct=Decimal(0) if reached else _money(chance.expovariate(1)),
            **own,
        )


def _runs(chance: Random, day: datetime) -> Iterator[ArchivedRow]:
    for place, job in enumerate(RUN_ALL):
        took = _money(2 + place + chance.expovariate(0.4))
        began = day + timedelta(minutes=5 + 10 * place)
        failed = chance.random() < 0.01 and day < LAST
        refused = {"NOT_FINITE": 3 + (day.month % 4), "BAD_TIMESTAMP": 2} if job == "trades" else {}
        drift = {"leverage": 4, "client_tag": 1} if job == "trades" and LAST - day < timedelta(days=9) else {}
        yield _row(
            "job-runs",
            job_run_id=f"{job}-{day:%Y%m%d}",
            job=job,
            target=all_jobs()[job].table,
            ds=began.date(),
            started_at=began,
            finished_at=began + timedelta(seconds=float(took)),
            duration_s=took,
            status="FAILED" if failed else "PARTIAL" if refused else "SUCCEEDED",
            archived_count=0 if failed else chance.randrange(9),
            rejects_by_reason=json.dumps(refused) if refused else None,
            drift=json.dumps(drift) if drift else None,
            blind_spot=0,
            pending_count=1 if refused else 0,
            ds_max=day.date(),
        )
