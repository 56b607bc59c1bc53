"""All databases of one server: the versions of every document in memory, and on file where one is given."""

import threading
from collections import deque
from collections.abc import Mapping
from typing import NamedTuple

from infra.local.firestore.clock import Clock
from infra.local.firestore.collection import Collection, NameRange, Version
from infra.local.firestore.disk import DatabaseFile, StoredDocument
from infra.local.firestore.errors import failed_precondition, invalid, unavailable
from infra.local.firestore.names import DocumentName

HISTORY_MICROS = 3_600 * 1_000_000
"""How far back reads reach: one hour, as in a database without point-in-time recovery."""


class Scope(NamedTuple):
    """The collections that a query looks through."""

    parent: str
    """Full name of a document, or `…/documents`."""
    collection_id: str
    """Empty for collections of every id."""
    descendants: bool
    """Whether collections at any depth below the parent count, not only those directly in it."""

    def holds(self, collection: str) -> bool:
        """Whether documents of the collection with this full name are in scope."""
        parent, _, identifier = collection.rpartition("/")
        if self.collection_id and identifier != self.collection_id:
            return False
        return parent == self.parent or (self.descendants and parent.startswith(self.parent + "/"))


class Store:
    """Documents by collection. Writers hold `lock`; readers need it only for the ordered lists of ids."""

    def __init__(self, clock: Clock, file: DatabaseFile | None = None) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self._file = file
        self._collections: dict[str, Collection] = {}
        self._superseded: deque[tuple[int, DocumentName]] = deque()
        self._earliest_read = 0
        self._closed = False
        if file is not None:
            self._load(file)

    def latest(self, name: DocumentName) -> Version | None:
        """The newest version of a document, which may be a deletion."""
        collection = self._collections.get(name.collection)
        return collection.latest(name.id) if collection else None

    def body_at(self, name: DocumentName, micros: int) -> bytes | None:
        """The document as it was at that instant."""
        collection = self._collections.get(name.collection)
        return collection.body_at(name.id, micros) if collection else None

    def collections(self, scope: Scope) -> list[Collection]:
        """The collections in scope that hold, or once held, documents."""
        if scope.collection_id and not scope.descendants:
            only = self._collections.get(f"{scope.parent}/{scope.collection_id}")
            return [only] if only else []
        with self.lock:
            return [collection for name, collection in self._collections.items() if scope.holds(name)]

    def apply(self, changes: Mapping[DocumentName, bytes | None], micros: int) -> None:
        """Makes a commit's changes durable and visible; None deletes. The caller holds the lock."""
        if self._file is not None:
            self._file.commit([StoredDocument(name.full, micros, body) for name, body in changes.items()], micros)
        for name, body in changes.items():
            self._put(name, Version(micros, body))
        self._forget(micros - HISTORY_MICROS)

    def now(self) -> int:
        """An instant at which to read everything that is committed."""
        with self.lock:
            return self.clock.read()

    def readable(self, micros: int) -> int:
        """The instant itself, when it can still be read.

        Raises:
            RefusedError: It is in the future, or older than the history that is kept.
        """
        now = self.now()
        if micros > now:
            raise invalid("The requested read_time cannot be in the future.")
        if micros < max(now - HISTORY_MICROS, self._earliest_read):
            raise failed_precondition("The requested read_time is too old.")
        return micros

    def ids(self, collection: Collection, names: NameRange, *, descending: bool, at_most: int) -> list[str]:
        """The first ids of a range.

        Raises:
            RefusedError: The store is closed; a long scan must not hold up the end of the server.
        """
        with self.lock:
            if self._closed:
                raise unavailable("The server is stopping.")
            return collection.ids(names, descending=descending, at_most=at_most)

    def close(self) -> None:
        """Ends scans and lets go of the file."""
        with self.lock:
            self._closed = True
            if self._file is not None:
                self._file.close()

    def _put(self, name: DocumentName, version: Version) -> None:
        collection = self._collections.get(name.collection)
        if collection is None:
            collection = self._collections[name.collection] = Collection(name.collection)
        if collection.latest(name.id) is not None or version.body is None:
            self._superseded.append((version.micros, name))
        collection.put(name.id, version)

    def _forget(self, before: int) -> None:
        while self._superseded and self._superseded[0][0] <= before:
            _, name = self._superseded.popleft()
            self._collections[name.collection].forget(name.id, before)

    def _load(self, file: DatabaseFile) -> None:
        for name, micros, body in file.documents():
            collection, _, identifier = name.rpartition("/")
            self._put(DocumentName(collection, identifier), Version(micros, body))
        self._earliest_read = file.last_commit()
