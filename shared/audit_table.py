"""The rows of a table, each judged by itself as it passes by, in the order of the key."""

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Generic, TypeVar

from google.cloud.bigquery import ScalarQueryParameter

from schemas.document import Document
from schemas.table import ArchivedRow
from shared import audit_pages, sql
from shared.account_pages import path_of
from shared.audit_findings import Kind
from shared.audit_pages import in_pages
from shared.audit_report import Report
from shared.audit_rows import Record, check, key_is_whole, recomputed
from shared.audit_runs import RowsByRun
from shared.loop import Loop, Origin
from shared.parts import Parts
from shared.warehouse import Stored

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

PROGRESS = 50_000
"""Rows between two words about how far it is."""


@dataclass(frozen=True)
class Held(Generic[R]):
    """One row of the table."""

    key: tuple[Any, ...]
    record: Record
    """As BigQuery answers it."""
    row: R | None
    """None when it does not pass its schema, or has a newer one than this program."""

    @property
    def revision(self) -> datetime:
        """Of which revision of its document it is."""
        revision: datetime = self.record["source_rev"]
        return revision

    @property
    def stored(self) -> Stored:
        """What a run would look up of it."""
        return Stored(self.key, self.record["ds"], self.revision)


class AuditedTable(Generic[D, R]):
    """One loop's table."""

    def __init__(self, loop: Loop[D, R], parts: Parts, report: Report) -> None:
        """Read the records of its runs as they were at the report's moment; the table is read later."""
        self._loop = loop
        self._parts = parts
        self._report = report
        self._runs = RowsByRun(parts.bookkeeping, loop.table, report.read_time)
        self._present = parts.tables.present(loop.row)

    def rows(self) -> Iterator[tuple[str, Held[R]]]:
        """Yield every row that can be placed, with its first key column, and count them by run."""
        before: tuple[Any, ...] | None = None
        for record in self._records():
            self._runs.count(record)
            key = tuple(record[name] for name in self._loop.row.TABLE.key)
            if not key_is_whole(self._loop.row, record):
                self._report.add(Kind.INVALID, f"{_text(key)}: no key or no revision")
                continue
            if key == before:
                self._report.add(Kind.DUPLICATES, _text(key))
            before = key
            yield str(key[0]), Held(key, record, self._checked(_text(key), record))
        self._runs.report(self._report)

    def together(self, held: Sequence[Held[R]]) -> None:
        """Judge the rows of one first key column together, if each of them can be."""
        rows = [one.row for one in held if one.row is not None]
        for text in self._loop.contradictions(rows) if len(rows) == len(held) else ():
            self._report.add(Kind.CONTRADICTORY, f"{held[0].key[0]}: {text}")

    def stored(self, identities: Sequence[Any]) -> Mapping[Any, Sequence[Stored]]:
        """Look first key columns up, whatever has been read."""
        return {} if self._present is None else self._parts.warehouse.stored(self._loop.row, identities)

    def _records(self) -> Iterator[Record]:
        if self._present is None:
            self._parts.log.event("the table does not exist yet", table=self._loop.table)
            return
        report = self._report
        for record in in_pages(partial(self._page, self._present), self._loop.row.TABLE.key[0], audit_pages.PAGE):
            report.rows += 1
            if report.rows % PROGRESS == 0:
                self._parts.log.event("audit under way", rows=report.rows, documents_due=report.due)
            yield record

    def _page(self, present: Container[str], first: str | None, most: int) -> Iterator[Record]:
        warehouse, row, onwards = self._parts.warehouse, self._loop.row, first is not None
        statement = sql.in_order(warehouse.table(row), row, present, most, onwards=onwards)
        return warehouse.rows(statement, [ScalarQueryParameter("first", "STRING", first)] if onwards else [])

    def _checked(self, key: str, record: Record) -> R | None:
        if record["source_path"] != self._source_path(record[self._loop.row.TABLE.key[0]]):
            self._report.add(Kind.UNEXPLAINED, f"{key}: source_path")
        checked = check(self._loop.row, record)
        if checked.newer:
            self._report.add(Kind.NEWER, f"{key}: schema version {record['schema_version']}")
        if checked.faults:
            self._report.add(Kind.INVALID, f"{key}: {', '.join(checked.faults)}")
        if checked.row is not None:
            self._recompute(key, checked.row)
        return checked.row

    def _source_path(self, name: str) -> str:
        if self._loop.origin is Origin.BROKER:
            return path_of(self._loop.source, name)
        return self._parts.source(self._loop).path(self._loop.source, name)

    def _recompute(self, key: str, row: R) -> None:
        wrong = recomputed(row, self._loop.follows, self._runs.as_of(row.run_id))
        if "ds" in wrong:
            self._report.add(Kind.MISPLACED, f"{key}: {row.ds}")
        if sums := [name for name in wrong if name != "ds"]:
            self._report.add(Kind.WRONG_SUMS, f"{key}: {', '.join(sums)}")


def _text(key: tuple[Any, ...]) -> str:
    return ", ".join(map(str, key))
