"""The oracle: reads all stores by itself and says which invariant is broken, in sentences.

It imports nothing of the project and knows the contract from the design alone (`contract`): an error of the jobs cannot
repeat itself here.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime

from tests.faults import accounts_of_runs, conservation, rows
from tests.faults.stores import Fields, Look, Stores

AS_OF = datetime(2026, 10, 15, tzinfo=UTC)
"""When test runs take place, by their own account."""
_SEEN_AGAIN = frozenset({"last_seen", "attempts", "run_id"})
"""What a repeated run may change in a quarantine record."""


class Oracle:
    """Looks at one project and dataset again and again, and remembers the last look."""

    def __init__(self, environment: Mapping[str, str], *, as_of: datetime = AS_OF) -> None:
        """Look where the environment points; what is due is due at `as_of`."""
        self.stores = Stores(environment)
        self.as_of = as_of
        self.memory: rows.Memory = {}
        """What the last look saw of every row."""

    def broken(self, *, at_rest: bool = True, refused: Mapping[str, str] = {}) -> list[str]:
        """Name every invariant that does not hold; an empty list when all do.

        Args:
            at_rest: Whether nothing is under way and every job that ever ran has had a clean run since; else only what
                must hold at any moment is looked at.
            refused: Path and reason of every document that must be in quarantine then.
        """
        look = self.stores.look()
        found = [*always(look, self.memory), *(afterwards(look, self.as_of, refused) if at_rest else ())]
        self.memory |= rows.remembered(look)
        return found

    def fingerprint(self) -> dict[str, str]:
        """Hash each table, each source and what one more clean run must leave alone beside them."""
        return fingerprint(self.stores.look())


def always(look: Look, memory: rows.Memory) -> Iterator[str]:
    """Check what must hold at any moment."""
    yield from rows.unique(look)
    yield from rows.valid(look)
    yield from rows.truthful(look)
    yield from rows.never_back(look, memory)
    yield from conservation.receipts(look)
    yield from accounts_of_runs.explained(look)
    yield from accounts_of_runs.honest(look)


def afterwards(look: Look, as_of: datetime, refused: Mapping[str, str]) -> Iterator[str]:
    """Check what must hold once everything has been run to its end."""
    yield from conservation.whole(look, as_of, refused)
    yield from conservation.snapshots(look)
    yield from accounts_of_runs.at_rest(look)


def fingerprint(look: Look) -> dict[str, str]:
    """Hash what must not change, store by store."""
    quarantine = [{name: one[name] for name in one if name not in _SEEN_AGAIN} for one in look.quarantine]
    sources = {
        name: [{"path": path, **vars(one)} for path, one in found.items()] for name, found in look.sources.items()
    }
    tables = {f"table {name}": found for name, found in look.tables.items()}
    return {name: _hash(found) for name, found in {**sources, **tables, "quarantine": quarantine}.items()} | {
        "retired": _hash(look.receipts)
    }


def _hash(found: Iterable[Fields]) -> str:
    texts = sorted(repr(sorted(one.items())) for one in found)
    return hashlib.sha256("\n".join(texts).encode()).hexdigest()
