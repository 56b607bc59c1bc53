"""The run: one straight line that every archival job passes through.

Lease, recovery, survey (read, guard, compare, enrich), PENDING stream, written intent, commit, revision, verification,
record. The fact table is the truth; nothing is written to the source. The protocol's model and its counterexamples
are in `tests/protocol`.
"""

import traceback
import uuid
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar

from schemas import SCHEMA_VERSION
from schemas.document import Document
from schemas.run_record import RunError, RunRecord, Status
from schemas.table import ArchivedRow
from shared.interrupt import InterruptedRunError, acknowledge
from shared.lease import Intent, Lease
from shared.log import Severity
from shared.loop import Loop
from shared.parts import Parts
from shared.quarantine import Reject
from shared.retrying import UNAVAILABLE
from shared.revision import key_of, reconciled
from shared.settle import Outcome, settle
from shared.stream import PendingStream
from shared.survey import Options, Page, Survey

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

PATCH_RACES = 3
"""How often a revision is tried again when a patch touches the row in between."""
HURRY = 2.0
"""Seconds an interrupted run may take to write its record."""
_SETTLE_WAITS = (0.2, 0.4, 0.8, 1.6, 3.2)
STREAM_PRICE = Decimal("0.025") / 2**30
"""US dollars per byte of the Storage Write API (list price, first 2 TiB a month free)."""
QUERY_PRICE = Decimal("6.25") / 2**40
"""US dollars per byte of on-demand queries (list price, US)."""
READ_PRICE = Decimal("0.03") / 100_000
"""US dollars per document read (list price, us-central1)."""


class UndecidedError(Exception):
    """A commit is neither done nor gone; the intent stays for the next run."""


class BalanceError(Exception):
    """The documents read are not all accounted for."""


def run(loop: Loop[D, R], options: Options, parts: Parts) -> RunRecord:
    """Run one job once and return its record, which is also written to `job_metadata`. Failures are recorded."""
    record = begin(loop, options, parts)
    parts = replace(parts, log=parts.log.labelled(run_id=record.run_id))
    parts.log.event("run started", as_of=record.as_of, git_hash=record.git_hash)
    lease: Lease | None = None
    try:
        lease = parts.leases.acquire(record.lease, record.run_id)
        status = _held(lease, loop, options, parts, record) if lease else Status.SKIPPED
    except InterruptedRunError as stop:
        acknowledge()
        status = _failed(record, stop, Status.INTERRUPTED, parts)
    except Exception as error:  # noqa: BLE001 - whatever happened is recorded, and the exit code says so
        status = _failed(record, error, Status.FAILED, parts)
    return _close(record, status, lease, parts)


def _held(lease: Lease, loop: Loop[D, R], options: Options, parts: Parts, record: RunRecord) -> Status:
    """Work under a lease and tell how it went."""
    record.fence = lease.fence
    with lease.heartbeat():
        _Work(loop, options, parts, record, lease).do()
    return Status.PARTIAL if record.counts.quarantined or record.counts.pending else Status.SUCCEEDED


def begin(loop: Loop[Any, Any], options: Options, parts: Parts) -> RunRecord:
    """Start the record of a run."""
    settings, now = parts.settings, datetime.now(UTC)
    return RunRecord(
        run_id=f"{loop.name}-{now:%Y%m%dT%H%M%S}-{uuid.uuid4().hex[:12]}",
        job=loop.name,
        table=loop.row.TABLE.name,
        lease=loop.row.TABLE.name,
        started_at=now,
        as_of=options.as_of or now,
        git_hash=settings.code_version,
        schema_version=SCHEMA_VERSION,
        image=settings.image,
        execution=settings.execution,
        task_index=settings.task_index,
        attempt=settings.attempt,
        trigger=settings.trigger,
        settings=settings.public(),
        dry_run=options.dry_run,
    )


def read_moment(record: RunRecord, options: Options, parts: Parts) -> None:
    """Fix the moment the run reads at; without an as-of time it also decides what is due."""
    record.read_time = parts.documents.server_time()
    if options.as_of is None:
        record.as_of = record.read_time


class _Work(Generic[D, R]):
    """The line itself, for a run that holds its lease."""

    def __init__(self, loop: Loop[D, R], options: Options, parts: Parts, record: RunRecord, lease: Lease) -> None:
        self._loop = loop
        self._options = options
        self._parts = parts
        self._record = record
        self._lease = lease
        self._stream: PendingStream | None = None
        self._revised: list[R] = []
        self._touched: dict[tuple[Any, ...], datetime] = {}
        self._passed: list[str] = []

    def do(self) -> None:
        """Go down the line."""
        self._open_record()
        self._parts.tables.hold(self._loop.row)
        for other in self._loop.reads:
            self._parts.tables.hold(other)
        self._recover()
        read_moment(self._record, self._options, self._parts)
        survey = Survey(self._loop, self._options, self._parts, self._record)
        for page in survey.pages():
            self._take(page)
        self._record.blind_spot = survey.blind_spot()
        self._publish()
        self._revise()
        self._verify()
        if self._stream:
            self._lease.clear(self._stream.name)
        self._resolve()
        self._balance()

    def _open_record(self) -> None:
        self._parts.runs.put(self._record)
        for run_id in self._parts.runs.abandon(self._record.lease, self._record.run_id, datetime.now(UTC)):
            self._parts.log.event("closed an abandoned run", Severity.WARNING, abandoned=run_id)

    def _recover(self) -> None:
        """Finish or discard what the last holder of the lease was about to commit."""
        if intent := self._lease.found_intent:
            outcome = self._settle(intent)
            self._parts.log.event("recovered an intent", Severity.WARNING, of=intent.run_id, outcome=outcome.name)
            self._lease.clear(intent.stream)

    def _take(self, page: Page[R]) -> None:
        self._quarantine(page.rejects)
        self._record.counts.already += len(page.already)
        self._passed += [*page.already, *(row.source_path for row in (*page.new, *page.revised))]
        self._revised += page.revised
        self._note(page.new, page.revised)
        self._append(page.new)
        self._parts.log.event("page done", read=self._record.counts.read)

    def _quarantine(self, rejects: list[Reject]) -> None:
        """Record rejects; when the quarantine itself fails they stay pending and the next run meets them again."""
        if not rejects:
            return
        counts = self._record.counts
        try:
            self._parts.quarantine.put(self._loop.name, self._record.run_id, rejects, datetime.now(UTC))
        except UNAVAILABLE as error:
            message = redacted(str(error), self._parts)
            self._parts.log.event("the quarantine refused", Severity.ERROR, error=message, documents=len(rejects))
            counts.pending += len(rejects)
            return
        counts.quarantined += len(rejects)
        for reject in rejects:
            reasons = self._record.rejects_by_reason
            reasons[reject.reason.value] = reasons.get(reject.reason.value, 0) + 1

    def _append(self, rows: list[R]) -> None:
        if not rows:
            return
        if self._stream is None:
            self._stream = self._parts.streams.open(self._loop.row)
        self._stream.append(rows)
        self._record.bytes_streamed = self._stream.bytes

    def _note(self, *groups: list[R]) -> None:
        for row in (row for rows in groups for row in rows):
            key = key_of(row)
            if key in self._touched:
                raise BalanceError(f"two documents of one run carry the key {key}")
            self._touched[key] = row.source_rev
            self._record.ds_min = min(self._record.ds_min or row.ds, row.ds)
            self._record.ds_max = max(self._record.ds_max or row.ds, row.ds)

    def _publish(self) -> None:
        """Make the stream visible, with the intent written down before."""
        if self._stream is None:
            return
        self._stream.finalize()
        self._lease.intend(self._stream.name, self._stream.n)
        self._settle(Intent(self._stream.name, self._record.run_id, self._stream.n, self._lease.now()))
        # Settled means that the table was asked and holds as many rows of this run.
        self._record.counts.archived = self._stream.n

    def _settle(self, intent: Intent) -> Outcome:
        outcome = settle(
            intent,
            commit=lambda: self._parts.streams.commit(self._loop.row, intent.stream),
            count=lambda: self._parts.warehouse.count_run(self._loop.row, intent.run_id),
            gone_before=self._lease.now() - self._parts.settings.intent_gone_after,
            waits=_SETTLE_WAITS,
            pause=self._parts.pause,
        )
        own = intent.run_id == self._record.run_id
        if outcome is Outcome.UNKNOWN or (own and outcome is Outcome.GONE):
            raise UndecidedError(
                f"the commit of stream {intent.stream} is not decided; its intent stays and the next run settles it"
            )
        return outcome

    def _revise(self) -> None:
        """Bring rows to newer revisions, keeping what patches wrote; a race with a patch is tried again."""
        left = self._revised
        for _ in range(PATCH_RACES):
            if not left:
                return
            pairs = reconciled(self._loop, left, self._parts.warehouse, self._record.run_id)
            self._parts.warehouse.revise(self._loop.row, pairs)
            left = self._behind(left)

    def _behind(self, rows: list[R]) -> list[R]:
        current = self._revisions([key_of(row) for row in rows])
        return [row for row in rows if current.get(key_of(row), row.source_rev) < row.source_rev]

    def _revisions(self, keys: list[tuple[Any, ...]]) -> dict[tuple[Any, ...], datetime]:
        found = self._parts.warehouse.stored(self._loop.row, sorted({key[0] for key in keys}))
        return {one.key: one.source_rev for stored in found.values() for one in stored}

    def _verify(self) -> None:
        """Look every touched key up: its revision in the table must be at least the one read."""
        current = self._revisions(list(self._touched))
        done = {key for key, rev in self._touched.items() if key in current and current[key] >= rev}
        revised = {key_of(row) for row in self._revised}
        self._record.counts.revised = len(revised & done)
        lost = self._touched.keys() - done
        self._record.counts.archived -= len(lost - revised)
        self._record.counts.pending += len(lost)
        if lost:
            self._parts.log.event("rows are not in the table yet", Severity.ERROR, keys=[str(key) for key in lost][:20])

    def _resolve(self) -> None:
        """Close the quarantine records of documents that passed."""
        open_records = self._parts.quarantine.unresolved(self._loop.name)
        healed = [path for path in self._passed if path in open_records]
        self._parts.quarantine.resolve(self._record.run_id, healed, datetime.now(UTC))

    def _balance(self) -> None:
        counts = self._record.counts
        if not counts.balanced:
            raise BalanceError(f"read {counts.read}, but accounted for {counts.model_dump(exclude={'read'})}")


def _failed(record: RunRecord, error: BaseException, status: Status, parts: Parts) -> Status:
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
    """Take secrets out of a text that came from elsewhere."""
    for secret in parts.settings.secrets:
        text = text.replace(secret, "***")
    return text


def _close(record: RunRecord, status: Status, lease: Lease | None, parts: Parts) -> RunRecord:
    """Write the record and give the lease back; an interrupted run has only seconds for both."""
    record.broker_calls = parts.broker.calls
    record.bytes_billed = parts.warehouse.bytes_billed
    record.cost_estimate_usd = _cost(record)
    record.status = status
    record.finished_at = datetime.now(UTC)
    try:
        parts.runs.put(record, seconds=HURRY if status is Status.INTERRUPTED else None)
        if lease:
            lease.release()
    except UNAVAILABLE as error:
        # The rows are safe; without its record the run counts as failed, and the next one closes it as ABANDONED.
        record.status = _failed(record, error, Status.FAILED, parts)
    _announce(record, parts)
    return record


def _announce(record: RunRecord, parts: Parts) -> None:
    severity = {Status.FAILED: Severity.ERROR, Status.INTERRUPTED: Severity.ERROR, Status.PARTIAL: Severity.WARNING}
    fields = record.model_dump(exclude={"settings"})
    parts.log.event(f"run {record.status.value.lower()}", severity.get(record.status, Severity.INFO), **fields)


def _cost(record: RunRecord) -> Decimal:
    """Estimate what the run cost at list prices, US dollars."""
    documents = record.counts.read + record.counts.not_due
    cost = record.bytes_streamed * STREAM_PRICE + record.bytes_billed * QUERY_PRICE + documents * READ_PRICE
    return cost.quantize(Decimal("1e-9"))
