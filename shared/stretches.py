"""A collection read in stretches: by name only where the table holds most of it already, else whole.

Every answer carries its document's update time, so the names alone tell which documents the table holds as they are.
On a day like any other those are nearly all, and a name costs a fifth of its document.
"""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.table import ArchivedRow
from shared.batching import ahead
from shared.documents import PAGE, Documents, IncompleteError
from shared.shards import WHOLE, Shard
from shared.values import RawDocument
from shared.warehouse import ASKED_AHEAD, Asked, Held, Stored, Warehouse

_NAME = ("__name__",)
_TRIED = 500
"""Names read before it is known whether reading names pays."""
_NAMES = 5000
"""Names read at once where it does. They are held until the table has said what it knows of them, with those that are
read meanwhile: 2 kB each."""


@dataclass(frozen=True)
class Stretch:
    """Some documents that follow each other, each of them once."""

    known: Sequence[Stored]
    """What the table holds of those that it holds at their revision or a newer one."""
    documents: Iterable[RawDocument]
    """Those that it does not; or all of the stretch, where few are known."""
    stored: Held | None = None
    """What the table holds of these documents, by their ids; None where it was not asked."""
    others: int = 0
    """Documents of other shards that were passed over."""


@dataclass(frozen=True)
class _Names:
    """Documents that follow each other, by name, about which the table is being asked."""

    after: str | None
    """Id of the document before them."""
    own: Sequence[RawDocument]
    others: int
    asked: Asked


class Stretches:
    """The stretches of one collection at one moment. For rows whose key is the id of their document."""

    def __init__(
        self,
        documents: Documents,
        warehouse: Warehouse,
        collection: str,
        row: type[ArchivedRow],
        read_time: datetime,
        shard: Shard = WHOLE,
    ) -> None:
        """Read what of `collection` is in `shard`, and look it up in the table of `row`."""
        self._shard = shard
        self._documents = documents
        self._warehouse = warehouse
        self._collection = collection
        self._row = row
        self._read_time = read_time
        self._after: str | None = None
        self._ended = False
        self._pays = True

    def __iter__(self) -> Iterator[Stretch]:
        """Yield stretches to the end; the documents of each are read before the next one is asked for.

        A few names are tried. Where most of them are known, so probably are the next; where not, whole pages are read
        before names are tried again, each time twice as many. Of a shard all names are read, for most documents are
        another one's.
        """
        patience = 1
        while not self._ended:
            if self._shard != WHOLE or (yield from self._tried()):
                patience = 1
                yield from self._by_name()
            for _ in range(patience):
                if not self._ended:
                    yield Stretch((), self._page(PAGE))
            patience *= 2

    def _tried(self) -> Generator[Stretch, None, bool]:
        """Yield the stretch of a few names, if reading them paid; else these are read whole with those that follow."""
        names = self._named(_TRIED)
        if stretch := self._paid(names, names.asked()):
            yield stretch
            return True
        self._after, self._ended = names.after, False
        return False

    def _by_name(self) -> Iterator[Stretch]:
        """Read names, some ahead of what the table says of them, until few are known or there are no more."""
        self._pays = True
        for names in ahead(self._names_while_they_pay(), ASKED_AHEAD):
            stored = names.asked()
            stretch = self._paid(names, stored)
            self._pays = self._pays and stretch is not None
            yield stretch or Stretch((), self._again(names.after, len(names.own)), stored)

    def _names_while_they_pay(self) -> Iterator["_Names"]:
        while self._pays and not self._ended:
            yield self._named(_NAMES)

    def _named(self, most: int) -> "_Names":
        after = self._after
        read = list(self._page(most, _NAME))
        own = [one for one in read if self._shard.holds(one.id)]
        return _Names(after, own, len(read) - len(own), self._warehouse.asked(self._row, [one.id for one in own]))

    def _paid(self, names: "_Names", stored: Held) -> Stretch | None:
        """Make the stretch of some names, if the table, which holds `stored` of them, knows most."""
        known = _known(names.own, stored)
        if self._shard == WHOLE and 2 * len(known) < len(names.own):
            return None
        return Stretch(list(known.values()), self._unknown(names.own, known), stored, names.others)

    def _page(self, most: int, fields: Sequence[str] = ()) -> Iterator[RawDocument]:
        seen = 0
        for document in self._documents.page(self._collection, self._read_time, self._after, fields, most):
            seen += 1
            self._after = document.id
            yield document
        self._ended = seen < most

    def _unknown(self, names: Sequence[RawDocument], known: Mapping[str, Stored]) -> Iterator[RawDocument]:
        """Read whole what is not known.

        Raises:
            IncompleteError: Not all of it was answered, although it was there at this very moment.
        """
        unknown = [one.id for one in names if one.id not in known]
        answered = 0
        for document in self._documents.named(self._collection, unknown, self._read_time):
            answered += 1
            yield document
        if answered < len(unknown):
            lacking = len(unknown) - answered
            raise IncompleteError(
                f"{lacking} of {len(unknown)} documents of {self._collection} that a scan named were not found"
            )

    def _again(self, after: str | None, count: int) -> Iterator[RawDocument]:
        """Read whole, in one go, the documents whose names were read in vain."""
        return self._documents.page(self._collection, self._read_time, after, (), count)


def _known(names: Sequence[RawDocument], stored: Held) -> Mapping[str, Stored]:
    newest = {name: max(held, key=lambda one: one.source_rev) for name, held in stored.items()}
    return {
        one.id: newest[one.id] for one in names if one.id in newest and newest[one.id].source_rev >= one.update_time
    }
