"""Firestore in this process: the stock clients over a channel that asks the stand-in's engine, without a socket."""

import threading
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple, NoReturn, Self, TypeAlias
from unittest import mock

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from infra.local.firestore import messages
from infra.local.firestore.clock import Clock
from infra.local.firestore.commits import Committer
from infra.local.firestore.errors import RefusedError
from infra.local.firestore.locks import Locks
from infra.local.firestore.names import DocumentName
from infra.local.firestore.read_methods import ReadMethods
from infra.local.firestore.readings import Readings
from infra.local.firestore.store import Store
from infra.local.firestore.transactions import Transactions
from infra.local.firestore.write_methods import WriteMethods
from tests.simulation.lean_client import LeanCall
from tests.simulation.network import Network, Trouble

PROJECT = "simulation"
_CODES = {Trouble.UNAVAILABLE: grpc.StatusCode.UNAVAILABLE, Trouble.DENIED: grpc.StatusCode.PERMISSION_DENIED}
Part: TypeAlias = "bytes | CallError"


class Version(NamedTuple):
    """A document after one commit; no body when it was deleted."""

    name: str
    micros: int
    body: bytes | None


class RecordingStore(Store):
    """Remembers every version that any document ever had."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock)
        self.history: list[Version] = []

    def apply(self, changes: Mapping[DocumentName, bytes | None], micros: int) -> None:
        super().apply(changes, micros)
        self.history.extend(Version(name.full, micros, body) for name, body in changes.items())


class _Patience(threading.Condition):
    """Waiting for a lock by virtual time: only who holds the baton runs, so nobody needs to be woken."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self._network = network

    def wait(self, timeout: float | None = None) -> bool:
        self._network.wait(timeout or 1.0)
        return True

    def notify_all(self) -> None:
        """Whoever waits looks again by itself."""


class Engine:
    """The stand-in's engine, asked by method name and serialized request."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self.store = RecordingStore(Clock(network.time.micros))
        # One thread runs at a time; a lock held while another one has its turn would stop everything.
        self.store.lock = _NoLock()  # type: ignore[assignment]
        transactions = self._transactions = Transactions(self.store.clock)
        locks = Locks(transactions, threading.RLock())
        locks._changed = _Patience(network)  # noqa: SLF001 - it offers no other clock
        readings = Readings(self.store, transactions, locks)
        writing = WriteMethods(readings, Committer(self.store, transactions, locks))
        reading = ReadMethods(readings)
        self._unary: dict[str, Callable[[Any], Any]] = {
            "BeginTransaction": writing.begin_transaction,
            "Commit": writing.commit,
            "Rollback": writing.rollback,
        }
        self._streaming: dict[str, Callable[[Any], Iterator[Any]]] = {
            "BatchGetDocuments": reading.batch_get_documents,
            "RunAggregationQuery": reading.run_aggregation_query,
            "RunQuery": reading.run_query,
        }

    @property
    def haunted(self) -> bool:
        """Whether a dead process left a transaction open, whose locks stand in everybody's way for a minute."""
        self._transactions.expire()
        return bool(self._transactions._open)  # noqa: SLF001 - it tells nobody

    def unary(self, method: str, request: bytes) -> bytes:
        """Answer one request."""
        decoded = getattr(messages, f"{method}Request").FromString(request)

        def effect() -> bytes:
            answer: bytes = _refusing(lambda: self._unary[method](decoded)).SerializeToString()
            return answer

        return bytes(self._network.call(effect, _fail))

    def stream(self, method: str, request: bytes) -> list[Part]:
        """Answer one request whose answer comes in parts; an error among them ends it."""
        decoded = getattr(messages, f"{method}Request").FromString(request)

        def effect() -> list[Part]:
            parts = _refusing(lambda: list(self._streaming[method](decoded)))
            return [part if isinstance(part, bytes) else part.SerializeToString() for part in parts]

        return self._network.call(effect, _fail, _torn)


class _NoLock:
    def __enter__(self) -> None: ...

    def __exit__(self, *_: object) -> None: ...


class CallError(grpc.RpcError):  # type: ignore[misc]  # as above
    """What a channel raises."""

    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details

    def trailing_metadata(self) -> tuple[()]:
        return ()

    def result(self) -> Any:
        raise self


def _fail(trouble: Trouble) -> NoReturn:
    raise CallError(_CODES[trouble], f"simulated: {trouble.name}")


def _torn(parts: list[Part]) -> list[Part]:
    return [*parts[: len(parts) // 2], CallError(grpc.StatusCode.UNAVAILABLE, "simulated: torn")]


def _refusing(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except RefusedError as error:
        raise CallError(error.code, error.message) from error


class _Channel(grpc.Channel):  # type: ignore[misc]  # grpc is published without types
    """Asks whatever engine is plugged in."""

    def __init__(self) -> None:
        self.engine: Engine | None = None

    @property
    def _plugged(self) -> Engine:
        assert self.engine is not None
        return self.engine

    def unary_unary(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, *_: Any, **__: Any
    ) -> "_Unary":
        name = method.rpartition("/")[2]
        return _Unary(lambda request: response_deserializer(self._plugged.unary(name, request_serializer(request))))

    def unary_stream(
        self, method: str, request_serializer: Any = None, response_deserializer: Any = None, *_: Any, **__: Any
    ) -> "_Streaming":
        name = method.rpartition("/")[2]
        return _Streaming(
            lambda request: self._plugged.stream(name, request_serializer(request)), response_deserializer
        )

    def stream_unary(self, *_: Any, **__: Any) -> Any:
        return _never

    def stream_stream(self, *_: Any, **__: Any) -> Any:
        return _never

    def subscribe(self, *_: Any, **__: Any) -> None: ...

    def unsubscribe(self, *_: Any) -> None: ...

    def close(self) -> None: ...

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None: ...


class _Unary(grpc.UnaryUnaryMultiCallable):  # type: ignore[misc]  # as above
    def __init__(self, ask: Callable[[Any], Any]) -> None:
        self._ask = ask

    def __call__(self, request: Any, *_: Any, **__: Any) -> Any:
        return self._ask(request)

    def with_call(self, request: Any, *_: Any, **__: Any) -> tuple[Any, None]:
        return self._ask(request), None

    def future(self, *_: Any, **__: Any) -> Any:
        return _never()


class _Streaming(grpc.UnaryStreamMultiCallable):  # type: ignore[misc]  # as above
    """Asks at once, as a real client does; the parts arrive as they are read."""

    def __init__(self, ask: Callable[[Any], list[Part]], deserialize: Callable[[bytes], Any]) -> None:
        self._ask = ask
        self._deserialize = deserialize

    def __call__(self, request: Any, *_: Any, **__: Any) -> Iterator[Any]:
        return self._arriving(self._ask(request))

    def _arriving(self, parts: list[Part]) -> Iterator[Any]:
        for part in parts:
            if isinstance(part, CallError):
                raise part
            yield self._deserialize(part)


def _never(*_: Any, **__: Any) -> NoReturn:
    raise NotImplementedError("nothing here streams requests or waits for futures")


class Clients(NamedTuple):
    """What the product speaks through: the stock client, and the channel that it reads over."""

    stock: firestore.Client
    channel: grpc.Channel


def connect(engine: Engine, *, lean: bool) -> Clients:
    """Plug an engine in. The clients are made once, for making them costs more than a run."""
    channel, clients = _wiring(lean=lean)
    channel.engine = engine
    return clients


@cache
def _wiring(*, lean: bool) -> tuple[_Channel, Clients]:
    channel = _Channel()
    # The transport's own interceptor only logs, and costs more than the call.
    with mock.patch.object(grpc, "intercept_channel", lambda plain, *_: plain):
        generated = FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))
    if lean:
        methods = generated._transport._wrapped_methods  # noqa: SLF001 - it takes no other ones
        methods.update({name: LeanCall(full) for name, full in methods.items()})
    stock = firestore.Client(project=PROJECT, credentials=AnonymousCredentials())
    stock._firestore_api_internal = generated  # noqa: SLF001 - it takes no transport
    return channel, Clients(stock, channel)
