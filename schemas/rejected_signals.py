"""Signals we did not trade: the `rejected_signals` document and the `fact_rejected_signals` table."""

from typing import Annotated, Literal

from pydantic import BeforeValidator

from schemas.columns import Count, Instant, Json, Percent, Price, Text, TheoreticalExit, Usd
from schemas.document import Map, OptionalString, String, Time, as_text
from schemas.signals import SignalDocument, SignalRow
from schemas.table import Table


class RejectedSignalDocument(SignalDocument):
    """A document of `rejected_signals`."""

    rejection_reason: String
    """Filter that rejected the signal."""
    rejection_metadata: Map | None = None
    """What the filter saw."""
    valid_until: Time | None = None
    """End of the signal's validity."""
    status: OptionalString = None
    """The engine's status; every document of this collection is rejected."""
    trade_type: Annotated[
        Literal["FILTERED", "THEORETICAL", "RISK_BLOCKED", "EXECUTED"] | None, BeforeValidator(as_text)
    ] = None
    """How the engine classed the signal."""


class RejectedSignal(SignalRow):
    """One row of `fact_rejected_signals`."""

    TABLE = Table(
        name="fact_rejected_signals",
        key=("signal_id",),
        cluster_by=("rejection_reason", "symbol"),
        description="Why we did not trade, and what it would have earned. ds is the UTC date of created_at.",
    )

    rejection_reason: Text
    """Filter that rejected it."""
    rejection_metadata: Json | None
    """What the filter saw."""
    confluence_snapshot: Json | None
    """Indicators at decision time."""
    take_profit_1: Price | None
    """First target, US dollars per unit; the one simulated."""
    take_profit_2: Price | None
    """Second target, US dollars per unit."""
    take_profit_3: Price | None
    """Third target, US dollars per unit."""
    notional_usd: Usd
    """Size the simulation assumes, US dollars: the document's own, else the setting."""
    theoretical_exit_price: Price | None
    """Price at which the simulated trade leaves, US dollars per unit, as if a stock had not been split since
    created_at. NULL without market data."""
    theoretical_exit_reason: TheoreticalExit
    """What ended the simulated trade; stop before target when one bar holds both."""
    theoretical_exit_time: Instant | None
    """Open time of the bar that fills. NULL without market data."""
    theoretical_pnl_usd: Usd | None
    """Net of fees on notional_usd, US dollars. NULL without market data, never 0 for lack of it."""
    theoretical_pnl_pct: Percent | None
    """Net of fees, percent of the entry. NULL without market data."""
    theoretical_fees_usd: Usd | None
    """Fees on both sides at the lowest tier's taker rate of the date, US dollars."""
    mfe_pct: Percent | None
    """Best excursion in favour until the exit, percent of the entry."""
    mae_pct: Percent | None
    """Worst excursion against until the exit, percent of the entry."""
    bar_timeframe: Text | None
    """Timeframe of the bars walked. NULL without market data."""
    bars_used: Count
    """Bars walked up to and including the one that fills."""
    window_complete: bool
    """Whether the window was over and no bar of it was missing up to the exit (crypto trades around the clock; for
    other classes: whether the window was over and held bars)."""
