"""Loop B: rejected signals older than seven days -> `fact_rejected_signals`, with what they would have earned."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, Literal, TypedDict

from schemas.columns import TheoreticalExit
from schemas.document import numeric
from schemas.reasons import Reason
from schemas.rejected_signals import RejectedSignal, RejectedSignalDocument
from schemas.signals import SignalColumns
from schemas.table import Provenance
from shared.bars import Exit, excursion, expected_bars, walk
from shared.fee_table import FeeRateUnknownError
from shared.fees import Leg, round_trip
from shared.formulae import multiplier, percent, sign
from shared.loop import Candidate, Evidence, Loop, RefusedError, Wants
from shared.market import Window, over_at, with_the_days_before
from shared.pairs import in_dollars
from shared.settings import Settings
from shared.values import to_json


class Stated(SignalColumns):
    """The columns that say what the document says."""

    rejection_reason: str
    take_profit_1: Decimal | None
    take_profit_2: Decimal | None
    take_profit_3: Decimal | None


class Theory(TypedDict):
    """The columns of the simulated trade."""

    notional_usd: Decimal
    theoretical_exit_price: Decimal | None
    theoretical_exit_reason: TheoreticalExit
    theoretical_exit_time: datetime | None
    theoretical_pnl_usd: Decimal | None
    theoretical_pnl_pct: Decimal | None
    theoretical_fees_usd: Decimal | None
    mfe_pct: Decimal | None
    mae_pct: Decimal | None
    bar_timeframe: str | None
    bars_used: int
    window_complete: bool


def due(signal: RejectedSignalDocument, as_of: datetime, settings: Settings) -> bool:
    """A rejected signal is due when it is strictly older than seven days and the last bar of its horizon is over."""
    window = _window(signal, settings)
    return window.end < as_of and over_at(window, settings) <= as_of


def wants(candidate: Candidate[RejectedSignalDocument], settings: Settings) -> Wants:
    """Ask for the bars from the signal to the horizon, if there can be any."""
    signal = candidate.document
    return Wants(bars=(with_the_days_before(_window(signal, settings)),)) if signal.tradable else Wants()


def build(candidate: Candidate[RejectedSignalDocument], evidence: Evidence, provenance: Provenance) -> RejectedSignal:
    """Turn one rejected signal into its row."""
    signal = candidate.document
    return RejectedSignal(
        **provenance,
        **_theory(signal, evidence),
        **stated(signal),
        rejection_metadata=_json(signal.rejection_metadata),
        confluence_snapshot=_json(signal.confluence_snapshot),
    )


def stated(signal: RejectedSignalDocument) -> Stated:
    """Name what a row takes from its document as it is."""
    return Stated(
        **signal.columns(),
        rejection_reason=signal.rejection_reason,
        take_profit_1=signal.take_profit_1,
        take_profit_2=signal.take_profit_2,
        take_profit_3=signal.take_profit_3,
    )


def _theory(signal: RejectedSignalDocument, evidence: Evidence) -> Theory:
    notional = _notional(signal, evidence.settings)
    if not signal.tradable or not evidence.market.knows(signal.symbol):
        return _nothing(notional, "NOT_TRADABLE")
    window = _window(signal, evidence.settings)
    bars = evidence.market.bars_as_of(signal.created_at, window)
    leave = walk(signal.side, signal.suggested_stop, signal.take_profit_1, bars)
    if leave is None:
        return _nothing(notional, "NO_MARKET_DATA")
    moved = excursion(signal.side, signal.entry_price, bars[: leave.bars_used])
    end = window.end if leave.reason == "HORIZON" else leave.time + evidence.market.length
    gapless = signal.asset_class != "CRYPTO" or leave.bars_used == expected_bars(
        window.start, end, evidence.market.length
    )
    whole = leave.reason != "HORIZON" or evidence.market.is_over(window)
    fees, pnl = _result(signal, leave, notional)
    return Theory(
        notional_usd=notional,
        theoretical_exit_price=leave.price,
        theoretical_exit_reason=leave.reason,
        theoretical_exit_time=leave.time,
        theoretical_pnl_usd=pnl,
        theoretical_pnl_pct=percent(pnl, notional),
        theoretical_fees_usd=fees,
        mfe_pct=percent(moved.favourable, signal.entry_price),
        mae_pct=percent(moved.adverse, signal.entry_price),
        bar_timeframe=evidence.market.timeframe,
        bars_used=leave.bars_used,
        window_complete=gapless and whole,
    )


def _nothing(notional: Decimal, reason: Literal["NO_MARKET_DATA", "NOT_TRADABLE"]) -> Theory:
    return Theory(
        notional_usd=notional,
        theoretical_exit_price=None,
        theoretical_exit_reason=reason,
        theoretical_exit_time=None,
        theoretical_pnl_usd=None,
        theoretical_pnl_pct=None,
        theoretical_fees_usd=None,
        mfe_pct=None,
        mae_pct=None,
        bar_timeframe=None,
        bars_used=0,
        window_complete=False,
    )


def _result(signal: RejectedSignalDocument, leave: Exit, notional: Decimal) -> tuple[Decimal, Decimal]:
    """Compute fees and net profit of the simulated trade, US dollars."""
    units = multiplier(signal.asset_class)
    qty = notional / (signal.entry_price * units)
    entry, out = Leg(signal.created_at, signal.entry_price), Leg(leave.time, leave.price)
    try:
        fees = numeric(round_trip(signal.asset_class, signal.side, (qty, units), entry, out))
    except FeeRateUnknownError as error:
        raise RefusedError(Reason.FEE_RATE_UNKNOWN, "created_at", str(error)) from error
    return fees, _net(signal, leave.price, notional, fees)


def _net(signal: RejectedSignalDocument | RejectedSignal, leave: Decimal, notional: Decimal, fees: Decimal) -> Decimal:
    """Net profit, US dollars, of entering at the signal's price with a notional and leaving at another one."""
    units = multiplier(signal.asset_class)
    qty = notional / (signal.entry_price * units)
    return numeric(sign(signal.side) * (leave - signal.entry_price) * qty * units - fees)


def follows(signal: RejectedSignal, _as_of: datetime | None) -> Mapping[str, object]:
    """Say what the derived columns must be: the simulated profit, in dollars and in percent."""
    day = {"ds": signal.created_at.date()}
    if signal.theoretical_exit_price is None or signal.theoretical_fees_usd is None:
        return {**day, "theoretical_pnl_usd": None, "theoretical_pnl_pct": None}
    pnl = _net(signal, signal.theoretical_exit_price, signal.notional_usd, signal.theoretical_fees_usd)
    return {**day, "theoretical_pnl_usd": pnl, "theoretical_pnl_pct": percent(pnl, signal.notional_usd)}


def _notional(signal: RejectedSignalDocument, settings: Settings) -> Decimal:
    if signal.notional_usd is not None:
        return signal.notional_usd
    if signal.qty is not None and in_dollars(signal.symbol):
        return numeric(signal.qty * signal.entry_price * multiplier(signal.asset_class))
    return numeric(settings.theoretical_notional_usd)


def _window(signal: RejectedSignalDocument, settings: Settings) -> Window:
    horizon = timedelta(days=settings.rejected_after_days)
    return Window(signal.asset_class, signal.symbol, signal.created_at, signal.created_at + horizon)


def _json(value: dict[str, Any] | None) -> str | None:
    return None if value is None else to_json(value)


LOOP = Loop(
    name="rejected-signals",
    summary="rejected signals older than 7 days, with the P&L they would have made -> fact_rejected_signals",
    schedule="25 0 * * *",
    source="rejected_signals",
    document=RejectedSignalDocument,
    row=RejectedSignal,
    due=due,
    ds=lambda candidate: candidate.document.created_at.date(),
    key=lambda candidate: (candidate.document.signal_id,),
    wants=wants,
    build=build,
    retires=True,
    takes_over=stated,
    follows=follows,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
