"""The gRPC server: binds the methods to their names on the wire and turns refusals into statuses."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc

from infra.local.firestore import messages
from infra.local.firestore.clock import Clock, wall_micros
from infra.local.firestore.commits import Committer
from infra.local.firestore.disk import DatabaseFile
from infra.local.firestore.errors import RefusedError
from infra.local.firestore.locks import Locks
from infra.local.firestore.read_methods import ReadMethods
from infra.local.firestore.readings import Readings
from infra.local.firestore.store import Store
from infra.local.firestore.transactions import Transactions
from infra.local.firestore.write_methods import WriteMethods

_SERVICE = "google.firestore.v1.Firestore"
_THREADS = 64  # every stream and every writer that waits for a lock occupies one
_STOP_SECONDS = 0.3
_OPTIONS = [
    ("grpc.so_reuseport", 0),  # a port that is taken must be an error, not a second server on it
    ("grpc.max_receive_message_length", 10 * 1_048_576),  # Firestore's own limit for a request
    ("grpc.max_send_message_length", -1),
]

Method = Callable[[Any], Any]


class Server:
    """One listening server over one store.

    Args:
        host: The interface to listen on.
        port: 0 takes a free one.
        data: The file to keep documents in; without one they end with the process.
        wall: The time in microseconds since the epoch; tests bring their own.
    """

    def __init__(self, host: str, port: int, data: Path | None = None, wall: Callable[[], int] = wall_micros) -> None:
        file = DatabaseFile(data) if data is not None else None
        self._store = Store(Clock(wall, file.last_commit() if file is not None else 0), file)
        transactions = Transactions(self._store.clock)
        self._locks = Locks(transactions, self._store.lock)
        readings = Readings(self._store, transactions, self._locks)
        writing = WriteMethods(readings, Committer(self._store, transactions, self._locks))
        self._grpc = grpc.server(ThreadPoolExecutor(_THREADS), options=_OPTIONS)
        self._grpc.add_generic_rpc_handlers((_handlers(ReadMethods(readings), writing),))
        self.port: int = self._grpc.add_insecure_port(f"{host}:{port}")

    def start(self) -> None:
        """Begins to answer."""
        self._grpc.start()

    def stop(self) -> None:
        """Ends open calls and closes the file; takes well under a second."""
        stopped = self._grpc.stop(_STOP_SECONDS)
        with self._store.lock:
            self._locks.close()
        stopped.wait()
        self._store.close()


def _handlers(reading: ReadMethods, writing: WriteMethods) -> grpc.GenericRpcHandler:
    unary: Mapping[str, Method] = {
        "BatchWrite": writing.batch_write,
        "BeginTransaction": writing.begin_transaction,
        "Commit": writing.commit,
        "CreateDocument": writing.create_document,
        "DeleteDocument": writing.delete_document,
        "GetDocument": reading.get_document,
        "ListCollectionIds": reading.list_collection_ids,
        "ListDocuments": reading.list_documents,
        "Rollback": writing.rollback,
        "UpdateDocument": writing.update_document,
    }
    streaming: Mapping[str, Method] = {
        "BatchGetDocuments": reading.batch_get_documents,
        "RunAggregationQuery": reading.run_aggregation_query,
        "RunQuery": reading.run_query,
    }
    bound = {name: _bind(name, grpc.unary_unary_rpc_method_handler, _answer(method)) for name, method in unary.items()}
    bound |= {
        name: _bind(name, grpc.unary_stream_rpc_method_handler, _stream(method)) for name, method in streaming.items()
    }
    return grpc.method_handlers_generic_handler(_SERVICE, bound)


def _bind(name: str, make_handler: Callable[..., Any], behaviour: Callable[..., Any]) -> grpc.RpcMethodHandler:
    request = getattr(messages, f"{name}Request")
    return make_handler(behaviour, request_deserializer=request.FromString, response_serializer=_serialize)


def _serialize(response: messages.Message | bytes) -> bytes:
    return response if isinstance(response, bytes) else response.SerializeToString()


def _answer(method: Method) -> Callable[[Any, grpc.ServicerContext], Any]:
    def answer(request: Any, context: grpc.ServicerContext) -> Any:
        try:
            return method(request)
        except RefusedError as error:
            context.abort(error.code, error.message)

    return answer


def _stream(method: Method) -> Callable[[Any, grpc.ServicerContext], Iterator[Any]]:
    def stream(request: Any, context: grpc.ServicerContext) -> Iterator[Any]:
        try:
            yield from method(request)
        except RefusedError as error:
            context.abort(error.code, error.message)

    return stream
