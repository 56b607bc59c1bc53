"""The part of the wire that speaks gRPC."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from threading import Event

import grpc

from tests.emulator.wire import PATIENCE_S, Call, CutError, RefusedError, Wire

_UNLIMITED = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
_THREADS = 32


@contextmanager
def grpc_relay(name: str, upstream: str, wire: Wire) -> Iterator[str]:
    """Relay every RPC to `upstream`; yields the relay's address."""
    with ThreadPoolExecutor(_THREADS) as threads, grpc.insecure_channel(upstream, options=_UNLIMITED) as channel:
        server = grpc.server(threads, handlers=[_Relay(name, channel, wire)], options=_UNLIMITED)
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        try:
            yield f"127.0.0.1:{port}"
        finally:
            server.stop(grace=None).wait()


class _Relay(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpc is untyped
    """Takes any RPC for one with streams both ways, which all kinds look like on the wire."""

    def __init__(self, name: str, channel: grpc.Channel, wire: Wire) -> None:
        self._name = name
        self._channel = channel
        self._wire = wire

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        method = details.method

        def relay(requests: Iterator[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
            return self._relay(method, list(requests), context)

        return grpc.stream_stream_rpc_method_handler(relay)

    def _relay(self, method: str, requests: list[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        call = self._noted(method, requests, context)
        answer: list[bytes] = []
        refusal: grpc.RpcError | None = None
        try:
            self._wire.before(call)
            try:
                answer += self._upstream(method, requests, context)
            except grpc.RpcError as error:
                refusal = error  # an answer as well: the job may die at it, or never hear of it
            call.answer = b"".join(answer)
            self._wire.after(call)
        except CutError as cut:
            yield from answer[: (len(answer) + 1) // 2 if cut.half else cut.messages]
            context.abort(grpc.StatusCode.UNAVAILABLE, "the wire was cut")
        except RefusedError as refused:
            context.abort(grpc.StatusCode[refused.code], str(refused))
        if refusal:
            context.abort(refusal.code(), refusal.details())
        yield from answer if call.told is None else [call.told]

    def _noted(self, method: str, requests: list[bytes], context: grpc.ServicerContext) -> Call:
        call = self._wire.note(self._name, method.rsplit("/", 1)[1], b"".join(requests), context.time_remaining())
        given_up = Event()
        if not context.add_callback(given_up.set):
            given_up.set()
        call.until_given_up = lambda: given_up.wait(PATIENCE_S)
        call.again = lambda: self._once_more(method, requests, context)
        return call

    def _once_more(self, method: str, requests: list[bytes], context: grpc.ServicerContext) -> None:
        with suppress(grpc.RpcError):  # the job has its answer
            list(self._upstream(method, requests, context))

    def _upstream(self, method: str, requests: list[bytes], context: grpc.ServicerContext) -> Iterator[bytes]:
        forward = self._channel.stream_stream(method)
        metadata = [
            (key, value) for key, value in context.invocation_metadata() if not key.startswith(("grpc-", "user-agent"))
        ]
        # A request that outlived its deadline on the way still arrives.
        yield from forward(iter(requests), metadata=metadata, timeout=context.time_remaining() or PATIENCE_S)
