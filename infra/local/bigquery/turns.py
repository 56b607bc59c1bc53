"""Taking turns: every request runs on the event loop's thread, and gRPC under the same lock as REST.

REST handlers that are coroutines are on that thread already. The rest would run in thread pools (FastAPI's plain
functions in Starlette's, AppendRows in the gRPC server's own) behind locks that know nothing of each other.
"""

from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import fastapi.routing
import grpc
from bqemulator.api.dependencies import AppContext
from bqemulator.grpc_api import read_servicer, write_servicer
from bqemulator.storage.engine import DuckDBEngine

from infra.local.bigquery.patching import replace


def install() -> None:
    """Make both gRPC services and all REST handlers take turns."""
    replace(write_servicer, "BigQueryWriteHandler", _taking_turns)
    replace(read_servicer, "BigQueryReadHandler", _taking_turns)
    replace(fastapi.routing, "run_in_threadpool", lambda _: _run_here)


class TurnTaking:
    """A gRPC service whose calls run on the event loop, one at a time."""

    def __init__(self, service: grpc.GenericRpcHandler, engine: DuckDBEngine) -> None:
        self._service = service
        self._engine = engine

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The handler of one call, as gRPC asks for it."""
        handler = self._service.service(details)
        if handler is None:
            return None
        if handler.unary_unary:
            return grpc.unary_unary_rpc_method_handler(self._one(handler.unary_unary))
        if handler.stream_stream:
            return grpc.stream_stream_rpc_method_handler(self._each(handler.stream_stream))
        return handler  # ReadRows hands out what CreateReadSession has already read

    def _one(self, answer: Callable[[bytes, Any], bytes]) -> Callable[[bytes, Any], Awaitable[bytes]]:
        async def in_turn(request: bytes, context: grpc.ServicerContext) -> bytes:
            async with self._engine.write_lock():
                return answer(request, context)

        return in_turn

    def _each(
        self, answers: Callable[[Iterator[bytes], Any], Iterator[bytes]]
    ) -> Callable[[AsyncIterator[bytes], Any], AsyncIterator[bytes]]:
        async def in_turn(requests: AsyncIterator[bytes], context: grpc.ServicerContext) -> AsyncIterator[bytes]:
            # AppendRows gives one answer for each request, so its generator is never left waiting for the next one.
            inbox: deque[bytes] = deque()
            outbox = answers(iter(inbox.popleft, None), context)
            async for request in requests:
                inbox.append(request)
                async with self._engine.write_lock():
                    answer = next(outbox, None)
                if answer is None:
                    return
                yield answer

        return in_turn


def _taking_turns(service: Callable[[AppContext], grpc.GenericRpcHandler]) -> Callable[[AppContext], TurnTaking]:
    return lambda context: TurnTaking(service(context), context.engine)


async def _run_here(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    return function(*args, **kwargs)
