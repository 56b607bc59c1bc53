"""One check from beginning to end, and its verdict: a report for people, a record for the log, an exit code."""

import contextlib
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from jobs.check import NAME
from jobs.check.course import pass_over, pass_through
from jobs.check.hops import Hop, State, Told
from jobs.check.trip import Trip
from jobs.entry import DONE, FAILED, UNBALANCED
from schemas.run_record import RunError, RunRecord, Status
from shared.attempts import take_lease
from shared.lease import Lease
from shared.log import Log, Severity
from shared.namespace import GUARD, corner
from shared.parts import Parts, connect
from shared.records import execution_of
from shared.retrying import UNAVAILABLE
from shared.settings import Settings

BROKEN_THREAD = "BrokenThreadError"
"""The error's type in the record of a check that found the thread broken; the alert asks for it."""
BAD = frozenset({State.BROKEN, State.DIFFERS})


@dataclass(frozen=True)
class Verdict:
    """What came of a check."""

    record: RunRecord
    """As of any run, but kept in the log only: the books are not written to."""
    hops: tuple[Hop, ...]

    @property
    def skipped(self) -> bool:
        """Whether another check was under way, and this one did nothing."""
        return self.record.status is Status.SKIPPED

    def exit_code(self, *, strict: bool) -> int:
        """Find the exit code: 3 what arrived is not what was sent, 1 a hop is broken, or slow where that counts."""
        states = {hop.state for hop in self.hops}
        if State.DIFFERS in states:
            return UNBALANCED
        return FAILED if State.BROKEN in states or (strict and State.SLOW in states) else DONE


def check(settings: Settings, log: Log, stopwatch: Callable[[], float] = time.monotonic) -> Verdict:
    """Send the marked records through the corner and tell what came of every hop.

    Two checks keep out of each other's way by a lease; the second one does nothing. The lease of one that was killed
    expires within LEASE_SECONDS, for which a task that is tried again waits.
    """
    parts = connect(corner(settings), log)
    trip = Trip(f"check-{parts.clock():%Y%m%dt%H%M%S}-{uuid.uuid4().hex[:8]}", parts, stopwatch)
    record = _begin(trip)
    guard = _guard(trip)
    if guard is None:
        pass_over(trip, "nothing can be asked of hot storage")
    elif guard.lease is None:
        record.status = Status.SKIPPED
    else:
        with guard.lease.heartbeat():
            pass_through(trip)
        _release(guard.lease)
    _judge(record, trip.hops.taken)
    return _told(Verdict(record, tuple(trip.hops.taken)), parts)


@dataclass(frozen=True)
class _Guard:
    """The answer to asking for the lease."""

    lease: Lease | None
    """None: another check holds it."""


def _guard(trip: Trip) -> _Guard | None:
    """Keep other checks out; None where nobody answers."""
    found = list[_Guard]()

    def hop() -> Told:
        found.append(_Guard(take_lease(trip.parts, GUARD, trip.check_id)))
        return Told("no other check is under way" if found[0].lease else "another check is under way")

    home = trip.parts.settings.firestore_database
    trip.hops.take("lease", hop, f"See that database {home} is up, and that this account may write there.")
    return found[0] if found else None


def _release(lease: Lease) -> None:
    # Not given back, it expires.
    with contextlib.suppress(*UNAVAILABLE):
        lease.release()


def _begin(trip: Trip) -> RunRecord:
    settings, now = trip.parts.settings, trip.parts.clock()
    return RunRecord(
        run_id=trip.check_id,
        job=NAME,
        table=settings.dataset,
        lease=GUARD,
        started_at=now,
        as_of=now,
        **execution_of(settings),
    )


def _judge(record: RunRecord, hops: Sequence[Hop]) -> None:
    """Put the verdict into the record; alerts know it by the type of the error."""
    bad = [hop for hop in hops if hop.state in BAD]
    record.outcomes = dict(Counter(hop.state.value for hop in hops))
    if bad:
        told = "; ".join(f"{hop.name}: expected {hop.expected}, found {hop.found}" for hop in bad)
        record.status, record.error = Status.FAILED, RunError(type=BROKEN_THREAD, message=told[:2000])
    elif record.status is Status.RUNNING:
        record.status = Status.SUCCEEDED


def _told(verdict: Verdict, parts: Parts) -> Verdict:
    """Write the record down as runs do, in the log alone."""
    record, status = verdict.record, verdict.record.status
    record.finished_at, record.broker_calls = parts.clock(), parts.broker.calls
    record.bytes_billed = parts.warehouse.bytes_billed
    severity = Severity.ERROR if status is Status.FAILED else Severity.INFO
    fields: dict[str, Any] = record.model_dump(exclude={"settings"})
    hops = [{"hop": hop.name, "state": hop.state.value, "seconds": hop.seconds} for hop in verdict.hops]
    parts.log.event(f"check {status.value.lower()}", severity, **fields, hops=hops)
    return verdict
