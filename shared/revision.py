"""Newer rows for older ones: what a loop derives anew, with what other jobs wrote taken over."""

from collections.abc import Iterator, Sequence
from decimal import localcontext
from typing import Any, TypeVar

from schemas.document import Document
from schemas.table import ArchivedRow
from shared.formulae import EXACT
from shared.loop import Loop
from shared.parts import Parts
from shared.warehouse import Stored

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
    held = [one for stored in found.values() for one in stored]
    stored = {key_of(row): row for row in parts.warehouse.fetch(loop.row, held)}
    for row, old in ((row, stored[key]) for row in rows if (key := key_of(row)) in stored):
        with localcontext(EXACT):
            new = loop.reconcile(row, old)
        yield old, new.model_copy(update={"revised_by": run_id, "revised_at": parts.clock()})
