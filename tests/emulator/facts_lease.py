"""The lease of a table called facts: how it is taken, lost and looked at, and the clock of its server."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from google.cloud import firestore

from shared.lease import Lease, Leases
from shared.shards import WHOLE, Shard
from shared.values import EPOCH
from tests.emulator.wire import PATIENCE_S, Gate, Wire

W = TypeVar("W")
R = TypeVar("R")

LIFE = timedelta(seconds=60)
MICROSECOND = timedelta(microseconds=1)


class Clock:
    """The server's clock, which moves when told to."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> int:
        return (self.now - EPOCH) // MICROSECOND


def take(leases: Leases, owner: str = "run-1", shard: Shard = WHOLE) -> Lease:
    lease = leases.acquire("facts", owner, shard)
    assert lease is not None
    return lease


def lose(leases: Leases, clock: Clock) -> Lease:
    """Let the lease expire and another run take it."""
    clock.now += LIFE
    return take(leases, "run-2")


def race(line: Wire, write: Callable[[], W], rival: Callable[[], R]) -> tuple[Future[W], Future[R]]:
    """Hold what `write` commits until `rival` has had its try; both are done then."""
    gate = Gate(lambda call: call.name == "Commit")
    line.set(before=gate)
    with ThreadPoolExecutor(2) as threads:
        writing = threads.submit(write)
        with gate.held():
            trying = threads.submit(rival)
            with suppress(TimeoutError):
                trying.exception(0.5)
        writing.exception(PATIENCE_S)
        trying.exception(PATIENCE_S)
    return writing, trying


def document(client: firestore.Client) -> dict[str, Any]:
    return client.document("job_leases/facts").get().to_dict() or {}
