"""What each view must show of the marked records. A view that is not named here is asked, and may answer anything."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.check.expected import Expected, Row, job_runs
from jobs.check.marked import REASON
from schemas.run_record import RunRecord, Status

ENDED_WELL = frozenset({Status.SUCCEEDED, Status.PARTIAL})
_LEDGER = (
    *("ds", "trade_id", "account_id", "signal_id", "strategy_id", "strategy_version", "strategy_check", "symbol"),
    *("side", "trade_type", "qty", "entry_time", "exit_time", "entry_price", "exit_price", "exit_reason"),
    *("broker_check", "gross_pnl_usd", "fees_usd", "pnl_usd", "pnl_pct", "slippage_pct", "fee_method"),
)


@dataclass(frozen=True)
class ViewRows:
    """The rows of views, by name of the view."""

    expected: Expected
    records: Sequence[RunRecord]
    """Of the runs that `ops_job_runs` holds."""

    def of_trades(self) -> Mapping[str, list[Row]]:
        """Tell what the views of trades show; no trade was executed, so no fee is to be reconciled."""
        trades, version = self.expected.trades(), self.expected.strategies()[0]
        current = {"config_version": 1, "valid_from": version["valid_from"], "valid_to": None, "is_current": True}
        none = dict.fromkeys(current)
        ledger: list[Row] = [
            {**{name: trade[name] for name in _LEDGER}, **(current if trade["strategy_version"] else none)}
            for trade in trades
        ]
        return {
            "trade_ledger": ledger,
            "daily_pnl": [_day(trade) for trade in trades],
            "strategy_performance": [_so_far(trades[: number + 1]) for number in range(len(trades))],
            "fee_reconciliation": [],
        }

    def of_strategies(self) -> Mapping[str, list[Row]]:
        """Tell the history of the strategy."""
        (row,) = self.expected.strategies()
        shown = ("ds", "strategy_id", "version", "valid_from", "active", "timeframe", "asset_class", "assets")
        return {"strategy_versions": [{**{name: row[name] for name in shown}, "valid_to": None, "is_current": True}]}

    def of_rejections(self) -> Mapping[str, list[Row]]:
        """Tell what the filter cost or saved."""
        (row,) = self.expected.rejected()
        pnl = row["theoretical_pnl_usd"]
        known = pnl is not None
        return {
            "rejection_value": [
                {
                    "ds": row["ds"],
                    "rejection_reason": REASON,
                    "strategy_id": row["strategy_id"],
                    "signals": 1,
                    "unknown": int(not known),
                    "winners": int(known and pnl > 0),
                    "losers": int(known and pnl < 0),
                    "targets": int(known),
                    "theoretical_pnl_usd": pnl,
                    "notional_usd": row["notional_usd"] if known else None,
                }
            ]
        }

    def of_expiries(self) -> Mapping[str, list[Row]]:
        """Tell what was missed."""
        (row,) = self.expected.expired()
        shown = ("ds", "signal_id", "strategy_id", "symbol", "side", "entry_price", "max_mfe")
        if not row["moonshot"]:
            return {"missed_moonshots": []}
        figures = ("max_mfe_pct", "max_mfe_at", "distance_to_trigger_pct", "would_have_triggered")
        return {"missed_moonshots": [{name: row[name] for name in (*shown, *figures)}]}

    def of_runs(self) -> Mapping[str, list[Row]]:
        """Tell how the jobs fared, and what they refused."""
        return {
            "data_freshness": [_fared(row) for row in job_runs(self.records)],
            "quarantine_trend": [row for one in self.records for row in _refused(one)],
            # The marked records have no field that no schema knows.
            "field_drift": [],
        }

    def of_accounts(self) -> Mapping[str, list[Row]]:
        """Nobody took a snapshot."""
        return {"equity_curve": []}


def _day(trade: Row) -> Row:
    shown = ("ds", "strategy_id", "strategy_version", "symbol", "trade_type", "gross_pnl_usd", "fees_usd", "pnl_usd")
    return {**{name: trade[name] for name in shown}, **_counted([trade]), "open_fees": 1}


def _counted(trades: Sequence[Row]) -> dict[str, Any]:
    return {
        "trades": len(trades),
        "wins": sum(trade["pnl_usd"] > 0 for trade in trades),
        "losses": sum(trade["pnl_usd"] < 0 for trade in trades),
    }


def _so_far(trades: Sequence[Row]) -> Row:
    """How the strategy stood at the end of the last trade's day."""
    last = trades[-1]
    sums = {name: sum(trade[name] for trade in trades) for name in ("pnl_usd", "fees_usd")}
    days = (last["ds"] - trades[0]["ds"]).days + 1
    own = {"first_ds": trades[0]["ds"], "calendar_days": days, **_counted(trades), **sums}
    return {**{name: last[name] for name in ("ds", "strategy_id", "trade_type")}, **own}


def _fared(row: Row) -> Row:
    well, skipped = row["status"] in ENDED_WELL, row["status"] == Status.SKIPPED
    ended = {"ended_well": int(well), "failed": int(not well and not skipped), "skipped": int(skipped)}
    own = {"runs": 1, **ended, "archived": row["archived_count"], "revised": 0}
    return {"ds": row["ds"], "job": row["job"], "target": row["target"], **own, "blind_spot": 0 if well else None}


def _refused(record: RunRecord) -> list[Row]:
    """What a run refused; one that did not end well says nothing."""
    if record.status not in ENDED_WELL:
        return []
    reasons: list[tuple[str | None, int]] = [*record.rejects_by_reason.items()]
    shared = {"ds": record.started_at.date(), "job": record.job, "job_run_id": record.run_id}
    return [{**shared, "reason": reason, "refused": number} for reason, number in reasons or [(None, 0)]]
