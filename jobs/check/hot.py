"""The hop to hot storage: the marked records, written as the trading engine writes them."""

from datetime import datetime
from typing import Any

from jobs.check.hops import Told
from jobs.check.marked import Marked
from jobs.check.trip import Fields, Sent, Trip
from shared.retrying import persistently

SOURCES = {
    "strategy": "dim_strategies",
    "past": "live_positions",
    "present": "live_positions",
    "broken": "live_positions",
    "rejected": "rejected_signals",
    "expired": "live_signals",
}
"""What is written, and to which collection."""


def write_all(trip: Trip, marked: Marked) -> bool:
    """Write the marked records, one by one; the slowest write is held against the target."""
    settings = trip.parts.settings

    def hop() -> Told:
        took = [_write(trip, marked, "strategy", marked.strategy())]
        began = trip.sent["strategy"].revision
        positions = {"past": marked.past(), "present": marked.present(began), "broken": marked.broken()}
        signals = {"rejected": marked.rejected(), "expired": marked.expired()}
        took += [_write(trip, marked, which, fields) for which, fields in {**positions, **signals}.items()]
        return Told(f"{len(took)} documents; the slowest counts", max(took))

    advice = f"See that database {settings.firestore_database} is up, and that this account may write there."
    return trip.hops.take("hot write", hop, advice, settings.check_hot_write_ms / 1000)


def _write(trip: Trip, marked: Marked, which: str, fields: Fields) -> float:
    """Write one record; returns how long that took, seconds."""
    parts, source, name = trip.parts, SOURCES[which], marked.name(which)
    settings = parts.settings
    reference = parts.firestore.collection(settings.collection(source)).document(name)
    began = trip.stopwatch()
    result = persistently(
        settings.retry_seconds,
        lambda: reference.set(dict(fields), retry=None, timeout=settings.call_timeout_s),
    )
    took = trip.stopwatch() - began
    trip.sent[which] = Sent(parts.documents.path(source, name), fields, _plain(result.update_time))
    return took


def _plain(moment: Any) -> datetime:
    """Take a time of Firestore's client, which is of a kind of its own, for what every column holds."""
    return datetime.fromisoformat(moment.isoformat())
