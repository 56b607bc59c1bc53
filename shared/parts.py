"""The composition root of a run: settings in, everything a run talks to out."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from google.cloud import firestore

from schemas.run_record import RunRecord
from shared.broker import Broker
from shared.broker_calls import Caller
from shared.documents import Documents, open_bookkeeping, open_firestore
from shared.lease import Leases
from shared.log import Log
from shared.loop import Loop
from shared.pacing import Pace
from shared.quarantine import Quarantine
from shared.runs import Runs
from shared.settings import Settings
from shared.stream import WriteStreams
from shared.tables import Tables
from shared.warehouse import Warehouse, open_bigquery


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """What a run talks to."""

    settings: Settings
    firestore: firestore.Client
    """Writes where the sources are: for the jobs that mend or delete them."""
    documents: Documents
    """The sources, and the receipts of what was retired from them."""
    bookkeeping: Documents
    """Leases, run records and quarantine, to read many of them."""
    leases: Leases
    quarantine: Quarantine
    runs: Runs
    warehouse: Warehouse
    tables: Tables
    streams: WriteStreams
    broker: Broker
    log: Log
    begun: Callable[[RunRecord], None] = lambda _: None
    """Hears of the run as it begins."""
    pause: Callable[[float], None] = time.sleep
    """Waits so many seconds."""
    clock: Callable[[], datetime] = _now
    """This machine's time, UTC: stamps what is written, decides nothing."""

    def source(self, loop: Loop[Any, Any]) -> Documents:
        """Find the database that the collection of a loop is in."""
        return self.bookkeeping if loop.bookkeeping else self.documents


def connect(settings: Settings, log: Log, pace: Pace | None = None) -> Parts:
    """Build the clients of one run; runs that follow each other closely share the pace of their calls to the broker."""
    hot, books, cold = open_firestore(settings), open_bookkeeping(settings), open_bigquery(settings)
    return Parts(
        settings=settings,
        firestore=hot,
        documents=Documents(settings),
        bookkeeping=Documents(settings, database=settings.bookkeeping_database),
        leases=Leases(books, settings),
        quarantine=Quarantine(books, settings),
        runs=Runs(books, settings),
        warehouse=Warehouse(cold, settings),
        tables=Tables(cold, settings),
        streams=WriteStreams(settings),
        broker=Broker(settings, Caller(settings, pace)),
        log=log.keeping(settings.secrets),
    )
