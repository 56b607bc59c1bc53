"""The lease of a table called facts: how it is taken, lost and looked at, and the clock of its server."""

from datetime import UTC, datetime, timedelta
from typing import Any

from google.cloud import firestore

from shared.lease import Lease, Leases
from shared.shards import WHOLE, Shard

LIFE = timedelta(seconds=60)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
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


def document(client: firestore.Client) -> dict[str, Any]:
    return client.document("job_leases/facts").get().to_dict() or {}
