"""The database file: the newest version of every document, and the time of the last commit.

A commit is on file before it is acknowledged, so it outlives the process however that ends. Earlier versions are
not kept: a restarted server refuses to read at a time before its last commit.
"""

import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

_TABLES = """
CREATE TABLE IF NOT EXISTS documents (name TEXT PRIMARY KEY, micros INTEGER NOT NULL, body BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS last_commit (only INTEGER PRIMARY KEY CHECK (only = 1), micros INTEGER NOT NULL);
"""


class StoredDocument(NamedTuple):
    """One row of the file: a document's name, update time and serialized message (None deletes it)."""

    name: str
    micros: int
    body: bytes | None


class DatabaseFile:
    """One SQLite file. Its caller makes sure that one thread at a time uses it."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=0, check_same_thread=False, isolation_level=None)
        # A second server on the file would serve and write its own idea of it.
        self._connection.execute("PRAGMA locking_mode = EXCLUSIVE")
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        self._connection.executescript(_TABLES)

    def documents(self) -> Iterator[StoredDocument]:
        """Every document on file, ordered by name."""
        with closing(self._connection.execute("SELECT name, micros, body FROM documents ORDER BY name")) as rows:
            yield from (StoredDocument(*row) for row in rows)

    def last_commit(self) -> int:
        """The time of the last commit in microseconds, 0 when there was none."""
        row = self._connection.execute("SELECT micros FROM last_commit").fetchone()
        return int(row[0]) if row else 0

    def commit(self, changes: Iterable[StoredDocument], micros: int) -> None:
        """Writes all changes and the commit's time, or nothing."""
        changes = list(changes)
        kept = [change for change in changes if change.body is not None]
        gone = [(change.name,) for change in changes if change.body is None]
        with self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            self._connection.executemany("INSERT OR REPLACE INTO documents VALUES (?, ?, ?)", kept)
            self._connection.executemany("DELETE FROM documents WHERE name = ?", gone)
            self._connection.execute("INSERT OR REPLACE INTO last_commit VALUES (1, ?)", (micros,))

    def close(self) -> None:
        """Folds the write-ahead log into the file and lets go of it."""
        self._connection.close()
