"""Firestore in: every document of a collection, as it was at one moment, in the order of its name.

The stock client resumes a broken query wrongly, so the reader asks by itself (`shared.firestore_reads`) and resumes
after the last name it saw.
"""

import re
import time
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import Any

import grpc
from google.api_core.retry import exponential_sleep_generator
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore

from shared.batching import batches
from shared.firestore_reads import (
    BatchGetDocumentsRequest,
    Reads,
    RunAggregationQueryRequest,
    RunQueryRequest,
    StructuredQuery,
    open_channel,
)
from shared.retrying import TRANSIENT, persistently
from shared.settings import Settings
from shared.values import RawDocument, decode_document, decode_fields, moment

PAGE = 20_000
"""Documents per query. The service ends queries near 60 s; one that ends early is resumed after its last document."""

MAX_ID = 1500
"""Bytes of a document id."""

MAX_LIMIT = 2**31 - 1
"""Documents that a query may be limited to."""

MAX_LOOKUPS = 1000
"""Documents per look-up of some fields; a request holds 10 MiB."""

MAX_WHOLE = 50
"""Whole documents per look-up; each holds up to 1 MiB."""

_NUMERIC_ID = re.compile(r"__id(-?\d+)__")


class OutOfOrderError(Exception):
    """The service broke the order of names, on which it rests that each document is seen once."""


class IncompleteError(Exception):
    """The service did not answer for documents that it had named at the same moment."""


def open_firestore(settings: Settings, database: str | None = None) -> firestore.Client:
    """Connect the stock client, for the few small documents this system writes; by default where the sources are."""
    emulator = settings.firestore_emulator_host
    client = firestore.Client(
        project=settings.project,
        database=database or settings.firestore_database,
        credentials=AnonymousCredentials() if emulator else None,
    )
    client._emulator_host = emulator  # noqa: SLF001 - the client reads it from the process environment only
    return client


def open_bookkeeping(settings: Settings) -> firestore.Client:
    """Connect the stock client to the database of leases, run records and quarantine."""
    return open_firestore(settings, settings.bookkeeping_database)


class Documents:
    """Reads collections of one database. Nothing here writes."""

    def __init__(self, settings: Settings, channel: grpc.Channel | None = None, database: str | None = None) -> None:
        """Read over `channel`, or over one of its own; the sources' database where none is named."""
        self._retry_seconds = settings.retry_seconds
        self._database = f"projects/{settings.project}/databases/{database or settings.firestore_database}"
        self._reads = Reads(channel or open_channel(settings), self._database, settings.call_timeout_s)
        self._parent = f"{self._database}/documents"
        self._called = settings.collection

    def path(self, collection: str, name: str) -> str:
        """Find the path of a document below the database."""
        return f"{self._called(collection)}/{name}"

    def scan(self, collection: str, read_time: datetime, fields: Sequence[str] = ()) -> Iterator[RawDocument]:
        """Yield all documents of a collection at `read_time`, ordered by name; whole, or some fields of them.

        Raises:
            GoogleAPICallError: The service failed for longer than the retry time, or for good.
            OutOfOrderError: It named a document that does not come after the one before.
        """
        after: str | None = None
        while True:
            seen = 0
            for document in self.page(collection, read_time, after, fields, PAGE):
                seen += 1
                after = document.id
                yield document
            if seen < PAGE:
                return

    def page(
        self, collection: str, read_time: datetime, after: str | None, fields: Sequence[str], most: int
    ) -> Iterator[RawDocument]:
        """Yield up to `most` documents that come after the one with id `after`, as `scan` does."""
        last = None if after is None else f"{self._parent}/{self.path(collection, after)}"
        for document in self._page(self._called(collection), read_time, last, fields, most):
            require_after(document.name, last)
            last = document.name
            yield decode_document(document)

    def _page(
        self, collection: str, read_time: datetime, after: str | None, fields: Sequence[str], left: int
    ) -> Iterator[Any]:
        """Yield up to `left` raw documents after a name; a broken stream is resumed after the last one yielded."""
        waits = self._waits()
        while left:
            try:
                for document in self._stream(_by_name(collection, after, left, fields), read_time):
                    yield document
                    left, after, waits = left - 1, document.name, self._waits()
            except TRANSIENT:
                if (seconds := next(waits, None)) is None:
                    raise
                time.sleep(seconds)
            else:
                return

    def _stream(self, query: Any, read_time: datetime) -> Iterator[Any]:
        request = RunQueryRequest(parent=self._parent, structured_query=query, read_time=read_time)
        for answer in self._reads.run_query(request):
            if answer.HasField("document"):
                yield answer.document

    def _waits(self) -> Iterator[float]:
        """Yield sleep times until the retry budget is spent; progress starts a new budget."""
        spent = 0.0
        for seconds in exponential_sleep_generator(0.2, 5.0):
            if (spent := spent + seconds) > self._retry_seconds:
                return
            yield seconds

    def count(self, collection: str, read_time: datetime) -> int:
        """Ask the service how many documents the collection held at `read_time`."""
        counted = {
            "structured_query": _whole(self._called(collection)),
            "aggregations": [{"count": {}, "alias": "documents"}],
        }
        request = RunAggregationQueryRequest(
            parent=self._parent, structured_aggregation_query=counted, read_time=read_time
        )

        def once() -> int:
            answers = self._reads.run_aggregation_query(request)
            return sum(answer.result.aggregate_fields["documents"].integer_value for answer in answers)

        return persistently(self._retry_seconds, once)

    def fetch(
        self, collection: str, ids: Sequence[str], fields: Sequence[str], read_time: datetime
    ) -> dict[str, dict[str, Any]]:
        """Read some fields of some documents at `read_time`: id → fields. Absent documents are left out.

        Any text may stand for an id, for documents name others in whatever way they like.
        """
        found: dict[str, dict[str, Any]] = {}
        for some in batches((name for name in ids if _may_be_an_id(name)), MAX_LOOKUPS):
            found.update(self._fetch(self._names(collection, some), fields, read_time))
        return found

    def _fetch(self, names: Sequence[str], fields: Sequence[str], read_time: datetime) -> dict[str, dict[str, Any]]:
        request = BatchGetDocumentsRequest(
            database=self._database, documents=names, mask={"field_paths": fields}, read_time=read_time
        )

        def once() -> dict[str, dict[str, Any]]:
            answers = self._reads.batch_get_documents(request)
            found = (answer.found for answer in answers if answer.HasField("found"))
            return {document.name.rsplit("/", 1)[1]: decode_fields(document.fields) for document in found}

        return persistently(self._retry_seconds, once)

    def named(self, collection: str, ids: Iterable[str], read_time: datetime | None = None) -> Iterator[RawDocument]:
        """Yield documents by id, whole, as they were at `read_time`, else as they are now. Absent ones are left out.

        The ids are those that Firestore gave: it refuses the call for text that cannot be one.
        """
        for some in batches(ids, MAX_WHOLE):
            names = self._names(collection, some)
            request = BatchGetDocumentsRequest(database=self._database, documents=names, read_time=read_time)
            yield from persistently(self._retry_seconds, partial(self._whole, request))

    def _names(self, collection: str, ids: Iterable[str]) -> list[str]:
        return [f"{self._parent}/{self.path(collection, name)}" for name in ids]

    def _whole(self, request: Any) -> list[RawDocument]:
        answers = self._reads.batch_get_documents(request)
        return [decode_document(answer.found) for answer in answers if answer.HasField("found")]

    def server_time(self) -> datetime:
        """Ask the service for its clock: the moment a run reads at."""
        request = BatchGetDocumentsRequest(database=self._database, documents=self._names("job_leases", ["clock"]))

        def once() -> datetime:
            return moment(next(self._reads.batch_get_documents(request)).read_time)

        return persistently(self._retry_seconds, once)


def require_after(name: str, last: str | None) -> None:
    """Hold a document to its place behind the last one of its collection.

    Raises:
        OutOfOrderError: It is the same document, or one that comes before it.
    """
    if last is not None and _place(name) <= _place(last):
        raise OutOfOrderError(f"a scan named {name.rpartition('/')[2]!r} after {last.rpartition('/')[2]!r}")


def _place(name: str) -> tuple[bool, int, bytes]:
    """Order documents of one collection as Firestore does: numeric ids by number, then all others by their bytes."""
    identifier = name.rpartition("/")[2]
    if number := _NUMERIC_ID.fullmatch(identifier):
        return False, int(number[1]), b""
    return True, 0, identifier.encode()


def is_numbered(identifier: str) -> bool:
    """Tell whether a document's id is a number, as Datastore makes them."""
    return _NUMERIC_ID.fullmatch(identifier) is not None


def _may_be_an_id(name: str) -> bool:
    """Tell whether Firestore accepts a string as a document id; one that it refuses cannot exist."""
    if not name or "/" in name or len(name.encode(errors="replace")) > MAX_ID:
        return False
    reserved = name in {".", ".."} or (name.startswith("__") and name.endswith("__"))
    return not reserved or _is_spelled_number(name)


def _is_spelled_number(name: str) -> bool:
    """Tell whether an id is a number as Firestore spells it: of 64 bits, not 0, in the one way there is."""
    if not (found := _NUMERIC_ID.fullmatch(name)):
        return False
    number = int(found[1])
    return number != 0 and -(2**63) <= number < 2**63 and name == f"__id{number}__"


def _whole(collection: str) -> Any:
    return StructuredQuery(from_=[{"collection_id": collection}])


def _by_name(collection: str, after: str | None, limit: int, fields: Sequence[str]) -> Any:
    query = _whole(collection)
    for name in fields:
        query.select.fields.add(field_path=name)
    query.order_by.add(field={"field_path": "__name__"}, direction=StructuredQuery.ASCENDING)
    query.limit.value = limit
    if after is not None:
        query.start_at.values.add(reference_value=after)
    return query
