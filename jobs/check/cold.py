"""The hops to cold storage: each job runs, and its table is held to what must be there, row by row."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

from jobs.check.compared import require_equal
from jobs.check.expected import Expected, Row, job_runs
from jobs.check.expected_views import ENDED_WELL
from jobs.check.hops import DiffersError, HopError, Told
from jobs.check.trip import Trip
from jobs.registry import loops
from schemas.run_record import RunRecord, Status
from shared.interrupt import InterruptedRunError
from shared.quarantine import record_id
from shared.run import run
from shared.survey import Options

READ = {"strategies": 1, "trades": 3, "rejected-signals": 1, "expired-signals": 1}
"""The jobs whose loops the marked records pass, in the order of `run all`, and how many documents each reads."""
BOOKS = "job-runs"
"""The job that archives the records of the others."""
_REFUSES = "trades"
"""The job that one record is sent to be refused by."""
_ASKS_NOBODY = "strategies"


def pass_strand(trip: Trip, job: str, expected: Expected, *, reached: bool) -> None:
    """Run one job and look at what it wrote; `reached` is whether there are market data."""
    table = loops()[job].table
    if not trip.has_keys and job != _ASKS_NOBODY:
        trip.hops.leave_out(job, "the broker has no keys, and this job asks it")
    elif not reached and job != _ASKS_NOBODY:
        trip.hops.pass_over(job, "it needs bars, and there are no market data")
    elif not _run(trip, job, READ[job]):
        trip.hops.pass_over(table, f"{job} did not bring its records there")
    elif _table(trip, job, _rows(job, expected)) and (job != _REFUSES or _quarantine(trip)):
        trip.sound.add(table)


def pass_books(trip: Trip) -> Sequence[RunRecord]:
    """Archive the records of the runs so far; returns these."""
    records, table = list(trip.records.values()), loops()[BOOKS].table
    if not _run(trip, BOOKS, len(records)):
        trip.hops.pass_over(table, f"{BOOKS} did not bring its records there")
    elif _table(trip, BOOKS, job_runs(records)):
        trip.sound.add(table)
    return records


def _run(trip: Trip, job: str, read: int) -> bool:
    advice = f"The log says why, under the label check={trip.check_id}."
    return trip.hops.take(job, partial(_ran, trip, job, read), advice, float(trip.parts.settings.check_cold_s))


def _ran(trip: Trip, job: str, read: int) -> Told:
    parts = replace(trip.parts, log=trip.parts.log.labelled(job=job, check=trip.check_id))
    record = trip.records[job] = run(loops()[job], Options(), parts)
    if record.status is Status.INTERRUPTED:
        raise InterruptedRunError("stopped while a job of the check ran")
    if record.status not in ENDED_WELL:
        why = f"{record.error.type}: {record.error.message}" if record.error else "its lease is held"
        raise HopError("a run that succeeds", f"{record.status.value}, {why}")
    counts, refused = record.counts, int(job == _REFUSES)
    if (counts.read, counts.archived, counts.quarantined) != (read, read - refused, refused):
        found = f"{counts.read} read, {counts.archived} archived, {counts.quarantined} quarantined"
        raise DiffersError(f"{read} read, {read - refused} archived, {refused} quarantined", found)
    return Told(f"{counts.archived} archived, {counts.quarantined} quarantined")


def _table(trip: Trip, job: str, rows: Sequence[Row]) -> bool:
    """Hold the rows of a job's table to what must be there."""
    row = loops()[job].row
    name, key = row.TABLE.name, row.TABLE.key[0]

    def hop() -> Told:
        warehouse, run_id = trip.parts.warehouse, trip.records[job].run_id
        stored = warehouse.stored(row, [one[key] for one in rows])
        found = warehouse.fetch(row, [one for many in stored.values() for one in many])
        require_equal(name, (key,), [{**one, "run_id": run_id} for one in rows], [vars(one) for one in found])
        return Told(f"rows: {len(rows)}, every value as it must be")

    advice = f"Compare jobs/{job.replace('-', '_')}.py with what jobs/check/expected.py says."
    return trip.hops.take(name, hop, advice)


def _quarantine(trip: Trip) -> bool:
    """Look for the broken position in quarantine."""
    path = trip.sent["broken"].path

    def hop() -> Told:
        record = trip.parts.quarantine.record(record_id(path))
        found = (record["reason"], record["resolved_at"]) if record else None
        if found != ("NOT_FINITE", None):
            raise DiffersError(
                f"{path} refused as NOT_FINITE", f"refused as {found[0]}" if found else "no record of it"
            )
        return Told("1 document refused, with its reason")

    return trip.hops.take("quarantine", hop, "See shared/guardian.py: a document was lost, or let through.")


def _rows(job: str, expected: Expected) -> list[Row]:
    told: dict[str, Callable[[], list[Row]]] = {
        "strategies": expected.strategies,
        "trades": expected.trades,
        "rejected-signals": expected.rejected,
        "expired-signals": expected.expired,
    }
    return told[job]()
