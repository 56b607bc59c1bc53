"""A table against its source, side by side in the order of their names, whatever their size.

The source, its quarantine and the runs' records are read as they were at one moment, the table after it, page by page.
What a run wrote in between is told by its revision: it is later than the moment. Such a row is no orphan, and the
document it overtook counts as pending. What a run under way is about to write is not in the table yet, or not in the
pages read by then, so its documents are pending too.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Generic, TypeVar

from schemas.document import Document
from schemas.table import ArchivedRow
from shared.audit_digest import Digest
from shared.audit_elsewhere import Elsewhere
from shared.audit_findings import Kind
from shared.audit_join import by_bytes, side_by_side
from shared.audit_report import Report
from shared.audit_rows import CURRENT, differing, version_of
from shared.audit_table import AuditedTable, Held
from shared.batching import sized_batches
from shared.guardian import SchemaGuardian
from shared.loop import Candidate, Loop, Origin, Verdict
from shared.parts import Parts
from shared.quarantine import Reject
from shared.survey import judge
from shared.values import RawDocument
from shared.warehouse import Stored

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

BATCH = 500
BATCH_BYTES = 20_000_000
"""Names per look-up, and bytes of the documents and rows that are held for it."""


class Contents(Generic[D, R]):
    """Compares one loop's table with its source."""

    def __init__(self, loop: Loop[D, R], parts: Parts, report: Report) -> None:
        """Compare as of the report's moments, and add to it what is found."""
        self._loop = loop
        self._parts = parts
        self._report = report
        self._table = AuditedTable(loop, parts, report)
        self._elsewhere = Elsewhere(loop, parts, self._table, report)
        self._guardian: SchemaGuardian[D, R] = SchemaGuardian(loop.document, parts.settings.max_document_bytes)

    def check(self) -> None:
        """Read both once."""
        sources = ((source.id, source) for source in by_bytes(self._sources()))
        for some in sized_batches(side_by_side(self._table.rows(), sources), BATCH, BATCH_BYTES, weight):
            for _, held, _ in some:
                self._table.together(held)
            self._elsewhere.settle([source for _, held, source in some if source and not self._is_done(source, held)])
            if self._loop.origin is Origin.FIRESTORE:
                self._elsewhere.bereaved([name for name, held, source in some if not source and self._is_old(held)])
        if self._loop.retires:
            self._elsewhere.check_receipts()
        if self._loop.origin is Origin.FIRESTORE:
            self._elsewhere.check_quarantine()

    def _sources(self) -> Iterator[RawDocument]:
        if self._loop.origin is Origin.FIRESTORE:
            yield from self._parts.source(self._loop).scan(self._loop.source, self._report.read_time)

    def _is_old(self, held: Sequence[Held[R]]) -> bool:
        """Whether rows were made of a document that was there at the report's moment or before."""
        return any(one.revision <= self._report.read_time for one in held)

    def _is_done(self, source: RawDocument, held: Sequence[Held[R]]) -> bool:
        """Whether a document need not be looked for elsewhere: it is not due, or a row answers for it."""
        due = judge(self._loop, self._guardian, source, self._report.as_of, self._parts.settings)
        if due is None:
            if held:
                self._report.add(Kind.ORPHANED, f"{source.path} (not due)")
            return True
        self._report.due += 1
        return self._is_held(due, [one.stored for one in held]) and self._is_answered(
            due, max(held, key=lambda one: one.revision)
        )

    def _is_held(self, due: Candidate[D] | Reject, stored: Sequence[Stored]) -> bool:
        """Whether a run would find a document in the table, in which case it leaves it alone."""
        if isinstance(due, Reject):
            return self._loop.is_archived(due.source, stored)
        candidate = Candidate(due.document, due.source, due.as_of, tuple(stored))
        return bool(stored) and self._loop.classify(candidate, self._loop.key(candidate), False) is Verdict.ALREADY

    def _is_answered(self, due: Candidate[D] | Reject, held: Held[R]) -> bool:
        """Hold a document against the row that answers for it; not so when that is the row of a later revision."""
        source, report = due.source, self._report
        key = (source.id,) if isinstance(due, Reject) else self._loop.key(due)
        own = self._loop.recognised_by(key, source.update_time)
        answer = self._loop.recognised_by(held.key, held.revision)
        if own != answer and held.revision > report.read_time:
            return False
        report.source_digest += Digest.of([own])
        if own != answer:
            report.add(Kind.AHEAD, f"{source.path}: {held.revision:%Y-%m-%d %H:%M:%S.%f}")
            return True
        report.archived += 1
        report.archived_digest += Digest.of([answer])
        if isinstance(due, Candidate):
            self._compare(due, held)
        return True

    def _compare(self, candidate: Candidate[D], held: Held[R]) -> None:
        """Hold a row against the very revision it was made of, in the columns that it takes from it as they are."""
        if held.revision == candidate.source.update_time and version_of(held.record) == CURRENT:
            expected = self._loop.takes_over(candidate.document)
            if differ := [name for name in differing(held.record, expected) if name != "ds"]:
                self._report.add(Kind.ALTERED, f"{candidate.source.path}: {', '.join(differ)}")


def weight(met: tuple[str, Sequence[Held[Any]], RawDocument | None]) -> int:
    """Estimate the bytes held of one name: the document as it was sent, and the texts of its rows."""
    _, held, source = met
    texts = sum(len(value) for one in held for value in one.record.values() if isinstance(value, str))
    return texts + (source.size if source else 0)
