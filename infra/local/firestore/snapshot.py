"""Reading the store as it was at one instant."""

import heapq
from collections.abc import Iterator
from operator import attrgetter
from typing import NamedTuple

from infra.local.firestore.collection import Bound, Collection, NameRange, PathKey
from infra.local.firestore.names import DocumentName
from infra.local.firestore.store import Scope, Store

_SCAN_STEP = 1_000


class Found(NamedTuple):
    """A document that a scan came across."""

    key: PathKey
    name: str
    body: bytes


class Snapshot:
    """The documents at one instant, whatever is committed meanwhile."""

    def __init__(self, store: Store, micros: int) -> None:
        self.micros = micros
        self._store = store

    def body(self, name: DocumentName) -> bytes | None:
        """One document's serialized message, None where there is none."""
        return self._store.body_at(name, self.micros)

    def scan(self, scope: Scope, names: NameRange, *, descending: bool = False) -> Iterator[Found]:
        """The documents in scope and range, ordered by name."""
        scans = [self._scan(each, names, descending=descending) for each in self._store.collections(scope)]
        if len(scans) == 1:
            return scans[0]
        return heapq.merge(*scans, key=attrgetter("key"), reverse=descending)

    def below(self, parent: str) -> Iterator[str]:
        """Full names of the collections at any depth below the parent that hold a document."""
        for collection in self._store.collections(Scope(parent, "", descendants=True)):
            if next(self._scan(collection, NameRange(), descending=False), None) is not None:
                yield collection.name

    def _scan(self, collection: Collection, names: NameRange, *, descending: bool) -> Iterator[Found]:
        """Takes the ids step by step, so that a page of a large collection costs a page."""
        while True:
            ids = self._store.ids(collection, names, descending=descending, at_most=_SCAN_STEP)
            for identifier in ids:
                body = collection.body_at(identifier, self.micros)
                if body is not None:
                    yield Found(collection.key(identifier), f"{collection.name}/{identifier}", body)
            if len(ids) < _SCAN_STEP:
                return
            seen = Bound(collection.key(ids[-1]), inclusive=False)
            names = names._replace(upper=seen) if descending else names._replace(lower=seen)
