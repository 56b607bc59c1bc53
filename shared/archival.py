"""The archival run: one straight line that every loop passes through, under its lease.

Recovery, survey (read, guard, compare, enrich), PENDING stream, written intent, commit, revision, verification. The
fact table is the truth; nothing is written to the source. The protocol's model and its counterexamples are in
`tests/protocol`.
"""

from typing import Generic, TypeVar

from schemas.document import Document
from schemas.run_record import RunRecord
from schemas.table import ArchivedRow
from shared.batching import batches
from shared.lease import Intent, Lease
from shared.log import Severity
from shared.loop import Loop
from shared.parts import Parts
from shared.quarantine import Reject
from shared.records import BalanceError, read_moment, redacted
from shared.retrying import UNAVAILABLE
from shared.reviser import NAMED, Reviser
from shared.revision import key_of
from shared.settle import Outcome, settle
from shared.stream import PendingStream
from shared.survey import Options, Page, Survey

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

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
        self._reviser = Reviser(loop, parts, record)
        self._stream: PendingStream | None = None
        self._began = parts.clock()

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
        self._reviser.finish()
        if self._stream:
            self._verify(self._stream)
            self._lease.clear(self._stream.name)
        self._resolve(survey)

    def _recover(self) -> None:
        """Finish or discard what the last holder of the lease was about to commit."""
        if intent := self._lease.found_intent:
            outcome = self._settle(intent)
            self._parts.log.event("recovered an intent", Severity.WARNING, of=intent.run_id, outcome=outcome.name)
            self._lease.clear(intent.stream)

    def _take(self, page: Page[R]) -> None:
        self._quarantine(page.rejects)
        self._record.counts.already += len(page.already)
        self._note(page.new, page.revised)
        self._append(page.new)
        self._reviser.take(page.revised)
        self._report()

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
        """Hold keys to their documents: each begins with the document's id, and a scan meets no id twice."""
        for row in (row for rows in groups for row in rows):
            key = key_of(row)
            if key[0] != row.source_path.rpartition("/")[2]:
                raise BalanceError(f"the key {key} does not begin with the id of its document, so it may come twice")
            self._record.ds_min = min(self._record.ds_min or row.ds, row.ds)
            self._record.ds_max = max(self._record.ds_max or row.ds, row.ds)

    def _report(self) -> None:
        """Say how far the run is: one line a page."""
        counts = self._record.counts
        documents = counts.read + counts.not_due
        seconds = max((self._parts.clock() - self._began).total_seconds(), 0.001)
        appended = self._stream.n if self._stream else 0
        so_far = {"appended": appended, **counts.model_dump(include={"already", "revised", "quarantined"})}
        self._parts.log.event("page done", documents=documents, per_second=round(documents / seconds), **so_far)

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

    def _verify(self, stream: PendingStream) -> None:
        """Compare what the table holds of this run with what was streamed; only where they differ, look for each."""
        held = self._parts.warehouse.fingerprint(self._loop.row, self._record.run_id)
        if held == stream.fingerprint:
            return
        # A revision keeps the run of its row, so rows are missing only as far as there are fewer.
        lost, keys = self._lost(stream.n - held.rows) if held.rows < stream.n else (0, [])
        self._record.counts.archived -= lost
        self._record.counts.pending += lost
        if lost:
            self._parts.log.event("rows are not in the table yet", Severity.ERROR, rows=lost, keys=keys)
        else:
            self._parts.log.event("rows of this run hold newer revisions already", Severity.WARNING)

    def _lost(self, most: int) -> tuple[int, list[str]]:
        """Read everything again at the same moment, which writes nothing: what is new still, the table has lost.

        Returns their number, and the keys of the first NAMED. More than `most` are not lost: a document that was
        refused is new now when the broker answers differently.
        """
        again = Survey(self._loop, self._options, self._parts, self._record.model_copy(deep=True))
        lost, keys = 0, list[str]()
        for page in again.pages():
            lost += len(page.new)
            keys += [str(key_of(row)) for row in page.new[: NAMED - len(keys)]]
        return min(lost, most), keys

    def _resolve(self, survey: Survey[D, R]) -> None:
        """Close the quarantine records of documents that the table now holds.

        That reads every document which is held and was not refused again, so a run that is asked for a part of its
        source leaves it to the next whole run.
        """
        if self._options.narrowed:
            return
        quarantine, run_id = self._parts.quarantine, self._record.run_id
        waiting = quarantine.waiting(self._loop.name, run_id)
        healed = survey.held(path for path in waiting if self._options.shard.holds(path.rpartition("/")[2]))
        for paths in batches(healed, self._parts.settings.page_size):
            quarantine.resolve(run_id, paths, self._parts.clock())
