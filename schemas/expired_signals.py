"""Signals that expired unfilled: the `live_signals` document and the `fact_signals_expired` table."""

import re
from typing import Annotated, Self

from pydantic import BeforeValidator, model_validator

from schemas.columns import Count, Instant, Percent, Price, Text
from schemas.document import OptionalString, Time, as_text, refuse
from schemas.reasons import Reason
from schemas.signals import SignalDocument, SignalRow
from schemas.table import Table

EXPIRED = "EXPIRED"
_OTHER = re.compile(r"WAITING|ACTIVE|INVALIDATED|TP\d+_HIT", re.ASCII)


def lives_or_ended_otherwise(status: object) -> bool:
    """Tell whether a status is known and not EXPIRED."""
    return isinstance(status, str) and bool(_OTHER.fullmatch(status))


def _status(value: object) -> str:
    text = as_text(value)
    if text != EXPIRED and not lives_or_ended_otherwise(text):
        raise refuse(Reason.UNKNOWN_ENUM, "expected WAITING, ACTIVE, INVALIDATED, EXPIRED or TP<n>_HIT")
    return text


class LiveSignalDocument(SignalDocument):
    """A document of `live_signals`."""

    status: Annotated[str, BeforeValidator(_status)]
    """WAITING, ACTIVE, INVALIDATED, EXPIRED or TP<n>_HIT; only EXPIRED ones are archived."""
    valid_until: Time
    """End of the signal's validity."""
    trade_type: OptionalString = None
    """How the engine classed the signal."""

    @model_validator(mode="after")
    def _validity_follows_creation(self) -> Self:
        if self.valid_until < self.created_at:
            raise refuse(Reason.EXIT_BEFORE_ENTRY, "valid_until lies before created_at")
        return self


class ExpiredSignal(SignalRow):
    """One row of `fact_signals_expired`."""

    TABLE = Table(
        name="fact_signals_expired",
        key=("signal_id",),
        cluster_by=("strategy_id", "symbol"),
        description="Did we miss a moonshot? One row per expired signal. ds is the UTC date of created_at.",
    )

    valid_until: Instant
    """End of its validity."""
    max_mfe: Price | None
    """Best excursion in favour over the bars in [created_at, valid_until), US dollars per unit, never below 0, as if a
    stock had not been split since created_at. NULL without market data."""
    max_mfe_pct: Percent | None
    """max_mfe in percent of the entry. NULL without market data."""
    max_mfe_at: Instant | None
    """Open time of the first bar that reached max_mfe. NULL without market data or without an excursion."""
    distance_to_trigger_pct: Percent | None
    """How far price stayed short of the entry, percent of the entry; 0 when it traded through. NULL without data."""
    would_have_triggered: bool | None
    """Whether price traded through the entry. NULL without market data."""
    moonshot: bool | None
    """Whether max_mfe_pct reached the setting (default 10). NULL without market data."""
    bar_timeframe: Text | None
    """Timeframe of the bars read. NULL without market data."""
    bars_used: Count
    """Bars read."""
    window_complete: bool
    """Whether the window was over and no bar of it was missing (crypto trades around the clock; for other classes:
    whether the window was over and held bars)."""
