"""The archival run: one straight line that every loop passes through, under its lease.

Recovery, survey (read, guard, compare, enrich), PENDING stream, written intent, commit, revision, verification. The
fact table is the truth; nothing is written to the source. The protocol's model and its counterexamples are in
`tests/protocol`.
"""

from datetime import datetime
from typing import Any, Generic, TypeVar

from schemas.document import Document
from schemas.run_record import RunRecord
from schemas.table import ArchivedRow
from shared.lease import Intent, Lease
from shared.log import Severity
from shared.loop import Loop
from shared.parts import Parts
from shared.quarantine import Reject
from shared.records import BalanceError, read_moment, redacted
from shared.retrying import UNAVAILABLE
from shared.revision import key_of, reconciled
from shared.settle import Outcome, settle
from shared.stream import PendingStream
from shared.survey import Options, Page, Survey

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

PATCH_RACES = 3
"""How often a revision is tried again when a patch touches the row in between."""
_SETTLE_WAITS = (0.2, 0.4, 0.8, 1.6, 3.2)


class UndecidedError(Exception):
    """A commit is neither done nor gone; the intent stays for the next run."""


class Archival(Generic[D, R]):
    """The line itself, for a run that holds its lease."""

    def __init__(self, loop: Loop[D, R], options: Options, parts: Parts, record: RunRecord, lease: Lease) -> None:
        """Prepare the line for `record`'s run."""
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
            self._parts.quarantine.put(self._loop.name, self._record.run_id, rejects, self._parts.clock())
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
            pairs = reconciled(self._loop, left, self._parts, self._record.run_id)
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
        self._parts.quarantine.resolve(self._record.run_id, healed, self._parts.clock())
