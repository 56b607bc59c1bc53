"""The runs of all jobs: the `job_metadata` record as a document and the `ops_job_runs` table."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BeforeValidator

from schemas.columns import Count, Day, Instant, Integer, Json, Numeric, Since, Text, Usd
from schemas.document import Document, Flag, Map, Number, OptionalString, String, Time, Whole, as_list, as_text, refuse
from schemas.reasons import Reason
from schemas.run_record import Counts, RunError
from schemas.table import ArchivedRow, Table

T = TypeVar("T")

EndedStatus = Literal["SUCCEEDED", "PARTIAL", "FAILED", "SKIPPED", "INTERRUPTED", "ABANDONED"]
"""Every `schemas.run_record.Status` but RUNNING."""


def _or_none(read: Callable[[Any], T]) -> Callable[[Any], T | None]:
    return lambda value: None if value is None else read(value)


def _day(value: object) -> date:
    try:
        return date.fromisoformat(as_text(value))
    except ValueError as error:
        raise refuse(Reason.BAD_TYPE, "expected a date as YYYY-MM-DD") from error


OptionalDay = Annotated[date | None, BeforeValidator(_or_none(_day))]


class JobRunDocument(Document):
    """A record of `job_metadata` whose run has ended. Records of earlier versions lack what came later."""

    KEY = "run_id"

    run_id: String
    """Id of the run: the document's id."""
    job: String
    """Name of the job."""
    table: String
    """Table or collection that it writes to."""
    lease: String
    """Lease that keeps two of its kind apart."""
    fence: Whole | None = None
    """Fence of the lease it held; null of a run that found it taken."""
    status: Annotated[EndedStatus, BeforeValidator(as_text)]
    """How the run ended."""
    started_at: Time
    """When it started."""
    finished_at: Time
    """When it ended, or was found dead."""
    git_hash: String
    """Commit of its code."""
    schema_version: String
    """Version of its schemas."""
    image: OptionalString = None
    """Container image."""
    execution: OptionalString = None
    """Cloud Run execution."""
    task_index: Whole = 0
    """Task within the execution."""
    attempt: Whole = 0
    """Attempt at the task."""
    trigger: OptionalString = None
    """Who asked for it."""
    as_of: Time
    """Moment that decides what was due."""
    narrowed: Flag | None = None
    """Whether only a part of it was asked for; null in records of earlier versions, which did not say."""
    read_time: Time | None = None
    """Moment at which the source was read."""
    ds_min: OptionalDay = None
    """First partition written."""
    ds_max: OptionalDay = None
    """Last partition written."""
    counts: Counts = Counts()
    """Where every document went."""
    rejects_by_reason: Map | None = None
    """Refused documents by reason code."""
    drift: Map | None = None
    """Unknown fields with counts."""
    blind_spot: Whole = 0
    """Documents of the collection that the run did not see."""
    bytes_streamed: Whole = 0
    """Bytes appended to BigQuery."""
    bytes_billed: Whole = 0
    """Bytes billed by queries."""
    broker_calls: Whole = 0
    """Requests to the broker."""
    cost_estimate_usd: Number = Decimal(0)
    """Cost at list prices, US dollars."""
    settings: Map | None = None
    """Settings of the run, without secrets."""
    outcomes: Map | None = None
    """What a patch found, with counts."""
    totals: Map | None = None
    """How a patch's money adds up, US dollars as text."""
    changes: Annotated[list[Any], BeforeValidator(as_list)] | None = None
    """Values that a patch replaced."""
    error: RunError | None = None
    """Why it failed."""
    dry_run: Flag = False
    """Never true of a record: a dry run leaves none."""
    expires_at: Time | None = None
    """From when the record may be deleted at its source."""


class JobRun(ArchivedRow):
    """One row of `ops_job_runs`."""

    TABLE = Table(
        name="ops_job_runs",
        key=("job_run_id",),
        cluster_by=("job", "status"),
        description="How the jobs fare: one row per run that has ended, taken from its record. run_id, git_hash and "
        "schema_version are those of the run that archived the record. ds is the UTC date of started_at.",
    )

    job_run_id: Text
    """Key: id of the run that the row is about; joins run_id and revised_by of the other tables."""
    job: Text
    """Name of the job."""
    target: Text
    """Table or collection that the job writes to."""
    lease: Text
    """Lease that keeps two of its kind apart."""
    fence: Integer | None
    """Fence of the lease it held. NULL of a run that found it taken."""
    status: EndedStatus
    """PARTIAL: some documents pending or quarantined; FAILED; SKIPPED: another run held the lease;
    INTERRUPTED: told to stop; ABANDONED: found dead by a later run."""
    started_at: Instant
    """When it started, by the clock of its machine."""
    finished_at: Instant
    """When it ended, or was found dead, by the clock of the machine that noted it."""
    duration_s: Numeric
    """Seconds from started_at to finished_at; of an ABANDONED run until it was found dead."""
    job_git_hash: Text
    """Commit of the code that ran."""
    job_schema_version: Text
    """Version of the schemas it used."""
    image: Text | None
    """Container image. NULL outside containers."""
    execution: Text | None
    """Cloud Run execution. NULL elsewhere."""
    task_index: Integer
    """Task within the execution."""
    attempt: Integer
    """Attempt at the task, from 0."""
    trigger: Text | None
    """Who asked for it: the schedule, a person, HTTP."""
    as_of: Instant
    """Moment that decided what was due."""
    narrowed: Annotated[bool | None, Since(4)]
    """Whether only a part of that was asked for, by a limit, days or a position, so that the counts say nothing of the
    whole. NULL of older runs, which did not say."""
    read_time: Instant | None
    """Moment at which the source was read. NULL when the run did not come that far."""
    ds_min: Day | None
    """First partition written. NULL when none was."""
    ds_max: Day | None
    """Last partition written. NULL when none was."""
    read_count: Count
    """Documents that were due, or too broken to tell; of a patch, rows or documents to mend."""
    archived_count: Count
    """New rows, counted in the table."""
    already_count: Count
    """Documents whose revision the table already held."""
    revised_count: Count
    """Rows brought to a newer revision; of a patch, rows or documents mended."""
    quarantined_count: Count
    """Documents refused and recorded."""
    pending_count: Count
    """Documents left for the next run."""
    not_due_count: Count
    """Documents that were not this run's business."""
    rejects_by_reason: Json | None
    """Refused documents by reason code: {"NOT_FINITE": 2}. NULL when there were none."""
    drift: Json | None
    """Fields that no schema knows, with how many documents carried them. NULL when there were none."""
    blind_spot: Integer
    """Documents of the collection that the run did not see; 0 for a scan that ran to its end."""
    bytes_streamed: Count
    """Bytes appended to BigQuery."""
    bytes_billed: Count
    """Bytes billed by queries."""
    broker_calls: Count
    """Requests to the broker."""
    cost_estimate_usd: Usd
    """Cost at list prices, US dollars."""
    settings: Json | None
    """Settings of the run, without secrets."""
    outcomes: Json | None
    """What a patch found, with counts. NULL of other jobs."""
    totals: Json | None
    """How a patch's money adds up, US dollars as text. NULL of other jobs."""
    changes: Json | None
    """The first values that a patch replaced: path, field, old, new, evidence. NULL when there were none."""
    error_type: Text | None
    """Class of the error that ended it. NULL when none did."""
    error_message: Text | None
    """What the error said, without secrets. NULL when none ended it."""
