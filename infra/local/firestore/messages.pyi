# ruff: noqa: N802 - the names are the protobuf library's
from collections.abc import Iterable, Iterator, Mapping
from typing import Generic, Self, TypeVar, overload

_T = TypeVar("_T")

class Message:
    def __init__(self, **fields: object) -> None: ...
    @classmethod
    def FromString(cls, data: bytes) -> Self: ...
    def ClearField(self, field: str) -> None: ...
    def CopyFrom(self, other: Self) -> None: ...
    def HasField(self, field: str) -> bool: ...
    def MergeFromString(self, data: bytes) -> int: ...
    def SerializeToString(self, *, deterministic: bool = ...) -> bytes: ...
    def SetInParent(self) -> None: ...
    def WhichOneof(self, group: str) -> str | None: ...

class Repeated(Generic[_T]):
    @overload
    def __getitem__(self, index: int) -> _T: ...
    @overload
    def __getitem__(self, index: slice) -> list[_T]: ...
    def __delitem__(self, index: slice) -> None: ...
    def __iter__(self) -> Iterator[_T]: ...
    def __len__(self) -> int: ...
    def add(self, **fields: object) -> _T: ...
    def append(self, element: _T) -> None: ...
    def extend(self, elements: Iterable[_T]) -> None: ...

class Fields(Mapping[str, Value]):
    def __delitem__(self, name: str) -> None: ...
    def __getitem__(self, name: str) -> Value: ...
    def __iter__(self) -> Iterator[str]: ...
    def __len__(self) -> int: ...

class Empty(Message): ...

class Int32Value(Message):
    value: int

class LatLng(Message):
    latitude: float
    longitude: float

class Status(Message):
    code: int
    message: str

class Timestamp(Message):
    seconds: int
    nanos: int

class ArrayValue(Message):
    values: Repeated[Value]

class MapValue(Message):
    fields: Fields

class Value(Message):
    boolean_value: bool
    integer_value: int
    double_value: float
    timestamp_value: Timestamp
    string_value: str
    bytes_value: bytes
    reference_value: str
    geo_point_value: LatLng
    array_value: ArrayValue
    map_value: MapValue

class Document(Message):
    name: str
    fields: Fields
    create_time: Timestamp
    update_time: Timestamp

class DocumentMask(Message):
    field_paths: Repeated[str]

class Precondition(Message):
    exists: bool
    update_time: Timestamp

class TransactionOptions(Message):
    class ReadOnly(Message):
        read_time: Timestamp

    class ReadWrite(Message):
        retry_transaction: bytes

    read_only: ReadOnly
    read_write: ReadWrite

class Cursor(Message):
    values: Repeated[Value]
    before: bool

class StructuredQuery(Message):
    class CollectionSelector(Message):
        collection_id: str
        all_descendants: bool

    class FieldReference(Message):
        field_path: str

    class FieldFilter(Message):
        field: StructuredQuery.FieldReference
        op: int
        value: Value

    class UnaryFilter(Message):
        field: StructuredQuery.FieldReference
        op: int

    class CompositeFilter(Message):
        op: int
        filters: Repeated[StructuredQuery.Filter]

    class Filter(Message):
        composite_filter: StructuredQuery.CompositeFilter
        field_filter: StructuredQuery.FieldFilter
        unary_filter: StructuredQuery.UnaryFilter

    class Order(Message):
        field: StructuredQuery.FieldReference
        direction: int

    class Projection(Message):
        fields: Repeated[StructuredQuery.FieldReference]

    select: Projection
    from_: Repeated[CollectionSelector]
    where: Filter
    order_by: Repeated[Order]
    start_at: Cursor
    end_at: Cursor
    offset: int
    limit: Int32Value

class StructuredAggregationQuery(Message):
    class Aggregation(Message):
        class Count(Message):
            up_to: Int32Value

        class Sum(Message):
            field: StructuredQuery.FieldReference

        class Avg(Message):
            field: StructuredQuery.FieldReference

        alias: str
        count: Count
        sum: Sum
        avg: Avg

    structured_query: StructuredQuery
    aggregations: Repeated[Aggregation]

class AggregationResult(Message):
    aggregate_fields: Fields

class FieldTransform(Message):
    field_path: str
    set_to_server_value: int
    increment: Value
    maximum: Value
    minimum: Value
    append_missing_elements: ArrayValue
    remove_all_from_array: ArrayValue

class DocumentTransform(Message):
    document: str
    field_transforms: Repeated[FieldTransform]

class Write(Message):
    update: Document
    delete: str
    transform: DocumentTransform
    update_mask: DocumentMask
    update_transforms: Repeated[FieldTransform]
    current_document: Precondition

class WriteResult(Message):
    update_time: Timestamp
    transform_results: Repeated[Value]

class BatchGetDocumentsRequest(Message):
    database: str
    documents: Repeated[str]
    mask: DocumentMask
    transaction: bytes
    new_transaction: TransactionOptions
    read_time: Timestamp

class BatchGetDocumentsResponse(Message):
    found: Document
    missing: str
    transaction: bytes
    read_time: Timestamp

class BatchWriteRequest(Message):
    database: str
    writes: Repeated[Write]

class BatchWriteResponse(Message):
    write_results: Repeated[WriteResult]
    status: Repeated[Status]

class BeginTransactionRequest(Message):
    database: str
    options: TransactionOptions

class BeginTransactionResponse(Message):
    transaction: bytes

class CommitRequest(Message):
    database: str
    writes: Repeated[Write]
    transaction: bytes

class CommitResponse(Message):
    write_results: Repeated[WriteResult]
    commit_time: Timestamp

class CreateDocumentRequest(Message):
    parent: str
    collection_id: str
    document_id: str
    document: Document
    mask: DocumentMask

class DeleteDocumentRequest(Message):
    name: str
    current_document: Precondition

class GetDocumentRequest(Message):
    name: str
    mask: DocumentMask
    transaction: bytes
    read_time: Timestamp

class ListCollectionIdsRequest(Message):
    parent: str
    page_size: int
    page_token: str
    read_time: Timestamp

class ListCollectionIdsResponse(Message):
    collection_ids: Repeated[str]
    next_page_token: str

class ListDocumentsRequest(Message):
    parent: str
    collection_id: str
    page_size: int
    page_token: str
    order_by: str
    mask: DocumentMask
    transaction: bytes
    read_time: Timestamp
    show_missing: bool

class ListDocumentsResponse(Message):
    documents: Repeated[Document]
    next_page_token: str

class RollbackRequest(Message):
    database: str
    transaction: bytes

class RunAggregationQueryRequest(Message):
    parent: str
    structured_aggregation_query: StructuredAggregationQuery
    transaction: bytes
    new_transaction: TransactionOptions
    read_time: Timestamp

class RunAggregationQueryResponse(Message):
    result: AggregationResult
    transaction: bytes
    read_time: Timestamp

class RunQueryRequest(Message):
    parent: str
    structured_query: StructuredQuery
    transaction: bytes
    new_transaction: TransactionOptions
    read_time: Timestamp

class RunQueryResponse(Message):
    transaction: bytes
    document: Document
    read_time: Timestamp
    skipped_results: int
    done: bool

class UpdateDocumentRequest(Message):
    document: Document
    update_mask: DocumentMask
    mask: DocumentMask
    current_document: Precondition
