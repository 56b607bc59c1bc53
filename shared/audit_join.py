"""Two ordered streams side by side: what is in both, and what is in one of them. Holds one item of each at a time."""

from collections.abc import Iterable, Iterator
from heapq import merge
from itertools import groupby
from typing import TypeVar

from shared.documents import OutOfOrderError, is_numbered
from shared.values import RawDocument

L = TypeVar("L")
R = TypeVar("R")


def side_by_side(
    left: Iterable[tuple[str, L]], right: Iterable[tuple[str, R]]
) -> Iterator[tuple[str, list[L], R | None]]:
    """Yield every name that either stream holds, with all that the left and the one thing that the right has for it.

    Both must be ordered by name as Python orders text, which is the order of UTF-8 bytes, that of Firestore and
    BigQuery. Names of the right are unique.

    Raises:
        OutOfOrderError: One of them is not.
    """
    groups, others = _grouped(left), _ascending(right)
    group, other = next(groups, None), next(others, None)
    while group or other:
        if other is None or (group and group[0] < other[0]):
            assert group  # noqa: S101 - one of the two is there
            yield group[0], group[1], None
            group = next(groups, None)
        elif group is None or other[0] < group[0]:
            yield other[0], [], other[1]
            other = next(others, None)
        else:
            yield group[0], group[1], other[1]
            group, other = next(groups, None), next(others, None)


def by_bytes(documents: Iterable[RawDocument]) -> Iterator[RawDocument]:
    """Bring a scan into the order of its names' bytes: numbered ids, which Firestore names first, to their place.

    Ids are numbers where Datastore made them, which no engine of ours does, so there are few: they are held at once.
    """
    numbered: list[RawDocument] = []
    for are_numbered, some in groupby(documents, key=lambda one: is_numbered(one.id)):
        if are_numbered:
            numbered = sorted(some, key=_name)
        else:
            yield from merge(numbered, some, key=_name)
            numbered = []
    yield from numbered


def _name(document: RawDocument) -> str:
    return document.id


def _grouped(items: Iterable[tuple[str, L]]) -> Iterator[tuple[str, list[L]]]:
    groups = ((name, [item for _, item in some]) for name, some in groupby(items, key=lambda item: item[0]))
    yield from _ascending(groups)


def _ascending(items: Iterable[tuple[str, R]]) -> Iterator[tuple[str, R]]:
    before: str | None = None
    for item in items:
        if before is not None and item[0] <= before:
            raise OutOfOrderError(f"{item[0]!r} comes after {before!r}, so two stores cannot be compared by name")
        before = item[0]
        yield item
