"""Loop C: expired signals -> `fact_signals_expired`. Did we miss a moonshot?"""

from bisect import bisect_left
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from operator import attrgetter
from typing import Any, TypedDict

from schemas.document import numeric
from schemas.expired_signals import ExpiredSignal, LiveSignalDocument, lives_or_ended_otherwise
from schemas.signals import SignalColumns
from schemas.table import Provenance
from shared.bars import excursion, expected_bars, shortfall
from shared.formulae import percent
from shared.loop import Candidate, Evidence, Loop, Wants
from shared.market import Window, over_at, with_the_days_before
from shared.settings import Settings

_TIME = attrgetter("t")


class Stated(SignalColumns):
    """The columns that say what the document says."""

    valid_until: datetime


class Missed(TypedDict):
    """The columns read off the market."""

    max_mfe: Decimal | None
    max_mfe_pct: Decimal | None
    max_mfe_at: datetime | None
    distance_to_trigger_pct: Decimal | None
    would_have_triggered: bool | None
    moonshot: bool | None
    bar_timeframe: str | None
    bars_used: int
    window_complete: bool


def ignores(fields: Mapping[str, Any]) -> bool:
    """Leave signals alone that live or ended otherwise; an unknown status explains itself in quarantine."""
    return lives_or_ended_otherwise(fields.get("status"))


def due(signal: LiveSignalDocument, as_of: datetime, settings: Settings) -> bool:
    """An expired signal is due a day after its validity; with a shorter setting, not before the last bar is over."""
    waited = signal.valid_until + timedelta(hours=settings.expired_after_hours) <= as_of
    return waited and over_at(_window(signal), settings) <= as_of


def wants(candidate: Candidate[LiveSignalDocument], _settings: Settings) -> Wants:
    """Ask for the bars of the validity, if there can be any."""
    signal = candidate.document
    return Wants(bars=(with_the_days_before(_window(signal)),)) if signal.tradable else Wants()


def build(candidate: Candidate[LiveSignalDocument], evidence: Evidence, provenance: Provenance) -> ExpiredSignal:
    """Turn one expired signal into its row."""
    signal = candidate.document
    return ExpiredSignal(
        **provenance,
        **_missed(signal, evidence),
        **stated(signal),
    )


def stated(signal: LiveSignalDocument) -> Stated:
    """Name what a row takes from its document as it is."""
    return Stated(**signal.columns(), valid_until=signal.valid_until)


def follows(signal: ExpiredSignal, _as_of: datetime | None) -> Mapping[str, object]:
    """Say what the derived columns must be, as far as the row tells: what stayed short did not trigger."""
    day = {"ds": signal.created_at.date()}
    return {**day, "would_have_triggered": False} if signal.distance_to_trigger_pct else day


def _missed(signal: LiveSignalDocument, evidence: Evidence) -> Missed:
    window = _window(signal)
    market = evidence.market
    known = market.bars_as_of(signal.created_at, with_the_days_before(window))
    before = bisect_left(known, window.start, key=_TIME)
    earlier, bars = known[:before], known[before:]
    if not bars:
        return _nothing()
    moved = excursion(signal.side, signal.entry_price, bars)
    # Earlier bars tell where a stock stood when the signal came; it may open on the other side of the entry.
    distance = shortfall(signal.entry_price, bars, earlier)
    moved_pct = percent(moved.favourable, signal.entry_price)
    # Of so few bars the last weighs much, and it may tell mostly of what came after the validity.
    blurred = market.is_short(window) and bars[-1].t + market.length > window.end
    gapless = len(bars) == expected_bars(window.start, window.end, market.length)
    return Missed(
        max_mfe=numeric(moved.favourable),
        max_mfe_pct=moved_pct,
        max_mfe_at=moved.favourable_at,
        distance_to_trigger_pct=percent(distance, signal.entry_price),
        would_have_triggered=distance == 0,
        moonshot=moved_pct >= evidence.settings.moonshot_pct,
        bar_timeframe=market.timeframe,
        bars_used=len(bars),
        window_complete=(gapless or signal.asset_class != "CRYPTO") and market.is_over(window) and not blurred,
    )


def _nothing() -> Missed:
    return Missed(
        max_mfe=None,
        max_mfe_pct=None,
        max_mfe_at=None,
        distance_to_trigger_pct=None,
        would_have_triggered=None,
        moonshot=None,
        bar_timeframe=None,
        bars_used=0,
        window_complete=False,
    )


def _window(signal: LiveSignalDocument) -> Window:
    return Window(signal.asset_class, signal.symbol, signal.created_at, signal.valid_until)


LOOP = Loop(
    name="expired-signals",
    summary="expired signals of live_signals, with what they missed -> fact_signals_expired",
    schedule="35 0 * * *",
    source="live_signals",
    document=LiveSignalDocument,
    row=ExpiredSignal,
    ignores=ignores,
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
