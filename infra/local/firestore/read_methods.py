"""The reading methods of `google.firestore.v1.Firestore`: each takes a request and returns its answer, or raises.

`RunQuery` answers with serialized messages: a stored document goes out as the bytes that it is kept as.
"""

from collections.abc import Iterator

from infra.local.firestore import fields
from infra.local.firestore.aggregation import aggregate, aggregation_plan
from infra.local.firestore.clock import to_timestamp
from infra.local.firestore.errors import invalid, not_found, unimplemented
from infra.local.firestore.listing import decode_token, list_collection_ids, list_documents
from infra.local.firestore.locks import scope_lock
from infra.local.firestore.messages import (
    BatchGetDocumentsRequest,
    BatchGetDocumentsResponse,
    Document,
    GetDocumentRequest,
    ListCollectionIdsRequest,
    ListCollectionIdsResponse,
    ListDocumentsRequest,
    ListDocumentsResponse,
    RunAggregationQueryRequest,
    RunAggregationQueryResponse,
    RunQueryRequest,
)
from infra.local.firestore.names import check_database, check_parent, database_of, parse_lookup
from infra.local.firestore.query import plan, run
from infra.local.firestore.query_stream import responses
from infra.local.firestore.readings import Readings


class ReadMethods:
    """Everything that reads documents."""

    def __init__(self, readings: Readings) -> None:
        self._readings = readings

    def get_document(self, request: GetDocumentRequest) -> Document:
        """One document, NOT_FOUND without it."""
        name = parse_lookup(request.name)
        reading = self._readings.reading(request, database_of(name.full), [name.full])
        body = reading.snapshot.body(name)
        if body is None:
            raise not_found(f"Document ({name.full}) not found.")
        return fields.masked(Document.FromString(body), request)

    def batch_get_documents(self, request: BatchGetDocumentsRequest) -> Iterator[BatchGetDocumentsResponse]:
        """Each named document once, found or missing, all at one instant."""
        database = check_database(request.database)
        names = [parse_lookup(name) for name in dict.fromkeys(request.documents)]
        reading = self._readings.reading(request, database, [name.full for name in names])
        read_time = to_timestamp(reading.snapshot.micros)
        if reading.begun:
            yield BatchGetDocumentsResponse(transaction=reading.begun)
        for name in names:
            body = reading.snapshot.body(name)
            if body is None:
                yield BatchGetDocumentsResponse(missing=name.full, read_time=read_time)
            else:
                found = fields.masked(Document.FromString(body), request)
                yield BatchGetDocumentsResponse(found=found, read_time=read_time)

    def run_query(self, request: RunQueryRequest) -> Iterator[bytes]:
        """The results of a query, one serialized response each."""
        if request.WhichOneof("query_type") != "structured_query":
            raise invalid("Only structured queries are supported.")
        if request.HasField("explain_options"):
            raise unimplemented("Queries are served without explanations.")
        wanted = plan(request.parent, request.structured_query)
        reading = self._readings.reading(request, database_of(request.parent), [scope_lock(wanted.scope)])
        return responses(wanted, run(wanted, reading.snapshot), reading)

    def run_aggregation_query(self, request: RunAggregationQueryRequest) -> Iterator[RunAggregationQueryResponse]:
        """One response with all aggregations."""
        if request.HasField("explain_options"):
            raise unimplemented("Aggregations are served without explanations.")
        query = request.structured_aggregation_query
        wanted = aggregation_plan(request.parent, query)
        reading = self._readings.reading(request, database_of(request.parent), [scope_lock(wanted.scope)])
        yield RunAggregationQueryResponse(
            result=aggregate(query, wanted, reading.snapshot),
            transaction=reading.begun,
            read_time=to_timestamp(reading.snapshot.micros),
        )

    def list_documents(self, request: ListDocumentsRequest) -> ListDocumentsResponse:
        """A page of a collection; the pages of one listing show one instant."""
        token = decode_token(request.page_token)
        if token is not None:
            return list_documents(request, self._readings.resume(token.micros))
        lock = f"{request.parent}/{request.collection_id}"
        reading = self._readings.reading(request, database_of(check_parent(request.parent)), [lock])
        return list_documents(request, reading.snapshot)

    def list_collection_ids(self, request: ListCollectionIdsRequest) -> ListCollectionIdsResponse:
        """A page of the collections under a document or the root."""
        token = decode_token(request.page_token)
        if token is not None:
            return list_collection_ids(request, self._readings.resume(token.micros))
        reading = self._readings.reading(request, database_of(check_parent(request.parent)), [])
        return list_collection_ids(request, reading.snapshot)
