"""A patch of a table: rows that need mending, what the broker says about them, one guarded UPDATE.

Values are absolute and never added up, an older reading never overwrites a newer one, and equal values are not
rewritten: so repeats, overlaps and any order of runs lead to the same rows. The lease only saves work.

A reading that finds a row as it must be leaves no stamp. So one that is older, and was held up meanwhile, may still
write over it if its lease was lost between its last look and its UPDATE; the next run puts that right.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from schemas.run_record import RunRecord
from schemas.table import ArchivedRow
from shared.jobs import DAYS
from shared.lease import Lease
from shared.ledger import Books, Ledger, Span
from shared.parts import Parts
from shared.records import read_moment
from shared.revision import key_of, stored_of
from shared.settings import Settings
from shared.survey import Options
from shared.values import EPOCH

R = TypeVar("R", bound=ArchivedRow)


@dataclass(frozen=True)
class Mended(Generic[R]):
    """What a patch makes of one row."""

    row: R
    values: Mapping[str, Any]
    """The patched columns as they must be."""
    outcome: str
    """One word for the run's counts: what was found."""
    settled: bool
    """Whether the row is done with; what is not counts as pending."""

    @property
    def key(self) -> tuple[Any, ...]:
        """The row's key."""
        return key_of(self.row)

    @property
    def changed(self) -> bool:
        """Whether the row holds anything else."""
        return any(getattr(self.row, name) != value for name, value in self.values.items())


@dataclass(frozen=True)
class Findings(Generic[R]):
    """What a patch found out about all its rows."""

    rows: Sequence[Mended[R]]
    totals: Mapping[str, Decimal] = field(default_factory=dict)
    """Sums for the run record, US dollars."""
    outcomes: Mapping[str, int] = field(default_factory=dict)
    """Further counts for the run record."""
    wants_books: Sequence[Span] = ()
    wants_fills: Sequence[Span] = ()
    """Times whose books, or whose fills, might decide what is open: they are read, and all is judged anew."""


@dataclass(frozen=True)
class TablePatch(Generic[R]):
    """One patch job over a table."""

    name: str
    summary: str
    schedule: str
    source: str
    row: type[R]
    columns: tuple[str, ...]
    """The columns it sets, the table's patch stamp aside."""
    kin: tuple[str, ...]
    """Columns whose values rows may share; a row that shares one with a row to mend is mended with it."""
    has_kin: Callable[[R], bool]
    """Whether what a row holds in these columns is its own and its kin's; else it may be anybody's."""
    done: str
    """The column that says whether a row is done with."""
    reopen_days: Callable[[Settings], int]
    """How far back, in days before the as-of time, rows that are done with are looked at again."""
    spans: Callable[[Sequence[R], Settings], Sequence[Span]]
    """Which times of the broker's books rows need."""
    judge: Callable[[Sequence[R], Books, datetime, Settings], Findings[R]]
    """What the books say about rows as of a moment."""
    takes: frozenset[str] = frozenset({*DAYS, "limit"})

    @property
    def table(self) -> str:
        """The table whose rows it mends."""
        return self.row.TABLE.name

    @property
    def lease(self) -> str:
        """A lease of its own: it inserts nothing, so archival runs need not wait for it."""
        return self.name


class TablePatching(Generic[R]):
    """One run of a patch."""

    def __init__(self, patch: TablePatch[R], options: Options, parts: Parts, record: RunRecord) -> None:
        """Prepare the run of `record`."""
        self._patch = patch
        self._options = options
        self._parts = parts
        self._record = record
        self._read_at = EPOCH

    def do(self, lease: Lease) -> None:
        """Find, mend, verify."""
        self._parts.tables.hold(self._patch.row)
        mended = self.survey()
        changed = [one for one in mended if one.changed]
        lease.require_held()
        self._write(changed)
        self.count(mended, self._verified(changed))

    def survey(self) -> Sequence[Mended[R]]:
        """Read rows and books and tell what the rows must be; writes nothing."""
        read_moment(self._record, self._options, self._parts)
        rows = self._candidates()
        self._record.counts.read = len(rows)
        if not rows:
            return ()
        self._read_at = self._parts.documents.server_time()
        findings = self._judged(rows)
        self._record.totals = dict(findings.totals)
        self._record.outcomes = {**Counter(one.outcome for one in findings.rows), **findings.outcomes}
        self._parts.log.event("rows judged", outcomes=self._record.outcomes, totals=self._record.totals)
        return findings.rows

    def _judged(self, rows: Sequence[R]) -> Findings[R]:
        patch, settings, as_of = self._patch, self._parts.settings, self._record.as_of
        ledger = Ledger(self._parts.broker)
        spans = self._until_now(patch.spans(rows, settings))
        findings = patch.judge(rows, ledger.books(spans), as_of, settings)
        if findings.wants_books or findings.wants_fills:
            further = self._until_now(findings.wants_fills)
            books = ledger.books([*spans, *self._until_now(findings.wants_books)], further)
            findings = patch.judge(rows, books, as_of, settings)
        return findings

    def _until_now(self, spans: Sequence[Span]) -> list[Span]:
        return [(start, min(end, self._read_at)) for start, end in spans]

    def _candidates(self) -> list[R]:
        today = self._record.as_of.date()
        again = today - timedelta(days=self._patch.reopen_days(self._parts.settings))
        wanted = (self._options.since or date.min, min(self._options.until or today, today))
        rows = self._parts.warehouse.unsettled(self._patch.row, self._patch.done, again, wanted)
        due = sorted(rows, key=lambda row: (row.ds, key_of(row)))[: self._options.limit]
        found = [*due, *self._parts.warehouse.kin(self._patch.row, self._patch.kin, due, self._patch.has_kin)]
        if found:
            self._record.ds_min, self._record.ds_max = (end(row.ds for row in found) for end in (min, max))
        return found

    def _write(self, changed: Sequence[Mended[R]]) -> None:
        """Send one UPDATE, or a few when there are thousands of rows; each may be sent again freely."""
        values = ((one.row, {**one.values, self._stamp: self._read_at}) for one in changed)
        self._parts.warehouse.patch(self._patch.row, (*self._patch.columns, self._stamp), values)

    @property
    def _stamp(self) -> str:
        stamp = self._patch.row.TABLE.patch_stamp
        if stamp is None:
            raise TypeError(f"{self._patch.table} has no patch stamp, so nothing may patch it")
        return stamp

    def _verified(self, changed: Sequence[Mended[R]]) -> set[tuple[Any, ...]]:
        """Read rows back: keys of those that this reading, or a newer one, has mended."""
        if not changed:
            return set()
        held = self._parts.warehouse.fetch(self._patch.row, [stored_of(one.row) for one in changed])
        return {key_of(row) for row in held if (getattr(row, self._stamp) or EPOCH) >= self._read_at}

    def count(self, mended: Sequence[Mended[R]], verified: set[tuple[Any, ...]]) -> None:
        """Count what became of each row, given the keys of those that hold this reading now."""
        counts = self._record.counts
        for one in mended:
            if one.changed and one.key in verified:
                counts.revised += 1
            elif one.changed or not one.settled:
                counts.pending += 1
            else:
                counts.already += 1
