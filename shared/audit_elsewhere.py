"""What is neither in the table nor merely pending: refused documents with their records, retired ones with receipts.

Both are looked up by the document's path, as they were at the report's moment, some names at a time. Once everything is
read they are looked at from their own side, at a moment of their own: of one that is over an hour ago Firestore tells
nothing, and nothing that comes later can make a receipt or a record wrong that was right.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from typing import Any, Generic, TypeVar

from schemas.document import Document
from schemas.table import ArchivedRow
from shared.audit_digest import Digest
from shared.audit_findings import Kind
from shared.audit_report import Report
from shared.audit_table import AuditedTable
from shared.batching import batches
from shared.loop import Loop
from shared.parts import Parts
from shared.quarantine import COLLECTION as QUARANTINE
from shared.quarantine import is_about, record_id
from shared.retirement import RECEIPTS, receipts
from shared.values import RawDocument

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

BATCH = 5000
"""Receipts, or records, per look-up of the rows they are about, which reads the table's key columns once."""
_OPEN = ("job", "path", "source_rev", "resolved_at")
"""What is read of the quarantine's records: not their payload."""


class Elsewhere(Generic[D, R]):
    """The quarantine and the receipts of one loop."""

    def __init__(self, loop: Loop[D, R], parts: Parts, table: AuditedTable[D, R], report: Report) -> None:
        """Look at the report's moment, and add to it what is found."""
        self._loop = loop
        self._documents = parts.documents
        self._source = parts.source(loop)
        self._bookkeeping = parts.bookkeeping
        self._table = table
        self._report = report
        self._moment = report.read_time

    def settle(self, sources: Sequence[RawDocument]) -> None:
        """Tell the quarantined documents from the pending ones: they were refused at the very revision they have."""
        ids = {record_id(source.path): source for source in sources}
        held = self._bookkeeping.fetch(QUARANTINE, list(ids), ["source_rev", "resolved_at"], self._moment)
        for name, source in ids.items():
            self._settle(source, held.get(name, {}))

    def _settle(self, source: RawDocument, record: dict[str, Any]) -> None:
        report, own = self._report, Digest.of([(source.path, source.update_time)])
        refused = record.get("source_rev") if record.get("resolved_at") is None else None
        report.source_digest += own
        if refused == source.update_time:
            report.quarantined += 1
            report.quarantined_digest += Digest.of([(source.path, refused)])
        else:
            report.add(Kind.PENDING, f"{source.path} (edited since it was refused)" if refused else source.path)
            report.pending_digest += own

    def bereaved(self, names: Collection[str]) -> None:
        """Tell which documents that have rows and are gone were retired."""
        paths = {record_id(path): path for path in map(self._path, names)}
        retired = self._documents.fetch(RECEIPTS, list(paths), ["source_rev"], self._moment)
        for path in (path for name, path in paths.items() if name not in retired):
            self._report.add(Kind.ORPHANED, path)

    def check_receipts(self) -> None:
        """Hold the receipts of retired documents against the table, over all partitions."""
        for some in batches(receipts(self._documents, self._loop.table, self._documents.server_time()), BATCH):
            self._report.retired += len(some)
            stored = self._table.stored([key[0] for _, key, _ in some])
            for path, key, revision in some:
                held = (one for one in stored.get(key[0], ()) if tuple(map(str, one.key)) == key)
                if not any(one.source_rev >= revision for one in held):
                    self._report.add(Kind.LOST, path)

    def check_quarantine(self) -> None:
        """Look at open records from their side: is the document still there, and is it not in the table after all?"""
        prefix, identity = self._path(""), self._loop.row.TABLE.key[0]
        moment = self._documents.server_time()
        for some in batches(self._open_records(moment), BATCH):
            ids = {path.removeprefix(prefix): revision for path, revision in some}
            there = self._source.fetch(self._loop.source, list(ids), [identity], moment)
            stored = self._table.stored(list(ids))
            for name, revision in ids.items():
                if name not in there:
                    self._report.add(Kind.GONE, prefix + name)
                elif any(one.source_rev >= revision for one in stored.get(name, ())):
                    self._report.add(Kind.PASSED_SINCE, prefix + name)

    def _path(self, name: str) -> str:
        return self._source.path(self._loop.source, name)

    def _open_records(self, moment: datetime) -> Iterator[tuple[str, datetime]]:
        for one in self._bookkeeping.scan(QUARANTINE, moment, _OPEN):
            fields, is_open = one.fields, one.fields.get("resolved_at") is None
            if is_open and fields.get("job") == self._loop.name and is_about(one.id, fields.get("path")):
                yield fields["path"], fields["source_rev"]
