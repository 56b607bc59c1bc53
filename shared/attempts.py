"""The lease of a task that is tried again: an attempt that was killed could neither do its work nor give it back."""

from datetime import timedelta

from shared.lease import Lease
from shared.parts import Parts
from shared.shards import WHOLE, Shard

_MARGIN = timedelta(seconds=1)
"""Added to a wait, for what the moments of one server may be apart."""


def take_lease(parts: Parts, name: str, owner: str, shard: Shard = WHOLE) -> Lease | None:
    """Take the lease of a table or of a shard of it. None: another run holds it.

    A first attempt never waits. A later one exists because the one before it failed, maybe killed and with the lease in
    its hands: skipped for that, the task would count as done, and nobody would be told. So it waits, once, until that
    lease has expired. One that is held even then was renewed, by a run that lives.
    """
    lease = parts.leases.acquire(name, owner, shard)
    if lease is None and parts.settings.attempt > 0:
        _outwait(parts, shard.of(name))
        lease = parts.leases.acquire(name, owner, shard)
    return lease


def _outwait(parts: Parts, name: str) -> None:
    """Wait until a lease expires unless it is renewed, for the length of a lease at most."""
    state, life = parts.leases.peek(name), parts.leases.life
    if state.owner is None or state.expires_at is None:
        return
    wait = (min(max(state.expires_at - state.read_at, timedelta()), life) + _MARGIN).total_seconds()
    parts.log.event("tried again, and waiting for the lease", lease=name, holder=state.owner, seconds=round(wait, 1))
    parts.pause(wait)
