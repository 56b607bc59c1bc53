"""The raw protobuf messages of Firestore v1, as google-cloud-firestore ships them.

The client's own classes wrap these; on a server the wrapping would be most of the time. `messages.pyi` holds the types.
"""

from google.cloud.firestore_v1.types import aggregation_result, common, document, firestore, query, write
from google.protobuf import empty_pb2, message, timestamp_pb2, wrappers_pb2
from google.rpc import status_pb2
from google.type import latlng_pb2

Message = message.Message
Empty = empty_pb2.Empty
Int32Value = wrappers_pb2.Int32Value
LatLng = latlng_pb2.LatLng
Status = status_pb2.Status
Timestamp = timestamp_pb2.Timestamp

ArrayValue = document.ArrayValue.pb()
Document = document.Document.pb()
MapValue = document.MapValue.pb()
Fields = type(MapValue().fields)
Value = document.Value.pb()

DocumentMask = common.DocumentMask.pb()
Precondition = common.Precondition.pb()
TransactionOptions = common.TransactionOptions.pb()

Cursor = query.Cursor.pb()
StructuredAggregationQuery = query.StructuredAggregationQuery.pb()
StructuredQuery = query.StructuredQuery.pb()
AggregationResult = aggregation_result.AggregationResult.pb()

Write = write.Write.pb()
DocumentTransform = write.DocumentTransform.pb()
WriteResult = write.WriteResult.pb()
FieldTransform = write.DocumentTransform.FieldTransform.pb()

BatchGetDocumentsRequest = firestore.BatchGetDocumentsRequest.pb()
BatchGetDocumentsResponse = firestore.BatchGetDocumentsResponse.pb()
BatchWriteRequest = firestore.BatchWriteRequest.pb()
BatchWriteResponse = firestore.BatchWriteResponse.pb()
BeginTransactionRequest = firestore.BeginTransactionRequest.pb()
BeginTransactionResponse = firestore.BeginTransactionResponse.pb()
CommitRequest = firestore.CommitRequest.pb()
CommitResponse = firestore.CommitResponse.pb()
CreateDocumentRequest = firestore.CreateDocumentRequest.pb()
DeleteDocumentRequest = firestore.DeleteDocumentRequest.pb()
GetDocumentRequest = firestore.GetDocumentRequest.pb()
ListCollectionIdsRequest = firestore.ListCollectionIdsRequest.pb()
ListCollectionIdsResponse = firestore.ListCollectionIdsResponse.pb()
ListDocumentsRequest = firestore.ListDocumentsRequest.pb()
ListDocumentsResponse = firestore.ListDocumentsResponse.pb()
RollbackRequest = firestore.RollbackRequest.pb()
RunAggregationQueryRequest = firestore.RunAggregationQueryRequest.pb()
RunAggregationQueryResponse = firestore.RunAggregationQueryResponse.pb()
RunQueryRequest = firestore.RunQueryRequest.pb()
RunQueryResponse = firestore.RunQueryResponse.pb()
UpdateDocumentRequest = firestore.UpdateDocumentRequest.pb()
