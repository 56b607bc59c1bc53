"""Rows against the records of the runs that wrote them: each row names one, and each run counted its rows rightly.

Records are read before the table: a run that had ended by then has all its rows there. A run that a row names and that
is not among those records began later, and is looked up.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from schemas.run_record import Status
from shared.audit_findings import Kind
from shared.audit_report import Report
from shared.batching import batches
from shared.documents import Documents
from shared.runs import COLLECTION

_ENDED_WELL = {Status.SUCCEEDED, Status.PARTIAL}
_BATCH = 500
_FIELDS = ("table", "status", "counts.archived", "as_of")
"""What is read of a record."""


@dataclass(frozen=True)
class Recorded:
    """What a run's record says."""

    status: str
    archived: int
    as_of: datetime | None


class RowsByRun:
    """Counts the rows of a table by the runs they name."""

    def __init__(self, documents: Documents, table: str, moment: datetime) -> None:
        """Read the records of a table's runs as they were at a moment."""
        self._documents = documents
        self._table = table
        scanned = ((one.id, one.fields) for one in documents.scan(COLLECTION, moment, _FIELDS))
        self.records = {run_id: _recorded(fields) for run_id, fields in scanned if fields.get("table") == table}
        self._inserted: Counter[str] = Counter()
        self._revised: Counter[str] = Counter()

    def as_of(self, run_id: str) -> datetime | None:
        """Say which as-of time a run on record had."""
        return self.records[run_id].as_of if run_id in self.records else None

    def count(self, record: Mapping[str, Any]) -> None:
        """Count one row."""
        self._inserted[str(record["run_id"])] += 1
        if record["revised_by"] is not None:
            self._revised[record["revised_by"]] += 1

    def report(self, report: Report) -> None:
        """Add what is wrong, once all rows are counted."""
        unknown = [run_id for run_id in (self._inserted | self._revised) if run_id not in self.records]
        for some in batches(unknown, _BATCH):
            found = self._documents.fetch(COLLECTION, some, ["table"], self._documents.server_time())
            for run_id in (one for one in some if found.get(one, {}).get("table") != self._table):
                report.add(Kind.UNEXPLAINED, f"run {run_id}", self._inserted[run_id] + self._revised[run_id])
        for text in miscounted(self.records, self._inserted):
            report.add(Kind.MISCOUNTED, text)


def miscounted(records: Mapping[str, Recorded], held: Mapping[str, int]) -> Iterator[str]:
    """Name the runs whose count of archived rows is not what the table holds of them. Revisions change no run_id.

    A run that ended well counted all its rows. One that did not may have left more than it counted, for the next run
    settles its commit; never fewer.
    """
    for run_id, one in sorted(records.items()):
        rows = held.get(run_id, 0)
        if rows < one.archived or (one.status in _ENDED_WELL and rows != one.archived):
            yield f"{run_id}: counted {one.archived}, the table holds {rows}"


def _recorded(fields: Mapping[str, Any]) -> Recorded:
    return Recorded(
        str(fields.get("status")), int((fields.get("counts") or {}).get("archived", 0)), fields.get("as_of")
    )
