"""What is written down about every run: a document of `job_metadata`, and one structured log line."""

from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

MAX_CHANGES = 500
"""Changes kept in a record; a Firestore document holds 1 MiB."""


class Status(StrEnum):
    """How a run stands or ended."""

    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    FAILED = "FAILED"
    SKIPPED = "SKIPPED"
    INTERRUPTED = "INTERRUPTED"
    ABANDONED = "ABANDONED"


class Counts(BaseModel):
    """Where every document of a run went: read = archived + already + revised + quarantined + pending."""

    model_config = ConfigDict(hide_input_in_errors=True)

    read: int = 0
    """Documents that were due, or too broken to tell; of a patch, rows or documents to mend."""
    archived: int = 0
    """New rows, counted in the table."""
    already: int = 0
    """Documents whose revision the table already held."""
    revised: int = 0
    """Rows brought to a newer revision, verified in the table; of a patch, rows or documents mended."""
    quarantined: int = 0
    """Documents refused and recorded."""
    pending: int = 0
    """Documents left for the next run."""
    not_due: int = 0
    """Documents that are not this run's business: open, live, or too young. Not part of the balance."""

    @property
    def balanced(self) -> bool:
        """Whether every document is accounted for."""
        return self.read == self.archived + self.already + self.revised + self.quarantined + self.pending


class RunError(BaseModel):
    """Why a run failed."""

    model_config = ConfigDict(hide_input_in_errors=True)

    type: str
    message: str


class Change(BaseModel):
    """One value that a patch replaced."""

    model_config = ConfigDict(hide_input_in_errors=True)

    path: str
    """The document or row."""
    field: str
    old: str | None
    new: str | None
    evidence: str
    """What says so: the broker's order."""


class RunRecord(BaseModel):
    """One run. Times are UTC; byte counts are bytes; money is US dollars.

    Patches also say what they found (`outcomes`), how the money adds up (`totals`) and what they replaced (`changes`,
    the first MAX_CHANGES of them; all are in the log).
    """

    model_config = ConfigDict(validate_assignment=True, hide_input_in_errors=True)

    run_id: str
    job: str
    table: str
    lease: str
    fence: int | None = None
    status: Status = Status.RUNNING
    started_at: datetime
    finished_at: datetime | None = None
    git_hash: str
    schema_version: str
    image: str | None = None
    execution: str | None = None
    task_index: int = 0
    attempt: int = 0
    trigger: str = "manual"
    as_of: datetime
    narrowed: bool = False
    """Whether only a part of what is due was asked for, so that its counts say nothing of the whole."""
    read_time: datetime | None = None
    ds_min: date | None = None
    ds_max: date | None = None
    counts: Counts = Field(default_factory=Counts)
    rejects_by_reason: dict[str, int] = Field(default_factory=dict)
    drift: dict[str, int] = Field(default_factory=dict)
    blind_spot: int = 0
    bytes_streamed: int = 0
    bytes_billed: int = 0
    broker_calls: int = 0
    cost_estimate_usd: Decimal = Decimal(0)
    settings: dict[str, Any] = Field(default_factory=dict)
    outcomes: dict[str, int] = Field(default_factory=dict)
    totals: dict[str, Decimal] = Field(default_factory=dict)
    changes: list[Change] = Field(default_factory=list)
    error: RunError | None = None
    dry_run: bool = False
    expires_at: datetime | None = None
    """From when the database may delete the record: only of a run that was skipped, and so explains nothing."""
