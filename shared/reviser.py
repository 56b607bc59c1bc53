"""Revisions of a run: rows wait until there are enough of them for a few requests, and are then brought in and checked.

An UPDATE is guarded by the revision it overwrites, so it may be sent at any moment of a run and any number of times.
"""

from typing import Any, Generic, TypeVar

from schemas.document import Document
from schemas.run_record import RunRecord
from schemas.table import ArchivedRow
from shared.log import Severity
from shared.loop import Loop
from shared.parts import Parts
from shared.revision import key_of, reconciled
from shared.warehouse import request_bytes

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)

MAX_WAITING = 1000
MAX_WAITING_BYTES = 20_000_000
"""Rows and estimated bytes that wait; each portion costs a few questions and, for every 200 rows, one UPDATE."""
PATCH_RACES = 3
"""How often a revision is tried again when a patch touches the row in between."""
NAMED = 20
"""Keys named in one event."""


class Reviser(Generic[D, R]):
    """Brings rows to newer revisions, keeping what patches wrote, and counts what became of them."""

    def __init__(self, loop: Loop[D, R], parts: Parts, record: RunRecord) -> None:
        """Revise for `record`'s run."""
        self._loop = loop
        self._parts = parts
        self._record = record
        self._waiting: list[R] = []
        self._bytes = 0

    def take(self, rows: list[R]) -> None:
        """Take rows in; where enough wait, they are sent."""
        for row in rows:
            self._waiting.append(row)
            self._bytes += request_bytes(row)
            if len(self._waiting) == MAX_WAITING or self._bytes >= MAX_WAITING_BYTES:
                self.finish()

    def finish(self) -> None:
        """Send what waits and look at what the table then holds."""
        rows, self._waiting, self._bytes = self._waiting, [], 0
        behind = self._revised(rows)
        self._record.counts.revised += len(rows) - len(behind)
        self._record.counts.pending += len(behind)
        if behind:
            keys = [str(key_of(row)) for row in behind[:NAMED]]
            self._parts.log.event("rows could not be revised", Severity.ERROR, rows=len(behind), keys=keys)

    def _revised(self, rows: list[R]) -> list[R]:
        """Revise rows; a race with a patch is tried again. Returns those that are still behind."""
        left = rows
        for _ in range(PATCH_RACES):
            if not left:
                break
            pairs = reconciled(self._loop, left, self._parts, self._record.run_id)
            self._parts.warehouse.revise(self._loop.row, pairs)
            left = self._behind(left)
        return left

    def _behind(self, rows: list[R]) -> list[R]:
        """Find the rows that the table does not hold at their revision or a newer one."""
        found = self._parts.warehouse.stored(self._loop.row, sorted({key_of(row)[0] for row in rows}))
        held: dict[tuple[Any, ...], Any] = {one.key: one.source_rev for stored in found.values() for one in stored}
        return [row for row in rows if key_of(row) not in held or held[key_of(row)] < row.source_rev]
