"""Retiring source documents: deleted only when the table has held them, at their exact revision, for long enough.

Each delete carries the revision as a precondition and leaves a receipt in the same commit. A document that was edited
after it was archived differs in its revision and stays; no clock and no lease decides that. How long the table has held
a revision is real time: an as-of time that lies ahead makes nothing older.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from google.api_core.exceptions import FailedPrecondition, NotFound

from schemas.run_record import RunRecord
from shared.batching import batches
from shared.documents import Documents
from shared.guardian import SchemaGuardian
from shared.jobs import DAYS
from shared.lease import Lease
from shared.loop import Candidate, Loop
from shared.parts import Parts
from shared.quarantine import record_id
from shared.records import read_moment
from shared.retrying import persistently
from shared.survey import Options, judge, paged

RECEIPTS = "retired"
"""Collection of what was deleted: path, key, revision, run and time."""
_RECEIPT = ("path", "table", "key", "source_rev")
"""What is read back of a receipt."""
MAX_BATCH = 200
"""Documents per commit; each takes two writes, and the service takes 500."""


@dataclass(frozen=True)
class Retirement:
    """The job that deletes what is archived."""

    name: str
    summary: str
    loops: Callable[[], Mapping[str, Loop[Any, Any]]]
    schedule: str = ""
    takes: frozenset[str] = frozenset({*DAYS, "limit", "delete"})

    @property
    def table(self) -> str:
        """Where it leaves receipts."""
        return RECEIPTS

    @property
    def lease(self) -> str:
        """A lease of its own."""
        return self.name


@dataclass(frozen=True)
class Retired:
    """One document that may go."""

    path: str
    revision: datetime
    key: tuple[Any, ...]
    table: str


class Retiring:
    """One run of the retirement."""

    def __init__(self, job: Retirement, options: Options, parts: Parts, record: RunRecord) -> None:
        """Prepare the run of `record`."""
        self._job = job
        self._options = options
        self._parts = parts
        self._record = record
        self._outcomes: Counter[str] = Counter()
        self._loops: list[Loop[Any, Any]] | None = None

    def do(self, lease: Lease) -> None:
        """Find what may go, and delete it page by page.

        Raises:
            SchemaDriftError: A table differs from its model; nothing was deleted.
        """
        for loop in self.loops:
            self._parts.tables.hold(loop.row)
        for page in self.survey():
            lease.require_held()
            self.count(page, self._delete(page))

    def survey(self) -> Iterator[list[Retired]]:
        """Yield pages of documents that may go; writes nothing."""
        read_moment(self._record, self._options, self._parts)
        left = self._options.limit
        for loop in self.loops:
            for page in batches(self._archived(loop), MAX_BATCH):
                found = list(page)[:left]
                self._record.counts.read += len(found)
                yield found
                left = None if left is None else left - len(found)
                if left == 0:
                    return

    @property
    def loops(self) -> list[Loop[Any, Any]]:
        """The loops whose documents may go. One without a table has archived nothing yet, and is left out."""
        # Not a cached_property: until Python 3.12 one lock of the class is held, here while the warehouse is asked.
        if self._loops is None:
            self._loops = self._with_tables([loop for loop in self._job.loops().values() if loop.retires])
        return self._loops

    def _with_tables(self, retiring: Sequence[Loop[Any, Any]]) -> list[Loop[Any, Any]]:
        found = [loop for loop in retiring if self._parts.tables.exists(loop.row)]
        if missing := [loop.table for loop in retiring if loop not in found]:
            self._parts.log.event("tables that do not exist hold nothing", tables=missing)
        return found

    @property
    def _moment(self) -> datetime:
        return self._record.read_time or self._record.as_of

    def _archived(self, loop: Loop[Any, Any]) -> Iterator[Retired]:
        """Find the documents of a loop that its table has held for long enough, at the revision they have."""
        now = min(self._record.as_of, self._moment)
        before = now - timedelta(days=self._parts.settings.retire_after_days)
        for some in paged(self._candidates(loop, now), self._parts.settings):
            by_key = {loop.key(one): one for one in some}
            held = self._parts.warehouse.held_since(loop.row, [key[0] for key in by_key], before)
            for key, one in by_key.items():
                if (key, one.source.update_time) in held:
                    yield Retired(one.source.path, one.source.update_time, key, loop.table)
                else:
                    self._record.counts.not_due += 1

    def _candidates(self, loop: Loop[Any, Any], now: datetime) -> Iterator[Candidate[Any]]:
        settings = self._parts.settings
        guardian: SchemaGuardian[Any, Any] = SchemaGuardian(loop.document, settings.max_document_bytes)
        for source in self._parts.documents.scan(loop.source, self._moment):
            found = judge(loop, guardian, source, now, settings)
            if isinstance(found, Candidate) and self._options.wants(loop.ds(found)):
                yield found
            else:
                self._record.counts.not_due += 1

    def _delete(self, page: Sequence[Retired]) -> set[str]:
        """Delete a page in one commit; where one document of it was edited, each by itself. Returns what went."""
        if not page:
            return set()
        try:
            self._commit(page)
        except (FailedPrecondition, NotFound):
            return {one.path for one in page if self._delete_one(one)}
        return {one.path for one in page}

    def _delete_one(self, one: Retired) -> bool:
        try:
            self._commit([one])
        except (FailedPrecondition, NotFound):
            # Edited meanwhile; or gone, which may be an earlier try of ours whose answer was lost.
            return not self._exists(one.path)
        return True

    def _commit(self, page: Iterable[Retired]) -> None:
        client, settings = self._parts.firestore, self._parts.settings
        batch, kept = client.batch(), client.collection(settings.collection(RECEIPTS))
        for one in page:
            batch.delete(client.document(one.path), option=client.write_option(last_update_time=one.revision))
            batch.set(kept.document(record_id(one.path)), self._receipt(one))
        persistently(settings.retry_seconds, lambda: batch.commit(retry=None, timeout=settings.call_timeout_s))

    def _receipt(self, one: Retired) -> dict[str, Any]:
        return {
            "path": one.path,
            "table": one.table,
            "key": [str(part) for part in one.key],
            "source_rev": one.revision,
            "run_id": self._record.run_id,
            "retired_at": self._parts.clock(),
        }

    def _exists(self, path: str) -> bool:
        settings = self._parts.settings
        reference = self._parts.firestore.document(path)
        found = persistently(
            settings.retry_seconds, lambda: reference.get([], retry=None, timeout=settings.call_timeout_s)
        )
        return bool(found.exists)

    def count(self, page: Sequence[Retired], gone: set[str]) -> None:
        """Count what became of a page."""
        counts = self._record.counts
        for one in page:
            done = one.path in gone
            self._outcomes[f"{'deleted' if done else 'edited meanwhile'} {one.path.partition('/')[0]}"] += 1
            counts.revised += done
            counts.pending += not done
        self._record.outcomes = dict(self._outcomes)
        if page:
            self._parts.log.event("page retired", deleted=len(gone), edited=len(page) - len(gone))


def receipts(documents: Documents, table: str, read_time: datetime) -> Iterator[tuple[str, tuple[str, ...], datetime]]:
    """Read what was retired from a table's source until `read_time`: path, key as text, revision.

    There are more of them every day, so they are read page by page, like a source.
    """
    for receipt in (one.fields for one in documents.scan(RECEIPTS, read_time, _RECEIPT)):
        if receipt["table"] == table:
            yield receipt["path"], tuple(receipt["key"]), receipt["source_rev"]
