"""Firestore's reading methods over raw protobuf messages.

The generated client wraps every message in a class of its own, which costs twice what reading it does. Its messages are
used here without the wrapping, over one channel whose streams are read by the thread that asks for them.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import grpc
from google.api_core import exceptions
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport
from google.cloud.firestore_v1.types import document, query
from google.cloud.firestore_v1.types import firestore as messages
from grpc.experimental import ChannelOptions

from shared.settings import Settings

BatchGetDocumentsRequest = messages.BatchGetDocumentsRequest.pb()
RunAggregationQueryRequest = messages.RunAggregationQueryRequest.pb()
RunQueryRequest = messages.RunQueryRequest.pb()
StructuredQuery = query.StructuredQuery.pb()
Value = document.Value.pb()

_SERVICE = "/google.firestore.v1.Firestore/"
_OPTIONS = (
    # Without a thread between the socket and the reader, a message costs a third.
    (ChannelOptions.SingleThreadedUnaryStream, 1),
    ("grpc.max_send_message_length", -1),
    ("grpc.max_receive_message_length", -1),
)


def open_channel(settings: Settings) -> grpc.Channel:
    """Connect to Firestore, or to the emulator that the settings name."""
    if emulator := settings.firestore_emulator_host:
        return grpc.insecure_channel(emulator, options=_OPTIONS)
    return FirestoreGrpcTransport.create_channel(options=_OPTIONS)


class Reads:
    """The methods that read, of one database. Nothing is sent twice here."""

    def __init__(self, channel: grpc.Channel, database: str, timeout: float) -> None:
        """Ask over `channel` for what is in `database`, by its full name; each call has `timeout` seconds."""
        self._channel = channel
        self._timeout = timeout
        self._prefix = ("google-cloud-resource-prefix", database)
        self.run_query = self._method("RunQuery", messages.RunQueryRequest, messages.RunQueryResponse)
        self.batch_get_documents = self._method(
            "BatchGetDocuments", messages.BatchGetDocumentsRequest, messages.BatchGetDocumentsResponse
        )
        self.run_aggregation_query = self._method(
            "RunAggregationQuery", messages.RunAggregationQueryRequest, messages.RunAggregationQueryResponse
        )

    def _method(self, name: str, request: Any, answer: Any) -> "_Method":
        stub = self._channel.unary_stream(
            _SERVICE + name,
            request_serializer=request.pb().SerializeToString,
            response_deserializer=answer.pb().FromString,
        )
        return _Method(stub, self._timeout, self._prefix)


class _Method:
    """One method whose answer comes in parts."""

    def __init__(self, stub: Any, timeout: float, prefix: tuple[str, str]) -> None:
        self._stub = stub
        self._timeout = timeout
        self._prefix = prefix

    def __call__(self, request: Any) -> Iterator[Any]:
        """Yield the raw messages of the answer.

        Raises:
            GoogleAPICallError: The service refused, or the connection broke; also between two messages.
        """
        field = "parent" if hasattr(request, "parent") else "database"
        routing = ("x-goog-request-params", f"{field}={quote(getattr(request, field))}")
        try:
            yield from self._stub(request, timeout=self._timeout, metadata=(self._prefix, routing))
        except grpc.RpcError as error:
            raise exceptions.from_grpc_error(error) from error
