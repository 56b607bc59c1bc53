"""One collection in memory: every document's versions, and the ids in order."""

from bisect import bisect_left, bisect_right, insort
from typing import NamedTuple

from infra.local.firestore.names import path_key

PathKey = tuple[str, ...]


class Bound(NamedTuple):
    """One end of a range of document names."""

    key: PathKey
    inclusive: bool


class NameRange(NamedTuple):
    """A range of document names; None is an open end."""

    lower: Bound | None = None
    upper: Bound | None = None


class Version(NamedTuple):
    """A document from `micros` until its next version; `body` is the serialized message, None when deleted."""

    micros: int
    body: bytes | None


class Collection:
    """The documents directly inside one collection.

    A document's versions are a tuple that is replaced, never changed: readers need no lock to look one up.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._prefix = path_key(name)
        self._ids: list[str] = []
        self._versions: dict[str, tuple[Version, ...]] = {}

    def latest(self, identifier: str) -> Version | None:
        """The newest version, which may be a deletion."""
        versions = self._versions.get(identifier)
        return versions[-1] if versions else None

    def body_at(self, identifier: str, micros: int) -> bytes | None:
        """The document as it was at that instant."""
        for version in reversed(self._versions.get(identifier, ())):
            if version.micros <= micros:
                return version.body
        return None

    def put(self, identifier: str, version: Version) -> None:
        """Adds a version that is newer than all there are."""
        earlier = self._versions.get(identifier)
        if earlier is None:
            insort(self._ids, identifier)
        self._versions[identifier] = (*(earlier or ()), version)

    def forget(self, identifier: str, before: int) -> None:
        """Drops the versions that no read at `before` or later can see."""
        versions = self._versions.get(identifier, ())
        visible = sum(version.micros <= before for version in versions)
        kept = versions[max(visible - 1, 0) :]
        if len(kept) == 1 and kept[0].body is None and kept[0].micros <= before:
            self._remove(identifier)
        elif versions:
            self._versions[identifier] = kept

    def ids(self, names: NameRange, *, descending: bool, at_most: int) -> list[str]:
        """The first ids of the range in the given direction, documents that are deleted by now included."""
        low = self._position(names.lower, after=False) if names.lower else 0
        high = self._position(names.upper, after=True) if names.upper else len(self._ids)
        if descending:
            return self._ids[max(low, high - at_most) : max(low, high)][::-1]
        return self._ids[low : min(high, low + at_most)]

    def key(self, identifier: str) -> PathKey:
        """The document's place in the order of names."""
        return (*self._prefix, identifier)

    def _position(self, bound: Bound, *, after: bool) -> int:
        bisect = bisect_right if bound.inclusive is after else bisect_left
        return bisect(self._ids, bound.key, key=self.key)

    def _remove(self, identifier: str) -> None:
        del self._versions[identifier]
        del self._ids[bisect_left(self._ids, identifier)]
