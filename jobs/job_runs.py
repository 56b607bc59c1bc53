"""Loop: the records of runs that have ended -> `ops_job_runs`. How do the jobs fare?

The record of such a run itself says RUNNING while it reads, so the next run archives it.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any, TypedDict

from schemas.job_runs import EndedStatus, JobRun, JobRunDocument
from schemas.run_record import Status
from schemas.table import Provenance
from shared.formulae import seconds
from shared.loop import Candidate, Evidence, Loop
from shared.runs import COLLECTION
from shared.settings import Settings
from shared.values import to_json


class Counted(TypedDict):
    """The columns that say where the documents of the run went."""

    read_count: int
    archived_count: int
    already_count: int
    revised_count: int
    quarantined_count: int
    pending_count: int
    not_due_count: int


class Stated(Counted):
    """The columns that say what the record says."""

    job_run_id: str
    job: str
    target: str
    lease: str
    fence: int | None
    status: EndedStatus
    started_at: datetime
    finished_at: datetime
    job_git_hash: str
    job_schema_version: str
    image: str | None
    execution: str | None
    task_index: int
    attempt: int
    trigger: str | None
    as_of: datetime
    narrowed: bool | None
    read_time: datetime | None
    ds_min: date | None
    ds_max: date | None
    blind_spot: int
    bytes_streamed: int
    bytes_billed: int
    broker_calls: int
    cost_estimate_usd: Decimal
    error_type: str | None
    error_message: str | None


class Listed(TypedDict):
    """The columns that hold the lists of the record, as JSON."""

    rejects_by_reason: str | None
    drift: str | None
    settings: str | None
    outcomes: str | None
    totals: str | None
    changes: str | None


def ignores(fields: Mapping[str, Any]) -> bool:
    """Leave runs alone that are under way; a dead one is closed as ABANDONED by the next run of its job."""
    return bool(fields.get("status") == Status.RUNNING.value)


def due(_run: JobRunDocument, _as_of: datetime, _settings: Settings) -> bool:
    """A run that has ended is always due: it ran in real time, whatever as-of says."""
    return True


def build(candidate: Candidate[JobRunDocument], _evidence: Evidence, provenance: Provenance) -> JobRun:
    """Turn one record into its row."""
    run = candidate.document
    duration = seconds(run.finished_at - run.started_at)
    return JobRun(**provenance, **stated(run), **listed(run), ds=run.started_at.date(), duration_s=duration)


def stated(run: JobRunDocument) -> Stated:
    """Name what a row takes from its record as it is."""
    return Stated(
        **counted(run),
        job_run_id=run.run_id,
        job=run.job,
        target=run.table,
        lease=run.lease,
        fence=run.fence,
        status=run.status,
        started_at=run.started_at,
        finished_at=run.finished_at,
        job_git_hash=run.git_hash,
        job_schema_version=run.schema_version,
        image=run.image,
        execution=run.execution,
        task_index=run.task_index,
        attempt=run.attempt,
        trigger=run.trigger,
        as_of=run.as_of,
        narrowed=run.narrowed,
        read_time=run.read_time,
        ds_min=run.ds_min,
        ds_max=run.ds_max,
        blind_spot=run.blind_spot,
        bytes_streamed=run.bytes_streamed,
        bytes_billed=run.bytes_billed,
        broker_calls=run.broker_calls,
        cost_estimate_usd=run.cost_estimate_usd,
        error_type=run.error.type if run.error else None,
        error_message=run.error.message if run.error else None,
    )


def counted(run: JobRunDocument) -> Counted:
    """Name the counts of a record."""
    counts = run.counts
    return Counted(
        read_count=counts.read,
        archived_count=counts.archived,
        already_count=counts.already,
        revised_count=counts.revised,
        quarantined_count=counts.quarantined,
        pending_count=counts.pending,
        not_due_count=counts.not_due,
    )


def listed(run: JobRunDocument) -> Listed:
    """Write the lists of a record as JSON; an empty one is NULL."""
    return Listed(
        rejects_by_reason=_json(run.rejects_by_reason),
        drift=_json(run.drift),
        settings=_json(run.settings),
        outcomes=_json(run.outcomes),
        totals=_json(run.totals),
        changes=_json(run.changes),
    )


def _json(value: object) -> str | None:
    return to_json(value) if value else None


def follows(run: JobRun, _as_of: datetime | None) -> Mapping[str, object]:
    """Say what the derived columns must be."""
    return {"ds": run.started_at.date(), "duration_s": seconds(run.finished_at - run.started_at)}


LOOP = Loop(
    name="job-runs",
    summary="records of runs that have ended, of job_metadata -> ops_job_runs",
    schedule="50 17 * * *",
    source=COLLECTION,
    bookkeeping=True,
    document=JobRunDocument,
    row=JobRun,
    ignores=ignores,
    due=due,
    ds=lambda candidate: candidate.document.started_at.date(),
    key=lambda candidate: (candidate.document.run_id,),
    build=build,
    takes_over=stated,
    follows=follows,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
