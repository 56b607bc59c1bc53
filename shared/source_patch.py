"""A patch of source documents: those that lack something the broker knows get it, if they still lack it then.

Each document is read again and written in one transaction, so an engine that learns the value meanwhile is never
overwritten. What was replaced by what, and on whose word, is written into the document and into the run's record.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from google.api_core.exceptions import InvalidArgument
from google.cloud import firestore

from schemas.run_record import MAX_CHANGES, Change, RunRecord
from shared.lease import Lease
from shared.log import Severity
from shared.order_lookup import OrderLookup
from shared.parts import Parts
from shared.records import read_moment, redacted
from shared.survey import Options
from shared.transaction import transact
from shared.values import RawDocument, rfc3339

AUDIT_FIELD = "price_patch"
"""Where a document says which of its values came from a patch."""


REFUSED = "refused"
"""What became of a document that Firestore does not let be patched."""


class NoSuchDocumentError(Exception):
    """The one document that was asked for is not there."""


@dataclass(frozen=True)
class NewValue:
    """One value the broker knows."""

    field: str
    """As the document spells it."""
    old: Any
    new: Decimal
    evidence: str
    """The order that says so."""

    @property
    def stated(self) -> str:
        """The new value as text, to the last digit."""
        return f"{self.new.normalize():f}"

    @property
    def stored(self) -> float | str:
        """The new value as Firestore holds it: a double where that reads back to the same digits, else text."""
        double = float(self.new)
        return double if Decimal(repr(double)) == self.new else self.stated


@dataclass(frozen=True)
class Finding:
    """What a patch found out about one document."""

    document: RawDocument
    values: tuple[NewValue, ...]
    outcomes: tuple[str, ...]
    """Why values are still lacking, one word each; empty when none is."""


@dataclass(frozen=True)
class SourcePatch:
    """One patch job over a collection."""

    name: str
    summary: str
    source: str
    lacks: Callable[[Mapping[str, Any]], Sequence[str]]
    """The fields a raw document lacks, as it spells them."""
    find: Callable[[RawDocument, OrderLookup], Finding]
    """What the broker knows about a document that lacks something."""
    schedule: str = ""
    takes: frozenset[str] = frozenset({"limit", "position"})

    @property
    def table(self) -> str:
        """The collection whose documents it mends."""
        return self.source

    @property
    def lease(self) -> str:
        """A lease of its own."""
        return self.name


class SourcePatching:
    """One run of a patch."""

    def __init__(self, patch: SourcePatch, options: Options, parts: Parts, record: RunRecord) -> None:
        """Prepare the run of `record`."""
        self._patch = patch
        self._options = options
        self._parts = parts
        self._record = record
        self._outcomes: Counter[str] = Counter()

    def do(self, lease: Lease) -> None:
        """Find out about each document, and mend it at once."""
        for finding in self.survey():
            lease.require_held()
            self._mend(finding)

    def survey(self) -> Iterator[Finding]:
        """Find out about the documents that lack something; writes nothing.

        Raises:
            NoSuchDocumentError: The only document wanted is not there: a misspelt name would mend nothing, silently.
        """
        read_moment(self._record, self._options, self._parts)
        lookup = OrderLookup(self._parts.broker)
        for document in self._documents(lookup):
            self._record.counts.read += 1
            finding = self._patch.find(document, lookup)
            self._outcomes.update(finding.outcomes)
            yield finding

    def _documents(self, lookup: OrderLookup) -> Iterator[RawDocument]:
        """Yield the documents that lack something, once the names of all of them are known."""
        moment, wanted = self._record.read_time or self._record.as_of, self._options.position
        lacking, is_there = [], wanted is None
        for document in self._parts.documents.scan(self._patch.source, moment):
            lookup.book.add_entries([document.id])
            is_there = is_there or document.id == wanted
            if wanted in {None, document.id} and self._patch.lacks(document.fields):
                lacking.append(document.id)
        if not is_there:
            raise NoSuchDocumentError(f"there is no {self._patch.source}/{wanted}")
        # Read anew: names can be remembered, whole documents could be too many.
        return self._parts.documents.named(self._patch.source, lacking[: self._options.limit])

    def _mend(self, finding: Finding) -> None:
        try:
            written = self._write(finding) if finding.values else ()
        except InvalidArgument as error:
            self._leave(finding, error)
        else:
            self.count(finding, written)

    def _leave(self, finding: Finding, error: InvalidArgument) -> None:
        """Count a document that can hold no more (1 MiB): those after it must not wait for it."""
        text = redacted(str(error), self._parts)
        self._parts.log.event("a document takes no patch", Severity.ERROR, document=finding.document.path, error=text)
        self._outcomes[REFUSED] += 1
        self._record.counts.pending += 1
        self._record.outcomes = dict(self._outcomes)

    def count(self, finding: Finding, written: Sequence[NewValue]) -> None:
        """Count what became of a document, and put the values it got on record, old and new."""
        counts = self._record.counts
        for value in written:
            self._outcomes["patched"] += 1
            self._note(finding.document.path, value)
        if len(written) < len(finding.values):
            self._outcomes["known meanwhile"] += len(finding.values) - len(written)
        if finding.outcomes:
            counts.pending += 1
        elif written:
            counts.revised += 1
        else:
            counts.already += 1
        self._record.outcomes = dict(self._outcomes)

    def _note(self, path: str, value: NewValue) -> None:
        old = None if value.old is None else str(value.old)
        change = Change(path=path, field=value.field, old=old, new=value.stated, evidence=value.evidence)
        self._parts.log.event("would be patched" if self._options.dry_run else "price patched", **change.model_dump())
        if len(self._record.changes) < MAX_CHANGES:
            self._record.changes.append(change)

    def _write(self, finding: Finding) -> Sequence[NewValue]:
        """Write those values in one transaction that the document still lacks; return what this run wrote."""
        client = self._parts.firestore
        reference = client.document(finding.document.path)
        return transact(client, partial(self._write_once, finding, reference), self._parts.settings.retry_seconds)

    def _write_once(self, finding: Finding, reference: Any, transaction: firestore.Transaction) -> Sequence[NewValue]:
        timeout = self._parts.settings.call_timeout_s
        current = reference.get(transaction=transaction, retry=None, timeout=timeout).to_dict() or {}
        lacking = self._patch.lacks(current)
        values = [value for value in finding.values if value.field in lacking]
        # Field names are those of a schema, so they need no quoting in paths.
        changes: dict[str, Any] = {value.field: value.stored for value in values}
        changes |= {f"{AUDIT_FIELD}.{value.field}": self._explained(value) for value in values}
        if changes:
            transaction.update(reference, changes)
        run_id = self._record.run_id
        return [value for value in finding.values if value in values or wrote(run_id, value.field, current)]

    def _explained(self, value: NewValue) -> dict[str, Any]:
        return {
            "old": value.old,
            "new": value.stated,
            "order_id": value.evidence,
            "run_id": self._record.run_id,
            "patched_at": rfc3339(self._parts.clock()),
        }


def wrote(run_id: str, field: str, fields: Mapping[str, Any]) -> bool:
    """Tell whether a document has a field's value from a run: from a commit whose answer was lost.

    A document may hold anything where its patch is noted; what is no map says nothing.
    """
    patch = fields.get(AUDIT_FIELD)
    noted = patch.get(field) if isinstance(patch, Mapping) else None
    return isinstance(noted, Mapping) and noted.get("run_id") == run_id
