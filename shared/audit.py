"""The audit: source = archived + quarantined + pending, keys unique, rows valid, sums right. It changes nothing."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import datetime
from decimal import Decimal, localcontext
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from schemas.document import Document
from schemas.table import ArchivedRow
from shared import sql
from shared.formulae import EXACT
from shared.guardian import SchemaGuardian
from shared.loop import Candidate, Loop, Origin, Verdict
from shared.parts import Parts
from shared.quarantine import Reject
from shared.retirement import receipts
from shared.survey import judge
from shared.warehouse import Stored

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

EXAMPLES = 20
"""Offenders named per finding; all are counted."""


@dataclass
class Finding:
    """Something the audit counted, with examples."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, example: str) -> None:
        """Count one more."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(example)


@dataclass
class Report:
    """What an audit of one job found."""

    job: str
    table: str
    rows: int = 0
    due: int = 0
    """Documents that are due, or too broken to tell: archived + quarantined + pending."""
    archived: int = 0
    quarantined: int = 0
    pending: Finding = field(default_factory=Finding)
    """Due documents that no run has dealt with yet, or whose newer revision is not in the table. Not an error."""
    orphaned: Finding = field(default_factory=Finding)
    """Rows whose document is gone or not due any more, and was not retired. Not an error."""
    retired: int = 0
    """Documents that were deleted because the table holds them."""
    lost: Finding = field(default_factory=Finding)
    """Retired documents whose revision, or a newer one, the table does not hold."""
    duplicates: Finding = field(default_factory=Finding)
    invalid: Finding = field(default_factory=Finding)
    """Rows that fail their own schema."""
    wrong_sums: Finding = field(default_factory=Finding)
    """Rows where pnl_usd is not gross_pnl_usd - fees_usd."""
    leaderless: Finding = field(default_factory=Finding)
    """Run records that say RUNNING although nobody holds their lease."""
    unbalanced: bool = False

    @property
    def passed(self) -> bool:
        """Whether nothing is off."""
        errors = (self.duplicates, self.invalid, self.wrong_sums, self.leaderless, self.lost)
        return not self.unbalanced and not any(finding.count for finding in errors)

    def as_dict(self) -> dict[str, Any]:
        """Turn it into JSON values."""
        return {**asdict(self), "passed": self.passed}


class Audit(Generic[D, R]):
    """Audits one job at one moment."""

    def __init__(self, loop: Loop[D, R], parts: Parts, as_of: datetime | None) -> None:
        """Audit `loop` as of a moment; None means now."""
        self._loop = loop
        self._parts = parts
        self._read_time = parts.documents.server_time()
        self._as_of = as_of or self._read_time
        self._stored: dict[Any, list[Stored]] = {}
        self._keys: set[tuple[Any, ...]] = set()
        self._orphans: set[str] = set()
        self._held: set[str] = set()
        self.report = Report(loop.name, loop.row.TABLE.name)

    def check(self) -> Report:
        """Read table and source whole and compare them."""
        for record in self._table():
            self._check_row(record)
        if self._loop.origin is Origin.FIRESTORE:
            self._held = self._parts.quarantine.unresolved(self._loop.name)
            for one in self._due():
                self._check_document(one)
            if self._loop.retires:
                self._check_retired()
            for path in sorted(self._orphans):
                self.report.orphaned.add(path)
        self._check_runs()
        parts = self.report.archived + self.report.quarantined + self.report.pending.count
        self.report.unbalanced = self.report.due != parts
        return self.report

    def _table(self) -> Iterator[dict[str, Any]]:
        yield from self._parts.warehouse.rows(
            sql.whole_table(self._parts.warehouse.table(self._loop.row), self._loop.row)
        )

    def _check_row(self, record: dict[str, Any]) -> None:
        report = self.report
        report.rows += 1
        key = tuple(record[name] for name in self._loop.row.TABLE.key)
        if key in self._keys:
            report.duplicates.add(str(key))
        self._keys.add(key)
        self._orphans.add(record["source_path"])
        self._stored.setdefault(key[0], []).append(Stored(key, record["ds"], record["source_rev"]))
        try:
            self._loop.row.model_validate(record)
        except ValidationError as error:
            report.invalid.add(f"{key}: {', '.join(str(e['loc'][0]) for e in error.errors(include_input=False))}")
        if "gross_pnl_usd" in record and not _sums_up(record):
            report.wrong_sums.add(str(key))

    def _due(self) -> Iterator[Candidate[D] | Reject]:
        guardian: SchemaGuardian[D, R] = SchemaGuardian(self._loop.document, self._parts.settings.max_document_bytes)
        for source in self._parts.documents.scan(self._loop.source, self._read_time):
            if found := judge(self._loop, guardian, source, self._as_of, self._parts.settings):
                yield found

    def _check_document(self, one: Candidate[D] | Reject) -> None:
        self.report.due += 1
        path = one.source.path
        self._orphans.discard(path)
        if not isinstance(one, Reject) and self._is_archived(one):
            self.report.archived += 1
        elif path in self._held:
            self.report.quarantined += 1
        else:
            self.report.pending.add(path)

    def _is_archived(self, one: Candidate[D]) -> bool:
        key = self._loop.key(one)
        candidate = Candidate(one.document, one.source, one.as_of, tuple(self._stored.get(key[0], ())))
        return self._loop.classify(candidate, key, False) is Verdict.ALREADY

    def _check_retired(self) -> None:
        """Hold the receipts of retired documents against the table."""
        for path, key, revision in receipts(self._parts.documents, self._loop.table, self._read_time):
            self.report.retired += 1
            self._orphans.discard(path)
            held = (one for one in self._stored.get(key[0], ()) if tuple(map(str, one.key)) == key)
            if not any(one.source_rev >= revision for one in held):
                self.report.lost.add(path)

    def _check_runs(self) -> None:
        lease = self._loop.row.TABLE.name
        owner = self._parts.leases.peek(lease).owner
        for run_id in self._parts.runs.running(lease):
            if run_id != owner:
                self.report.leaderless.add(run_id)


def _sums_up(record: dict[str, Any]) -> bool:
    with localcontext(EXACT):
        difference: Decimal = record["gross_pnl_usd"] - record["fees_usd"]
    return bool(record["pnl_usd"] == difference)
