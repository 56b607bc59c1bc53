"""Firestore and BigQuery as far as the protocol can tell: leases, streams, a table, and a source that changes.

Written anew for the random schedules and shares nothing with the model's states, so that one checks the other.
"""

from dataclasses import dataclass, field
from enum import Enum, auto

Revisions = dict[str, int]
"""Key → revision."""


class Life(Enum):
    """Where a PENDING stream is in its life."""

    DRAFT = auto()
    OPEN = auto()
    COMMITTED = auto()
    FORGOTTEN = auto()
    GONE = auto()


class Said(Enum):
    """What a commit was answered."""

    DONE = auto()
    NOT_FOUND = auto()
    NOT_FINALIZED = auto()


@dataclass(frozen=True)
class Intent:
    """A stream about to be committed."""

    stream: str
    n: int
    day: int
    """When it was written."""


@dataclass
class LeaseAt:
    """One lease document."""

    fence: int = 0
    execution: int = 0
    intent: Intent | None = None


@dataclass
class Stream:
    """One PENDING stream; its name is the run id of its rows."""

    rows: Revisions
    day: int
    life: Life = Life.DRAFT


@dataclass
class Row:
    """One row of the fact table."""

    revision: int
    run: str


@dataclass
class Servers:
    """All state that survives a process. Every method is atomic, as a transaction or a request is."""

    commits_once: bool = True
    """BigQuery's promise that a committed stream adds no rows when it is committed again."""
    day: int = 0
    leases: list[LeaseAt] = field(default_factory=lambda: [LeaseAt(), LeaseAt()])
    streams: dict[str, Stream] = field(default_factory=dict)
    table: dict[str, list[Row]] = field(default_factory=dict)
    live: Revisions = field(default_factory=dict)
    newest: Revisions = field(default_factory=dict)
    retired: Revisions = field(default_factory=dict)

    def commit(self, name: str) -> Said:
        """Make the rows of a finalized stream visible, all at once."""
        stream = self.streams[name]
        if stream.life is Life.DRAFT:
            return Said.NOT_FINALIZED
        again = stream.life is Life.COMMITTED and not self.commits_once
        if stream.life is Life.OPEN or again:
            for key, revision in stream.rows.items():
                self.table.setdefault(key, []).append(Row(revision, name))
            stream.life = Life.COMMITTED
        return Said.DONE if stream.life is Life.COMMITTED else Said.NOT_FOUND

    def count(self, run: str) -> tuple[int, int]:
        """How many rows a run has in the table, and what day it is."""
        return sum(row.run == run for rows in self.table.values() for row in rows), self.day

    def known(self) -> Revisions:
        """What the table holds."""
        return {key: max(row.revision for row in rows) for key, rows in self.table.items()}

    def pass_a_day(self) -> None:
        """What was not committed within a day never will be."""
        self.day += 1
        for stream in self.streams.values():
            if stream.day < self.day and stream.life in {Life.DRAFT, Life.OPEN}:
                stream.life = Life.GONE

    def write(self, key: str) -> None:
        """The hot side creates or edits a document."""
        self.newest[key] = self.live[key] = self.newest.get(key, 0) + 1

    def retire(self, key: str, *, checks_revision: bool) -> None:
        """The retire job deletes a document that the table holds."""
        held, live = self.known().get(key), self.live.get(key)
        if held and live and (held == live or not checks_revision):
            self.retired[key] = self.live.pop(key)

    def violation(self) -> str | None:
        """DUP: a key is twice in the table. LOST: a retired revision is not in it."""
        if any(len(rows) > 1 for rows in self.table.values()):
            return "DUP"
        known = self.known()
        return "LOST" if any(known.get(key, 0) < revision for key, revision in self.retired.items()) else None

    def misses(self) -> bool:
        """Whether a live document is not in the table at its revision."""
        known = self.known()
        return any(known.get(key) != revision for key, revision in self.live.items())
