"""Leases against the records of runs: whoever holds one is under way, whoever is under way holds one.

A run takes its lease just before it writes its record, and closes the record just before it gives the lease back. What
looks wrong in between is right a moment later, so only what is wrong twice is reported. A run that is stopped or held
up in between leaves a lease that expires by itself, which is no error; one that nobody can have taken for so long is.
"""

from collections.abc import Collection, Iterator
from datetime import timedelta

from shared.audit_findings import Kind
from shared.audit_report import Report
from shared.lease import State
from shared.parts import Parts

A_MOMENT = 1.0
"""Seconds until the second look."""
STALE = timedelta(days=1)
"""Age of an intent after which its stream is gone, and the next run should long have settled it."""


def check_leases(lease: str, parts: Parts, report: Report) -> None:
    """Look at the leases of what a job's lease guards, and at the records that say RUNNING under them.

    A run may have died before its table was split or joined, so the names in its records count as well.
    """
    if found := set(_look(lease, parts)):
        parts.pause(A_MOMENT)
        for kind, what in sorted(found & set(_look(lease, parts)), key=str):
            report.add(kind, what)


def _look(lease: str, parts: Parts) -> Iterator[tuple[Kind, str]]:
    running = parts.runs.running(lease)
    states = parts.leases.states(lease)
    for name in sorted({*states, *running.values()}):
        own = [run_id for run_id, held in running.items() if held == name]
        yield from wrong(states.get(name) or parts.leases.peek(name), own, parts.leases.life)


def wrong(state: State, running: Collection[str], life: timedelta) -> Iterator[tuple[Kind, str]]:
    """Say what is wrong with a lease, given the runs that say they are under way with it and a lease's life."""
    holder = None if state.expires_at is None or state.expires_at <= state.read_at else state.owner
    yield from ((Kind.LEADERLESS, run_id) for run_id in running if run_id != holder)
    if state.expires_at is not None and holder is not None and holder not in running:
        # Whoever takes or renews a lease takes it for one life from the server's now.
        yield Kind.LINGERING if state.expires_at <= state.read_at + life else Kind.STRAY_LEASE, holder
    if state.intent is not None and state.intent.created_at < state.read_at - STALE:
        yield Kind.STALE_INTENT, f"{state.intent.n} rows of run {state.intent.run_id}, stream {state.intent.stream}"
