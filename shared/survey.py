"""The reading half of a run: documents in, pages of checked rows and rejects out. It writes nothing.

A run and its dry run share it, so a dry run sees exactly what a run would do.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import localcontext
from functools import partial
from itertools import islice
from typing import Any, Generic, TypeVar

from schemas import SCHEMA_VERSION
from schemas.document import Document
from schemas.run_record import RunRecord
from schemas.table import ArchivedRow, Provenance
from shared.account_pages import AccountPages
from shared.batching import ahead, sized_batches
from shared.evidence import Gatherer
from shared.formulae import EXACT
from shared.guardian import SchemaGuardian
from shared.loop import Candidate, Evidence, Loop, Origin, Verdict
from shared.parts import Parts
from shared.quarantine import Reject
from shared.settings import Settings
from shared.shards import WHOLE, Shard
from shared.stretches import Stretches
from shared.values import RawDocument, to_json
from shared.warehouse import ASKED_AHEAD, Asked, Held

D = TypeVar("D", bound=Document)
R = TypeVar("R", bound=ArchivedRow)
S = TypeVar("S", bound=Candidate[Any] | Reject)

MAX_PAGE_BYTES = 3_000_000
"""Serialized bytes of the documents worked on together; read into memory they take several times as much, and the next
pages are read meanwhile."""
MAX_DRIFT = 100
"""Unknown fields named in a run record, the most frequent ones; a record holds 1 MiB."""


@dataclass(frozen=True)
class Options:
    """What a caller may ask of a run."""

    as_of: datetime | None = None
    """Decides what is due; None means now, by the source's clock."""
    since: date | None = None
    """First partition wanted."""
    until: date | None = None
    """Last partition wanted, included."""
    limit: int | None = None
    """At most this many due documents."""
    dry_run: bool = False
    refresh: bool = False
    delete: bool = False
    """Whether a retirement really deletes."""
    position: str | None = None
    """Only this document; for a patch of documents."""
    shard: Shard = WHOLE
    """Which documents are this run's; the others are another one's."""

    @property
    def narrowed(self) -> bool:
        """Whether only a part of what is due is wanted."""
        return (self.limit, self.since, self.until, self.position) != (None, None, None, None)

    def wants(self, day: date) -> bool:
        """Whether a partition is within since and until."""
        return (self.since is None or self.since <= day) and (self.until is None or day <= self.until)


@dataclass
class Page(Generic[R]):
    """Some documents, sorted by what becomes of them."""

    new: list[R] = field(default_factory=list)
    revised: list[R] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    """Paths of documents whose revision the table holds."""
    rejects: list[Reject] = field(default_factory=list)


def judge(
    loop: Loop[D, R], guardian: SchemaGuardian[D, R], source: RawDocument, as_of: datetime, settings: Settings
) -> Candidate[D] | Reject | None:
    """Tell what a document is to a loop as of a moment: due, broken, or (None) not its business yet.

    A broken document is one even before it is due, for when it is due cannot be told.
    """
    if loop.ignores(source.fields):
        return None
    admitted = guardian.admit(source)
    if isinstance(admitted, Reject):
        return admitted
    return Candidate(admitted, source, as_of) if loop.due(admitted, as_of, settings) else None


def paged(documents: Iterable[S], settings: Settings) -> Iterator[list[S]]:
    """Cut documents into pages that are worked on together, by their number and by their weight."""
    return sized_batches(documents, settings.page_size, MAX_PAGE_BYTES, lambda one: one.source.size)


def _answered(stored: Held) -> Asked:
    return lambda: stored


class Survey(Generic[D, R]):
    """Reads the source of one loop at one moment."""

    def __init__(self, loop: Loop[D, R], options: Options, parts: Parts, record: RunRecord) -> None:
        """Survey for the run of `record`, whose read_time is set."""
        if record.read_time is None:
            raise ValueError("a survey reads at the record's read_time, which is not set")
        self._loop = loop
        self._options = options
        self._parts = parts
        self._record = record
        self._read_time = record.read_time
        self._as_of = record.as_of
        self._seen = 0
        self._guardian: SchemaGuardian[D, R] = SchemaGuardian(loop.document, parts.settings.max_document_bytes)
        self._gatherer = Gatherer(
            parts.settings, parts.broker, parts.documents, parts.warehouse, min(self._as_of, self._read_time)
        )
        self._accounts = AccountPages(self._gatherer.accounts, parts, record)
        self._told: dict[str, RawDocument] = {}
        """Accounts as the broker stated them, by path."""

    def pages(self) -> Iterator[Page[R]]:
        """Yield everything that is due, page by page, and count it in the record."""
        if self._loop.origin is Origin.BROKER:
            yield from self._accounts.pages(self._all_due(), lambda one: self._page(one, self._ask(one)))
        else:
            unmade = self._stretches() if self._by_name_first else self._unmade(self._all_due())
            yield from (make() for make in ahead(unmade, ASKED_AHEAD))
        self._record.drift = dict(self._guardian.drift.most_common(MAX_DRIFT))
        self._record.broker_calls = self._parts.broker.calls

    @property
    def _by_name_first(self) -> bool:
        """Whether the names and update times of documents tell what the table holds of them.

        A run that counts to a limit reads every document, for the limit is one of those that are due.
        """
        return self._loop.is_keyed_by_name and not self._options.refresh and self._options.limit is None

    def _stretches(self) -> Iterator[Callable[[], Page[R]]]:
        documents, collection = self._parts.source(self._loop), self._loop.source
        read = Stretches(
            documents, self._parts.warehouse, collection, self._loop.row, self._read_time, self._options.shard
        )
        for stretch in read:
            self._seen += len(stretch.known) + stretch.others
            wanted = [one for one in stretch.known if self._options.wants(one.ds)]
            self._record.counts.not_due += len(stretch.known) - len(wanted)
            if wanted:
                yield partial(self._known, [documents.path(collection, one.key[0]) for one in wanted])
            yield from self._unmade(self._due(stretch.documents), stretch.stored)

    def _known(self, paths: list[str]) -> Page[R]:
        self._record.counts.read += len(paths)
        return Page(already=paths)

    def _unmade(
        self, due: Iterable[Candidate[D] | Reject], stored: Held | None = None
    ) -> Iterator[Callable[[], Page[R]]]:
        """Yield pages that are still to be made, about which the table is being asked already."""
        for batch in paged(due, self._parts.settings):
            asked = self._ask(batch) if stored is None else _answered(stored)
            yield partial(self._made, batch, asked)

    def _ask(self, batch: Sequence[Candidate[D] | Reject]) -> Asked:
        """Begin to look up what the table holds of valid documents, and of refused ones where that makes them done."""
        valid = [self._loop.key(one)[0] for one in batch if isinstance(one, Candidate)]
        refused = [one.source.id for one in batch if isinstance(one, Reject) and self._loop.is_keyed_by_name]
        return self._parts.warehouse.asked(self._loop.row, valid + refused)

    def _made(self, batch: Sequence[Candidate[D] | Reject], asked: Asked) -> Page[R]:
        # Counted first: when the page fails, its documents are pending.
        self._record.counts.read += len(batch)
        return self._page(batch, asked)

    def blind_spot(self) -> int:
        """Count documents that the collection holds and the survey did not see: 0 for a scan that ran to its end."""
        if self._loop.origin is not Origin.FIRESTORE or self._options.limit is not None:
            return 0
        return self._parts.source(self._loop).count(self._loop.source, self._read_time) - self._seen

    def held(self, paths: Iterable[str]) -> Iterator[str]:
        """Find out which documents the table holds as they now are: what is due and archived."""
        settings = self._parts.settings
        found = (judge(self._loop, self._guardian, one, self._as_of, settings) for one in self._named(paths))
        for batch in paged((one for one in found if one is not None), settings):
            stored = self._ask(batch)()
            verdicts = self._classified(batch, stored, refresh=False)
            yield from (one.source.path for one, verdict in verdicts if verdict is Verdict.ALREADY)
            archived, _ = self._refused(batch, stored)
            yield from (one.source.path for one in archived)

    def _named(self, paths: Iterable[str]) -> Iterator[RawDocument]:
        if self._loop.origin is Origin.BROKER:
            return (self._told[path] for path in paths if path in self._told)
        return self._parts.source(self._loop).named(self._loop.source, (path.rpartition("/")[2] for path in paths))

    def _documents(self) -> Iterator[RawDocument]:
        if self._loop.origin is Origin.BROKER:
            for account in self._accounts.documents(self._loop, self._read_time):
                self._told[account.path] = account
                yield account
            return
        yield from self._parts.source(self._loop).scan(self._loop.source, self._read_time)

    def _all_due(self) -> Iterator[Candidate[D] | Reject]:
        return islice(self._due(self._documents()), self._options.limit)

    def _due(self, documents: Iterable[RawDocument]) -> Iterator[Candidate[D] | Reject]:
        for source in documents:
            self._seen += 1
            if not self._options.shard.holds(source.id):
                continue
            found = judge(self._loop, self._guardian, source, self._as_of, self._parts.settings)
            if found is None or (isinstance(found, Candidate) and not self._options.wants(self._loop.ds(found))):
                self._record.counts.not_due += 1
            else:
                yield found

    def _page(self, batch: Sequence[Candidate[D] | Reject], asked: Asked) -> Page[R]:
        stored = asked()
        archived, rejects = self._refused(batch, stored)
        page: Page[R] = Page(rejects=rejects)
        judged = list(self._classified(batch, stored, refresh=self._options.refresh))
        page.already += (one.source.path for one, verdict in judged if verdict is Verdict.ALREADY)
        page.already += (one.source.path for one in archived)
        work = [one for one in judged if one[1] is not Verdict.ALREADY]
        settings = self._parts.settings
        evidence = self._gatherer.gather([self._loop.wants(one, settings) for one, _ in work], self._read_time)
        with localcontext(EXACT):
            for candidate, verdict in work:
                row = self._guardian.check(candidate.source, partial(self._row, candidate, evidence))
                self._sort(row, verdict, page)
        return page

    def _row(self, candidate: Candidate[D], evidence: Evidence) -> R:
        provenance = self._provenance(candidate.source, candidate.document.extra)
        return self._loop.build(candidate, evidence, provenance)

    def _refused(self, batch: Sequence[Candidate[D] | Reject], stored: Held) -> tuple[list[Reject], list[Reject]]:
        """Part the refused documents: those that the table holds all the same, and those that it does not."""
        archived, others = list[Reject](), list[Reject]()
        for one in (one for one in batch if isinstance(one, Reject)):
            held = self._loop.is_archived(one.source, stored.get(one.source.id, ()))
            (archived if held else others).append(one)
        return archived, others

    def _classified(
        self, batch: Sequence[Candidate[D] | Reject], stored: Held, *, refresh: bool
    ) -> Iterator[tuple[Candidate[D], Verdict]]:
        """Compare candidates with what the table holds for their keys, over all partitions."""
        for one in (one for one in batch if isinstance(one, Candidate)):
            key = self._loop.key(one)
            candidate = Candidate(one.document, one.source, one.as_of, tuple(stored.get(key[0], ())))
            yield candidate, self._loop.classify(candidate, key, refresh)

    def _sort(self, row: R | Reject, verdict: Verdict, page: Page[R]) -> None:
        if isinstance(row, Reject):
            page.rejects.append(row)
        elif verdict is Verdict.NEW:
            page.new.append(row)
        else:
            page.revised.append(row)

    def _provenance(self, source: RawDocument, extra: dict[str, Any]) -> Provenance:
        return Provenance(
            source_path=source.path,
            source_rev=source.update_time,
            source_extra=to_json(extra) if extra else None,
            run_id=self._record.run_id,
            revised_by=None,
            revised_at=None,
            git_hash=self._record.git_hash,
            schema_version=SCHEMA_VERSION,
            archived_at=self._parts.clock(),
        )
