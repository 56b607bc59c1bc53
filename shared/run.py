"""A run: lease, work, record. Whatever happens is written down.

What the work is depends on the kind of job: `shared.archival` moves records into a table, `shared.table_patch` mends
rows of one, `shared.source_patch` mends documents, `shared.retirement` deletes them.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

from schemas.run_record import RunRecord, Status
from shared.archival import Archival
from shared.attempts import take_lease
from shared.code_version import require_traceable
from shared.interrupt import InterruptedRunError, acknowledge, heed
from shared.jobs import Job
from shared.lease import Lease
from shared.log import Severity
from shared.loop import Loop
from shared.parts import Parts
from shared.records import begin, cost_of, failed, require_balance
from shared.retirement import Retirement, Retiring
from shared.retrying import UNAVAILABLE
from shared.source_patch import SourcePatch, SourcePatching
from shared.survey import Options
from shared.table_patch import TablePatch, TablePatching

SKIPPED_KEPT = timedelta(days=90)
"""How long the record of a run that touched nothing stays."""
HURRY = 2.0
"""Seconds an interrupted run may take to write its record."""


def run(job: Job, options: Options, parts: Parts) -> RunRecord:
    """Run one job once and return its record, which is also written to `job_metadata`. Failures are recorded."""
    record = begin(job, options, parts)
    parts = replace(parts, log=parts.log.labelled(run_id=record.run_id))
    parts.begun(record)
    parts.log.event("run started", as_of=record.as_of, git_hash=record.git_hash)
    lease: Lease | None = None
    try:
        lease = take_lease(parts, job.lease, record.run_id, options.shard)
        status = _held(lease, job, options, parts, record) if lease else Status.SKIPPED
    except InterruptedRunError as stop:
        acknowledge()
        status = failed(record, stop, Status.INTERRUPTED, parts)
    except Exception as error:  # noqa: BLE001 - whatever happened is recorded, and the exit code says so
        status = failed(record, error, Status.FAILED, parts)
    return _close(record, status, lease, parts)


def _held(lease: Lease, job: Job, options: Options, parts: Parts, record: RunRecord) -> Status:
    """Work under a lease and tell how it went."""
    record.fence = lease.fence
    with lease.heartbeat():
        _open_record(job, options, parts, record)
        parts.tables.require_environment()
        if parts.settings.environment == "prod":
            require_traceable(record.git_hash)
        _work(lease, job, options, parts, record)
        require_balance(record)
        heed()
    return Status.PARTIAL if record.counts.quarantined or record.counts.pending else Status.SUCCEEDED


def _open_record(job: Job, options: Options, parts: Parts, record: RunRecord) -> None:
    """Say that the run is under way, and close what dead ones left open under the same lease or a division of old."""
    parts.runs.put(record)
    for run_id in parts.runs.abandon(job.lease, options.shard, record.run_id, parts.clock()):
        parts.log.event("closed an abandoned run", Severity.WARNING, abandoned=run_id)


def _work(lease: Lease, job: Job, options: Options, parts: Parts, record: RunRecord) -> None:
    match job:
        case Loop():
            Archival(job, options, parts, record, lease).do()
        case TablePatch():
            TablePatching(job, options, parts, record).do(lease)
        case Retirement():
            Retiring(job, options, parts, record).do(lease)
        case SourcePatch():
            SourcePatching(job, options, parts, record).do(lease)
        case _:
            raise TypeError(f"{job.name} is no kind of job this program knows")


def _close(record: RunRecord, status: Status, lease: Lease | None, parts: Parts) -> RunRecord:
    """Write the record and give the lease back; an interrupted run has only seconds for both."""
    record.broker_calls = parts.broker.calls
    record.bytes_billed = parts.warehouse.bytes_billed
    record.cost_estimate_usd = cost_of(record)
    record.status = status
    record.finished_at = parts.clock()
    record.expires_at = record.finished_at + SKIPPED_KEPT if status is Status.SKIPPED else None
    try:
        _put_and_release(record, lease, parts)
    except UNAVAILABLE as error:
        # The rows are safe; without its record the run counts as failed, and the next one closes it as ABANDONED. One
        # that was told to stop stays one: whoever started it must begin no other.
        record.status = failed(record, error, status if status is Status.INTERRUPTED else Status.FAILED, parts)
    _announce(record, parts)
    return record


def _put_and_release(record: RunRecord, lease: Lease | None, parts: Parts) -> None:
    hurry = HURRY if record.status is Status.INTERRUPTED else None
    try:
        _even_if_stopped(lambda: parts.runs.put(record, seconds=hurry))
    finally:
        # Nothing is under way any more, whether or not it could be written down: nobody need wait for the lease.
        if lease:
            _even_if_stopped(lease.release)


def _even_if_stopped(step: Callable[[], None]) -> None:
    """Take a last step of a run whose work is done, and only then hear that the process was told to stop."""
    try:
        step()
    except InterruptedRunError:
        acknowledge()
        with suppress(*UNAVAILABLE):
            step()
        raise


def _announce(record: RunRecord, parts: Parts) -> None:
    severity = {Status.FAILED: Severity.ERROR, Status.INTERRUPTED: Severity.ERROR, Status.PARTIAL: Severity.WARNING}
    fields = record.model_dump(exclude={"settings"})
    parts.log.event(f"run {record.status.value.lower()}", severity.get(record.status, Severity.INFO), **fields)
