"""The demo: a stack of its own, an invented month, every job twice, and the questions people ask."""

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.local.demo_data import AS_OF, expectations, generate
from infra.local.emulators import Firestore
from infra.local.seed import seed as load_directory
from infra.local.stack import Stack
from infra.report.asking import Scope, ask
from jobs.job_runs import LOOP as JOB_RUNS
from jobs.registry import RUN_ALL, all_jobs
from schemas.reasons import Reason
from schemas.run_record import RunRecord
from shared.audit import Audit
from shared.dataset import Dataset
from shared.documents import open_firestore
from shared.log import Log
from shared.parts import Parts, connect
from shared.run import run
from shared.settings import Settings, load
from shared.survey import Options
from shared.warehouse import open_bigquery


@dataclass(frozen=True)
class Question:
    """Something a trader asks the warehouse."""

    title: str
    sql: str


_ROUNDING = Decimal("1e-8")
"""US dollars: half a billionth for each execution of a trade."""
_SINCE = "ds >= '2026-01-01'"

QUESTIONS = (
    Question(
        "P&L by strategy, US dollars, after the fees the broker posted",
        "SELECT strategy_id, COUNT(*) AS trades, ROUND(SUM(gross_pnl_usd), 2) AS gross, "  # noqa: S608 - constants
        "ROUND(SUM(fees_usd), 2) AS fees, COUNTIF(fee_finalized) AS final_fees, "
        "ROUND(SUM(pnl_usd), 2) AS net, COUNTIF(pnl_usd > 0) AS winners, "
        "COUNTIF(broker_check = 'CORRECTED') AS corrected "
        f"FROM fact_trades WHERE {_SINCE} GROUP BY strategy_id ORDER BY net DESC",
    ),
    Question(
        "fees, US dollars: estimated by the fee table, and posted by the broker",
        "SELECT asset_class, fee_method, COUNT(*) AS trades, ROUND(SUM(fee_estimate_usd), 2) AS estimated, "  # noqa: S608 - constants
        "ROUND(SUM(actual_fee_usd), 2) AS actual, ROUND(SUM(fee_unattributed_usd), 4) AS unattributed "
        f"FROM fact_trades WHERE {_SINCE} GROUP BY asset_class, fee_method ORDER BY asset_class, fee_method",
    ),
    Question(
        "what each filter saved (negative) or cost (positive), US dollars",
        "SELECT rejection_reason, COUNT(*) AS signals, ROUND(SUM(theoretical_pnl_usd), 2) AS would_have_earned, "  # noqa: S608 - constants
        "COUNTIF(theoretical_exit_reason = 'TAKE_PROFIT') AS targets, COUNTIF(theoretical_exit_reason = 'STOP_LOSS') "
        "AS stops, COUNTIF(theoretical_pnl_usd IS NULL) AS unknown "
        f"FROM fact_rejected_signals WHERE {_SINCE} GROUP BY rejection_reason ORDER BY would_have_earned DESC",
    ),
    Question(
        "missed moonshots",
        "SELECT signal_id, symbol, side, entry_price, ROUND(max_mfe_pct, 2) AS max_mfe_pct, "  # noqa: S608 - constants
        "max_mfe_at, would_have_triggered "
        f"FROM fact_signals_expired WHERE {_SINCE} AND moonshot ORDER BY max_mfe_pct DESC",
    ),
    Question(
        "the account",
        "SELECT account_id, ds, equity, cash, maintenance_margin, "  # noqa: S608 - constants
        "ROUND(drawdown_pct, 2) AS drawdown_pct, ROUND(max_drawdown_pct, 2) AS max_drawdown_pct, "
        "ROUND(calmar_ratio, 2) AS calmar, ROUND(net_delta_usd, 2) AS delta, ROUND(net_theta_usd, 2) AS theta, "
        "option_positions AS options, greeks_complete "
        f"FROM snapshot_accounts WHERE {_SINCE}",
    ),
)


class Demo:
    """A seeded stack."""

    def __init__(self, settings: Settings, seed: int) -> None:
        """Work with the stack that `settings` point at, holding the month of `seed`."""
        self._settings = settings
        self._expected = expectations(seed)

    @classmethod
    @contextmanager
    def started(cls, folder: Path, kind: Firestore | None, seed: int, say: Callable[[str], None]) -> "Iterator[Demo]":
        """Bring a stack up in `folder`, seed it, and stop it at the end."""
        stack = Stack(folder / "state")
        try:
            environment = stack.up(kind, say).environment()
            settings = load(environment)
            Dataset(open_bigquery(settings), settings).hold()
            generate(folder / "data", seed)
            load_directory(folder / "data", open_firestore(settings), settings)
            yield cls(settings, seed)
        finally:
            stack.stop()

    def run_all(self) -> list[RunRecord]:
        """Run every job once, as of the end of the month."""
        options = Options(as_of=AS_OF)
        return [run(all_jobs()[name], options, self._parts()) for name in RUN_ALL]

    def ask(self, question: Question) -> list[dict[str, Any]]:
        """Ask the warehouse."""
        return list(self._parts().warehouse.rows(question.sql))

    def report(self) -> str:
        """Write the page about the month and the runs."""
        from infra.report.page import render  # noqa: PLC0415 - its libraries are an extra

        now = datetime.now(UTC)
        scope = Scope(AS_OF.date() - timedelta(days=60), max(now.date(), AS_OF.date()))
        return render(ask(self._parts().warehouse, scope), now)

    def refused(self) -> list[tuple[str, int, str, str]]:
        """List reasons, how many documents each, one example, and what to do."""
        by_reason: dict[str, list[str]] = {}
        for record in self._parts().quarantine.records():
            by_reason.setdefault(record["reason"], []).append(record["path"])
        return [(reason, len(paths), min(paths), Reason(reason).advice) for reason, paths in sorted(by_reason.items())]

    def faults(self, second: Sequence[RunRecord]) -> list[str]:
        """Compare the outcome with what the invented month must come to."""
        repeated = [one for one in second if one.job != JOB_RUNS.name]  # which archives the first runs' records
        found = [f"{one.job}: the second run changed something" for one in repeated if _changed(one)]
        found += [f"{one.job}: {one.error.message}" for one in second if one.error]
        refused = {record["path"]: record["reason"] for record in self._parts().quarantine.records()}
        if refused != dict(self._expected.reasons):
            found.append("the quarantine holds other documents, or other reasons, than the dirty ones")
        found += self._wrong_fees()
        for job in all_jobs().values():
            if not Audit(job, self._parts(), AS_OF).check().passed:
                found.append(f"{job.name}: the audit does not pass")
        return found

    def _wrong_fees(self) -> list[str]:
        """Compare the fees of crypto trades with what the invented broker charged."""
        rows = self._parts().warehouse.rows(f"SELECT trade_id, actual_fee_usd FROM fact_trades WHERE {_SINCE}")  # noqa: S608 - constants
        actual = {row["trade_id"]: row["actual_fee_usd"] for row in rows}
        return [
            f"{trade.trade_id}: fees of {actual.get(trade.trade_id)} instead of {trade.coin_fees_usd}"
            for trade in self._expected.trades
            if trade.coin_fees_usd is not None and not _is_close(actual.get(trade.trade_id), trade.coin_fees_usd)
        ]

    def _parts(self) -> Parts:
        return connect(self._settings, Log(io.StringIO()))


def _changed(record: RunRecord) -> bool:
    return bool(record.counts.archived or record.counts.revised)


def _is_close(actual: Decimal | None, expected: Decimal) -> bool:
    """Whether a sum of rounded parts is that of the unrounded ones."""
    return actual is not None and abs(actual - expected) < _ROUNDING
