"""Newer rows for older ones: what a loop derives anew, with what other jobs wrote taken over."""

from collections.abc import Iterator, Sequence
from decimal import localcontext
from typing import Any, TypeVar

from schemas.document import Document
from schemas.table import ArchivedRow
from shared.batching import batches
from shared.formulae import EXACT
from shared.loop import Loop
from shared.parts import Parts
from shared.warehouse import MAX_REVISIONS, Stored

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)


def key_of(row: ArchivedRow) -> tuple[Any, ...]:
    """Read a row's key, in the order of its table's."""
    return tuple(getattr(row, name) for name in row.TABLE.key)


def stored_of(row: ArchivedRow) -> Stored:
    """Say of a row what the table says of its key."""
    return Stored(key_of(row), row.ds, row.source_rev)


def reconciled(loop: Loop[D, R], rows: Sequence[R], parts: Parts, run_id: str) -> Iterator[tuple[R, R]]:
    """Pair each stored row with the one that shall take its place. A row that vanished meanwhile has no pair."""
    found = parts.warehouse.stored(loop.row, [key_of(row)[0] for row in rows])
    by_key = {key_of(row): row for row in rows}
    held = [one for stored in found.values() for one in stored if one.key in by_key]
    for some in batches(held, MAX_REVISIONS):
        for old in parts.warehouse.fetch(loop.row, some):
            if row := by_key.get(key_of(old)):
                with localcontext(EXACT):
                    new = loop.reconcile(row, old)
                yield old, new.model_copy(update={"revised_by": run_id, "revised_at": parts.clock()})
