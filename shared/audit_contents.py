"""A table against its source, side by side in the order of their names, whatever their size.

The source, its quarantine and the runs' records are read as they were at one moment, the table right after it in one
statement, which sees one state of it. What a run wrote in between is told by its revision: it is later than the moment.
Such a row is no orphan, and the document it overtook counts as pending. What a run under way is about to write is not
in the table yet, so its documents are pending too.
"""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from schemas.document import Document
from schemas.table import ArchivedRow
from shared import sql
from shared.audit_digest import Digest
from shared.audit_findings import Kind
from shared.audit_join import side_by_side
from shared.audit_report import Report
from shared.audit_rows import CURRENT, Record, check, differing, key_is_whole, recomputed, version_of
from shared.audit_runs import RowsByRun
from shared.batching import batches
from shared.guardian import SchemaGuardian
from shared.loop import Candidate, Loop, Origin, Verdict
from shared.parts import Parts
from shared.quarantine import COLLECTION as QUARANTINE
from shared.quarantine import Reject, record_id
from shared.retirement import RECEIPTS, receipts
from shared.survey import judge
from shared.values import RawDocument
from shared.warehouse import Stored

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

BATCH = 500
"""Names per look-up."""
PROGRESS = 50_000
"""Rows between two words about how far it is."""

Due = Candidate[D] | Reject


class Contents(Generic[D, R]):
    """Compares one loop's table with its source."""

    def __init__(self, loop: Loop[D, R], parts: Parts, report: Report) -> None:
        """Compare as of the report's moments, and add to it what is found."""
        self._loop = loop
        self._parts = parts
        self._report = report
        self._moment = report.read_time
        self._key = loop.row.TABLE.key
        self._in_firestore = loop.origin is Origin.FIRESTORE
        self._guardian: SchemaGuardian[D, R] = SchemaGuardian(loop.document, parts.settings.max_document_bytes)
        self._runs = RowsByRun(parts.documents, loop.table, self._moment)
        self._present = parts.tables.present(loop.row)

    def check(self) -> None:
        """Read everything once."""
        records = ((str(record[self._key[0]]), record) for record in self._records())
        sources = ((source.id, source) for source in self._sources())
        for some in batches(side_by_side(records, sources), BATCH):
            gone = {name: rows for name, rows, source in some if source is None}
            self._settle([due for _, rows, source in some if source and (due := self._judge(source, rows))])
            self._bereaved(gone if self._in_firestore else {})
        self._runs.report(self._report)
        if self._loop.retires:
            self._retired()
        if self._in_firestore:
            self._quarantined()

    def _sources(self) -> Iterator[RawDocument]:
        if self._in_firestore:
            yield from self._parts.documents.scan(self._loop.source, self._moment)

    def _records(self) -> Iterator[Record]:
        """Read the table in the order of its key and judge each row by itself."""
        if self._present is None:
            self._parts.log.event("the table does not exist yet", table=self._loop.table)
            return
        table = self._parts.warehouse.table(self._loop.row)
        before: tuple[Any, ...] | None = None
        for record in self._parts.warehouse.rows(sql.in_order(table, self._loop.row, self._present)):
            self._report.rows += 1
            if self._report.rows % PROGRESS == 0:
                self._parts.log.event("audit under way", rows=self._report.rows, documents_due=self._report.due)
            self._runs.count(record)
            if not key_is_whole(self._loop.row, record):
                self._report.add(Kind.INVALID, f"{_text(self._key_of(record))}: no key or no revision")
                continue
            if before == (before := self._key_of(record)):
                self._report.add(Kind.DUPLICATES, _text(before))
            self._check_row(record)
            yield record

    def _key_of(self, record: Record) -> tuple[Any, ...]:
        return tuple(record[name] for name in self._key)

    def _check_row(self, record: Record) -> None:
        key, report = _text(self._key_of(record)), self._report
        if self._in_firestore and record["source_path"] != f"{self._loop.source}/{record[self._key[0]]}":
            report.add(Kind.UNEXPLAINED, f"{key}: source_path")
        checked = check(self._loop.row, record)
        if checked.newer:
            report.add(Kind.NEWER, f"{key}: schema version {record['schema_version']}")
        if checked.faults:
            report.add(Kind.INVALID, f"{key}: {', '.join(checked.faults)}")
        if checked.row is not None:
            wrong = recomputed(checked.row, self._loop.follows, self._runs.as_of(record["run_id"]))
            if "ds" in wrong:
                report.add(Kind.MISPLACED, f"{key}: {record['ds']}")
            if sums := [name for name in wrong if name != "ds"]:
                report.add(Kind.WRONG_SUMS, f"{key}: {', '.join(sums)}")

    def _judge(self, source: RawDocument, records: Sequence[Record]) -> Due[D] | None:
        """Tell whether a due document is archived; return one that is not."""
        self._check_together(records)
        due = judge(self._loop, self._guardian, source, self._report.as_of, self._parts.settings)
        if due is None:
            if records:
                self._report.add(Kind.ORPHANED, f"{source.path} (not due)")
            return None
        self._report.due += 1
        if isinstance(due, Candidate) and records:
            key = self._loop.key(due)
            stored = tuple(Stored(self._key_of(one), one["ds"], one["source_rev"]) for one in records)
            candidate = Candidate(due.document, source, due.as_of, stored)
            if self._loop.classify(candidate, key, False) is Verdict.ALREADY:
                return self._archived(candidate, max(records, key=lambda one: one["source_rev"]))
        return due

    def _archived(self, candidate: Candidate[D], record: Record) -> Due[D] | None:
        """Hold a document against the row that answers for it; return it when a later revision has that row."""
        report, source = self._report, candidate.source
        own = self._loop.recognised_by(self._loop.key(candidate), source.update_time)
        held = self._loop.recognised_by(self._key_of(record), record["source_rev"])
        if own != held and record["source_rev"] > self._moment:
            return candidate
        report.source_digest += Digest.of([own])
        if own != held:
            report.add(Kind.AHEAD, f"{source.path}: {record['source_rev']:%Y-%m-%d %H:%M:%S.%f}")
            return None
        report.archived += 1
        report.archived_digest += Digest.of([held])
        self._compare(candidate, record)
        return None

    def _compare(self, candidate: Candidate[D], record: Record) -> None:
        """Hold a row against the very revision it was made of, as far as it takes columns from it as they are."""
        if record["source_rev"] == candidate.source.update_time and version_of(record) == CURRENT:
            expected = self._loop.takes_over(candidate.document)
            if differ := [name for name in differing(record, expected) if name != "ds"]:
                self._report.add(Kind.ALTERED, f"{candidate.source.path}: {', '.join(differ)}")

    def _check_together(self, records: Sequence[Record]) -> None:
        rows = [row for record in records if (row := check(self._loop.row, record).row) is not None]
        for text in self._loop.contradictions(rows) if len(rows) == len(records) else ():
            self._report.add(Kind.CONTRADICTORY, f"{records[0][self._key[0]]}: {text}")

    def _settle(self, due: Sequence[Due[D]]) -> None:
        """Tell the quarantined documents from the pending ones: they were refused at the very revision they have."""
        ids = {record_id(one.source.path): one for one in due}
        held = self._parts.documents.fetch(QUARANTINE, list(ids), ["source_rev", "resolved_at"], self._moment)
        for name, one in ids.items():
            path, revision, record = one.source.path, one.source.update_time, held.get(name, {})
            refused = record.get("source_rev") if record.get("resolved_at") is None else None
            self._report.source_digest += Digest.of([(path, revision)])
            if refused == revision:
                self._report.quarantined += 1
                self._report.quarantined_digest += Digest.of([(path, refused)])
            else:
                self._report.add(Kind.PENDING, f"{path} (edited since it was refused)" if refused else path)
                self._report.pending_digest += Digest.of([(path, revision)])

    def _bereaved(self, rows: dict[str, list[Record]]) -> None:
        """Tell the rows whose document is gone from those whose document was retired, or came after the moment."""
        for records in rows.values():
            self._check_together(records)
        paths = {record_id(path): path for path in (f"{self._loop.source}/{name}" for name in rows)}
        retired = self._parts.documents.fetch(RECEIPTS, list(paths), ["source_rev"], self._moment)
        for name, path in paths.items():
            records = rows[path.partition("/")[2]]
            if name not in retired and any(one["source_rev"] <= self._moment for one in records):
                self._report.add(Kind.ORPHANED, path)

    def _retired(self) -> None:
        """Hold the receipts of retired documents against the table, over all partitions."""
        found = receipts(self._parts.documents, self._loop.table, self._moment)
        for some in batches(found, BATCH * 10):
            self._report.retired += len(some)
            stored = self._stored([key[0] for _, key, _ in some])
            for path, key, revision in some:
                held = (one for one in stored.get(key[0], ()) if tuple(map(str, one.key)) == key)
                if not any(one.source_rev >= revision for one in held):
                    self._report.add(Kind.LOST, path)

    def _quarantined(self) -> None:
        """Look at open records of the quarantine from their side: is the document still there, and still refused?"""
        prefix = f"{self._loop.source}/"
        for some in batches(self._open_records(), BATCH):
            ids = {path.removeprefix(prefix): revision for path, revision in some}
            there = self._parts.documents.fetch(self._loop.source, list(ids), [self._key[0]], self._moment)
            stored = self._stored(list(ids))
            for name, revision in ids.items():
                if name not in there:
                    self._report.add(Kind.GONE, prefix + name)
                elif any(one.source_rev >= revision for one in stored.get(name, ())):
                    self._report.add(Kind.PASSED_SINCE, prefix + name)

    def _open_records(self) -> Iterator[tuple[str, datetime]]:
        for fields in (one.fields for one in self._parts.documents.scan(QUARANTINE, self._moment)):
            if fields.get("job") == self._loop.name and fields.get("resolved_at") is None:
                yield fields["path"], fields["source_rev"]

    def _stored(self, identities: Sequence[Any]) -> dict[Any, list[Stored]]:
        return {} if self._present is None else self._parts.warehouse.stored(self._loop.row, identities)


def _text(key: tuple[Any, ...]) -> str:
    return ", ".join(map(str, key))
