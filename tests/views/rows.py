"""A small history as rows, short enough to reckon every view by hand, and the way of rows into the tables.

Two configurations of `alpha` take turns, the first one twice; one trade of it was decided under a configuration that
had ended when it entered; one trade breaks even; one is on paper only; fees are settled, shared out, and awaited.
On one day the table of trades is in shards.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import groupby
from typing import Any

from jobs.registry import loops
from schemas.table import ArchivedRow
from shared.dataset import Dataset
from shared.loop import AccountState
from shared.shards import shards
from shared.warehouse import open_bigquery
from tests.stack import LocalStack
from tests.unit.samples import ENTRY, built, candidate, evidence
from tests.unit.tape import hourly

DAY = timedelta(days=1)
DRIFT = '{"leverage":4,"say \\"when\\": 7":1}'
"""A field with a plain name, and one whose name looks like JSON."""
HISTORY = (((ENTRY - DAY).date(), "100"),)


def at(text: str) -> datetime:
    """A moment of 2026, UTC: month-day, or month-day and hour."""
    return datetime.fromisoformat(f"2026-{text}").replace(tzinfo=UTC)


def row_of(job: str, **columns: Any) -> ArchivedRow:
    """The good row of a loop with other values in some columns."""
    bars = {"BTC/USD": hourly(ENTRY, *[("100", "121", "95", "118")] * 48)}
    given = evidence(bars, account=AccountState((), HISTORY, {}, {}))
    row = built(job, candidate(loops()[job].document), given)
    assert isinstance(row, ArchivedRow)
    return type(row).model_validate({**row.model_dump(), **columns})


def trade(name: str, leaves: str, gross: str, fees: str, **columns: Any) -> ArchivedRow:
    """A trade that entered the day before it left."""
    fee, won = Decimal(fees), Decimal(gross)
    settled = {"actual_fee_usd": fee, "fee_method": "EXACT", "fee_finalized": True, "fee_reconciled_at": at("04-01")}
    own = {
        "trade_id": name,
        "strategy_id": "alpha",
        "ds": at(leaves).date(),
        "entry_time": at(leaves) - DAY,
        "exit_time": at(leaves),
        "gross_pnl_usd": won,
        "fees_usd": fee,
        "pnl_usd": won - fee,
        "fee_estimate_usd": fee,
    }
    return row_of("trades", **{**own, **settled, **columns})


def version(strategy: str, number: int, config: str, since: str) -> ArchivedRow:
    """A version of a strategy."""
    own = {"strategy_id": strategy, "version": number, "config_hash": config}
    return row_of("strategies", **own, ds=at(since).date(), valid_from=at(since))


def rejected(name: str, created: str, reason: str, pnl: str | None, leaves: str) -> ArchivedRow:
    """A rejected signal and what came of it on paper."""
    own = {"signal_id": name, "ds": at(created).date(), "created_at": at(created), "rejection_reason": reason}
    earned = None if pnl is None else Decimal(pnl)
    return row_of("rejected-signals", **own, theoretical_pnl_usd=earned, theoretical_exit_reason=leaves)


def expired(name: str, created: str, *, moonshot: bool | None) -> ArchivedRow:
    """An expired signal."""
    own = {"signal_id": name, "ds": at(created).date(), "created_at": at(created), "valid_until": at(created) + DAY}
    return row_of("expired-signals", **own, max_mfe_at=at(created), moonshot=moonshot)


def snapshot(account: str, day: str, equity: str) -> ArchivedRow:
    """An account's evening."""
    return row_of("account-snapshot", account_id=account, ds=at(day).date(), equity=Decimal(equity))


def job_run(name: str, started: str, status: str, rejects: str | None = None, **columns: Any) -> ArchivedRow:
    """A run that took ten seconds."""
    began = at(started)
    own = {"job_run_id": name, "ds": began.date(), "started_at": began, "finished_at": began + timedelta(seconds=10)}
    return row_of("job-runs", **own, duration_s=Decimal(10), status=status, rejects_by_reason=rejects, **columns)


def history() -> list[ArchivedRow]:
    """All rows."""
    verified = {"strategy_check": "VERIFIED", "strategy_version": 1, "strategy_config_hash": "one"}
    estimated = {"actual_fee_usd": None, "fee_method": "ESTIMATED", "fee_finalized": False, "fee_reconciled_at": None}
    paper = {**estimated, "trade_type": "THEORETICAL", "broker_check": "NOT_FOUND"}
    prorata = {"fee_method": "PRORATA", "fee_estimate_usd": Decimal(8), "fee_unattributed_usd": Decimal(1)}
    return [
        version("alpha", 1, "one", "01-01"),
        version("alpha", 2, "two", "02-01"),
        version("alpha", 3, "one", "03-01"),
        version("beta", 1, "other", "01-15"),
        trade("won", "01-10", "110", "10", slippage_pct=Decimal("0.5"), fee_estimate_usd=Decimal(12), **verified),
        trade("lost", "01-10", "-40", "10", symbol="ETH/USD", slippage_pct=None, **prorata, **verified),
        trade("decided before", "02-02", "-60", "10", slippage_pct=Decimal("1.5"), **verified),
        trade("even", "03-03", "30", "30", **{**verified, "strategy_version": 3}, **estimated),
        trade("paper", "01-10", "1010", "10", **verified, **paper),
        trade("once", "01-20", "200", "5", strategy_id="beta", **{**verified, "strategy_config_hash": "other"}),
        trade("unexplained", "01-21", "6", "1", strategy_id="gamma", strategy_version=None),
        rejected("r1", "01-10", "VOLUME_TOO_LOW", "20", "TAKE_PROFIT"),
        rejected("r2", "01-10", "VOLUME_TOO_LOW", "-35", "STOP_LOSS"),
        rejected("r3", "01-10", "VOLUME_TOO_LOW", None, "NO_MARKET_DATA"),
        rejected("r4", "01-11", "RSI_TOO_HIGH", "-10", "HORIZON"),
        expired("e1", "01-10", moonshot=True),
        expired("e2", "01-10", moonshot=False),
        expired("e3", "01-11", moonshot=None),
        snapshot("PA1", "01-10", "100000"),
        snapshot("PA1", "01-11", "110000"),
        snapshot("PA1", "01-14", "99000"),
        snapshot("PA2", "01-11", "500"),
        job_run("j1", "01-10 00:15", "PARTIAL", '{"NOT_FINITE":2}', archived_count=3, ds_max=at("01-09").date()),
        job_run("j2", "01-10 12:00", "PARTIAL", '{"BAD_TYPE":3,"NOT_FINITE":11}', archived_count=1),
        job_run("j3", "01-11 00:15", "SUCCEEDED", archived_count=4, ds_max=at("01-10").date(), drift=DRIFT),
        job_run("j4", "01-11 06:00", "FAILED", '{"NOT_FINITE":9}', archived_count=0, pending_count=9),
        job_run("j5", "01-11 06:01", "SKIPPED", archived_count=0),
        *of_shards(),
    ]


def of_shards() -> list[ArchivedRow]:
    """A day on which the table of trades is in three shards, each of which ran twice; one of them failed at last."""
    first, second, third = (shard.of("fact_trades") for shard in shards(3))
    return [
        job_run("k1", "01-12 00:15", "PARTIAL", '{"NOT_FINITE":100}', lease=first, pending_count=100, archived_count=1),
        job_run(
            "k2", "01-12 00:16", "PARTIAL", '{"BAD_TYPE":2,"NOT_FINITE":1}', lease=second, drift=DRIFT, archived_count=1
        ),
        job_run("k3", "01-12 00:17", "SUCCEEDED", lease=third, archived_count=1),
        job_run("k4", "01-12 12:15", "PARTIAL", '{"NOT_FINITE":5}', lease=first, pending_count=3, archived_count=0),
        job_run("k5", "01-12 12:16", "FAILED", '{"NOT_FINITE":50}', lease=second, archived_count=0, pending_count=50),
        job_run("k6", "01-12 12:17", "SUCCEEDED", lease=third, archived_count=1, drift='{"leverage":30}'),
    ]


def lay_out(stack: LocalStack) -> None:
    """Make every table and view."""
    settings = stack.settings()
    Dataset(open_bigquery(settings), settings).hold()


@contextmanager
def corner_with(servers: LocalStack, rows: Iterable[ArchivedRow]) -> Iterator[LocalStack]:
    """A corner of its own with every table and view, and with rows in it."""
    with servers.watched() as corner:
        lay_out(corner)
        load(corner, rows)
        yield corner


def shown(stack: LocalStack, view: str, day: str) -> list[dict[str, Any]]:
    """What a view says of a day."""
    return stack.rows(f"SELECT * FROM {view} WHERE ds = '2026-{day}'")  # noqa: S608 - our own names


def load(stack: LocalStack, rows: Iterable[ArchivedRow]) -> None:
    """Write rows as a run does, each table's in one stream."""
    parts = stack.parts()
    for name, some in groupby(sorted(rows, key=lambda row: row.TABLE.name), key=lambda row: row.TABLE.name):
        listed = list(some)
        stream = parts.streams.open(type(listed[0]))
        stream.append(listed)
        stream.finalize()
        parts.streams.commit(type(listed[0]), stream.name)
        assert stack.rows(f"SELECT COUNT(*) AS n FROM {name} WHERE ds > '2000-01-01'") == [{"n": len(listed)}]  # noqa: S608 - our own table names
