"""The rows that the marked records must become, table by table: the columns that can be told beforehand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.check.figures import earned, moved, nine, of, pct
from jobs.check.marked import NOTIONAL, QTY, REASON, Marked
from jobs.check.trip import Sent
from schemas.run_record import RunRecord
from shared.settings import Settings

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Expected:
    """What must become of the records of one check."""

    marked: Marked
    settings: Settings
    sent: Mapping[str, Sent]
    """By what they are: strategy, past, present, broken, rejected, expired."""

    def strategies(self) -> list[Row]:
        """One version."""
        sent = self.sent["strategy"]
        given = {name: sent.fields[name] for name in ("strategy_id", "active", "timeframe", "asset_class", "assets")}
        return [{**_source(sent), **given, "version": 1, "valid_from": sent.revision, "ds": sent.revision.date()}]

    def trades(self) -> list[Row]:
        """Two trades; the third position is refused."""
        verified = {"strategy_version": 1, "strategy_check": "VERIFIED", "slippage_pct": None}
        unknown = {"strategy_version": None, "strategy_check": "UNKNOWN_VERSION", **self._slipped(), **self._moved()}
        return [{**self._trade("past"), **unknown}, {**self._trade("present"), **verified}]

    def _trade(self, which: str) -> Row:
        sent = self.sent[which]
        entry, leave = self._prices(which)
        names = ("account_id", "signal_id", "strategy_id", "symbol", "asset_class", "side", "exit_reason")
        times = sent.fields["entry_time"], sent.fields["exit_time"]
        came = earned(sent.fields["side"], of(QTY), (times[0], entry), (times[1], leave))
        return {
            **_source(sent),
            **{name: sent.fields[name] for name in (*names, "trade_type")},
            "ds": times[1].date(),
            "trade_id": sent.fields["position_id"],
            "qty": QTY,
            "entry_price": entry,
            "exit_price": leave,
            "entry_time": times[0],
            "exit_time": times[1],
            "broker_check": "NOT_FOUND",
            "gross_pnl_usd": came.gross_usd,
            "fee_estimate_usd": came.fees_usd,
            "fees_usd": came.fees_usd,
            "pnl_usd": came.pnl_usd,
            "pnl_pct": came.pnl_pct,
            "fee_method": "ESTIMATED",
            "fee_finalized": False,
        }

    def _prices(self, which: str) -> tuple[Any, Any]:
        fields = self.sent[which].fields
        return tuple(nine(of(fields[name])) for name in ("entry_fill_price", "exit_fill_price"))  # type: ignore[return-value]  # two names, two prices

    def _slipped(self) -> Row:
        entry, target = self.marked.held[0], nine(of(self.sent["past"].fields["target_entry_price"]))
        return {"target_entry_price": target, "slippage_pct": pct(of(entry) - of(target), target)}

    def _moved(self) -> Row:
        """How far price went while the past position was open; unknown where bars of both ends are missing."""
        start, end = self.marked.times.position
        bars, entry = self.marked.path.within((start, end + self.marked.times.length)), self.marked.held[0]
        if not bars or (bars[0].t, bars[-1].t) != (start, end):
            return {"mfe_pct": None, "mae_pct": None, "max_favorable_excursion": None}
        up, down = moved(entry, bars)
        return {"mfe_pct": pct(up, entry), "mae_pct": pct(down, entry), "max_favorable_excursion": up}

    def rejected(self) -> list[Row]:
        """One signal, valued by the bars of its horizon."""
        sent = self.sent["rejected"]
        entry, stop, target = self.marked.levels
        stated = ("signal_id", "strategy_id", "symbol", "asset_class", "side", "created_at")
        own = {
            "ds": sent.fields["created_at"].date(),
            "rejection_reason": REASON,
            "entry_price": entry,
            "suggested_stop": stop,
            "take_profit_1": target,
            "notional_usd": NOTIONAL,
        }
        return [{**_source(sent), **{name: sent.fields[name] for name in stated}, **own, **self._theory()}]

    def _theory(self) -> Row:
        """The simulated trade: it leaves at the highest price, in the first bar that reached it."""
        span, path = self.marked.times.rejected, self.marked.path
        bars = path.within(span)
        if not bars:
            return {"theoretical_exit_reason": "NO_MARKET_DATA", "theoretical_pnl_usd": None, "bars_used": 0}
        entry, _, target = self.marked.levels
        used = next(number for number, bar in enumerate(bars, 1) if bar.high == target)
        left = bars[used - 1].t
        came = earned("LONG", of(NOTIONAL) / of(entry), (span[0], entry), (left, target))
        pnl = nine((of(target) - of(entry)) * of(NOTIONAL) / of(entry) - of(came.fees_usd))
        up, down = moved(entry, bars[:used])
        return {
            "theoretical_exit_reason": "TAKE_PROFIT",
            "theoretical_exit_price": target,
            "theoretical_exit_time": left,
            "theoretical_fees_usd": came.fees_usd,
            "theoretical_pnl_usd": pnl,
            "theoretical_pnl_pct": pct(pnl, NOTIONAL),
            "mfe_pct": pct(up, entry),
            "mae_pct": pct(down, entry),
            "bar_timeframe": path.timeframe,
            "bars_used": used,
            "window_complete": used * self.marked.times.length == left + self.marked.times.length - span[0],
        }

    def expired(self) -> list[Row]:
        """One signal that nobody got into."""
        sent = self.sent["expired"]
        stated = ("signal_id", "strategy_id", "symbol", "asset_class", "side", "created_at", "valid_until")
        own = {"ds": sent.fields["created_at"].date(), "entry_price": self.marked.missed}
        return [{**_source(sent), **{name: sent.fields[name] for name in stated}, **own, **self._flown()}]

    def _flown(self) -> Row:
        span, entry = self.marked.times.expired, self.marked.missed
        bars = self.marked.path.within(span)
        if not bars:
            return {"max_mfe": None, "moonshot": None, "bars_used": 0}
        high, low = max(bar.high for bar in bars), min(bar.low for bar in bars)
        gain = pct(of(high) - of(entry), entry)
        return {
            "max_mfe": high - entry,
            "max_mfe_pct": gain,
            "max_mfe_at": next(bar.t for bar in bars if bar.high == high),
            "distance_to_trigger_pct": pct(of(low) - of(entry), entry),
            "would_have_triggered": False,
            "moonshot": gain >= self.settings.moonshot_pct,
            "bars_used": len(bars),
            "window_complete": len(bars) * self.marked.times.length == span[1] - span[0],
        }


def job_runs(records: Sequence[RunRecord]) -> list[Row]:
    """Tell the rows of runs by their records."""
    return [
        {
            "job_run_id": one.run_id,
            "job": one.job,
            "target": one.table,
            "status": one.status.value,
            "ds": one.started_at.date(),
            "read_count": one.counts.read,
            "archived_count": one.counts.archived,
            "quarantined_count": one.counts.quarantined,
            "pending_count": one.counts.pending,
        }
        for one in records
    ]


def _source(sent: Sent) -> Row:
    return {"source_path": sent.path, "source_rev": sent.revision}
