"""The record of a run: how it begins, how failures are noted, what it cost."""

import re
import traceback
import uuid
from decimal import Decimal
from typing import Any

from schemas import SCHEMA_VERSION
from schemas.run_record import RunError, RunRecord, Status
from shared.jobs import Job
from shared.log import Severity
from shared.parts import Parts
from shared.settings import Settings
from shared.survey import Options

STREAM_PRICE = Decimal("0.025") / 2**30
"""US dollars per byte of the Storage Write API (list price, first 2 TiB a month free)."""
QUERY_PRICE = Decimal("6.25") / 2**40
"""US dollars per byte of on-demand queries (list price, US)."""
READ_PRICE = Decimal("0.03") / 100_000
"""US dollars per document read (list price, us-central1)."""


_RUN_ID = re.compile(r"[a-z][a-z0-9-]{1,100}T[0-9]{6}-[0-9a-f]{12}")
"""As `begin` makes them."""


class BalanceError(Exception):
    """The records read are not all accounted for."""


def begin(job: Job, options: Options, parts: Parts) -> RunRecord:
    """Start the record of a run."""
    settings, now = parts.settings, parts.clock()
    return RunRecord(
        run_id=f"{job.name}-{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}",
        job=job.name,
        table=job.table,
        lease=options.shard.of(job.lease),
        started_at=now,
        as_of=options.as_of or now,
        narrowed=options.narrowed,
        settings=settings.public(),
        dry_run=options.dry_run,
        **execution_of(settings),
    )


def may_be_a_run(run_id: str) -> bool:
    """Tell whether a text that came from outside can be the id of a run: others may not even name a document."""
    return _RUN_ID.fullmatch(run_id) is not None


def execution_of(settings: Settings) -> dict[str, Any]:
    """Say for a record which code runs, where, and who started it."""
    return {
        "git_hash": settings.code_version,
        "schema_version": SCHEMA_VERSION,
        "image": settings.image,
        "execution": settings.execution,
        "task_index": settings.task_index,
        "attempt": settings.attempt,
        "trigger": settings.trigger,
    }


def read_moment(record: RunRecord, options: Options, parts: Parts) -> None:
    """Fix the moment the run reads at; without an as-of time it also decides what is due."""
    record.read_time = parts.documents.server_time()
    if options.as_of is None:
        record.as_of = record.read_time


def failed(record: RunRecord, error: BaseException, status: Status, parts: Parts) -> Status:
    """Note the failure; whatever was read and not settled is pending."""
    message = redacted(str(error), parts)
    record.error = RunError(type=type(error).__name__, message=message[:2000])
    if not isinstance(error, BalanceError):
        counts = record.counts
        counts.pending = counts.read - counts.archived - counts.already - counts.revised - counts.quarantined
    trace = redacted("".join(traceback.format_exception(error)), parts)
    parts.log.event("the run failed", Severity.ERROR, error=message, stack_trace=trace)
    return status


def redacted(text: str, parts: Parts) -> str:
    """Take secrets out of a text that came from elsewhere, and halves of characters, which no record can hold."""
    return parts.settings.redacted(text).encode(errors="replace").decode()


def require_balance(record: RunRecord) -> None:
    """Hold a run to its balance.

    Raises:
        BalanceError: Something that was read is not accounted for.
    """
    counts = record.counts
    if not counts.balanced:
        raise BalanceError(f"read {counts.read}, but accounted for {counts.model_dump(exclude={'read'})}")


def cost_of(record: RunRecord) -> Decimal:
    """Estimate what the run cost at list prices, US dollars."""
    documents = record.counts.read + record.counts.not_due
    cost = record.bytes_streamed * STREAM_PRICE + record.bytes_billed * QUERY_PRICE + documents * READ_PRICE
    return cost.quantize(Decimal("1e-9"))
