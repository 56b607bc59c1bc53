"""The judge inside the local BigQuery.

Inside and not in a relay before it: requests are read where they are parsed anyway, and tables are looked up in the
emulator's own catalogue. `GET /strict/refusals?project=…` tells what was refused.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from dataclasses import asdict
from functools import partial
from typing import Any, TypeAlias

import grpc
import pyarrow as pa
from bqemulator import server
from bqemulator.api.dependencies import AppContext
from bqemulator.catalog.repository import CatalogRepository
from bqemulator.grpc_api import write_servicer
from bqemulator.grpc_api.write_servicer import _error_response
from fastapi import FastAPI, Request
from google.cloud.bigquery_storage_v1 import types
from starlette.middleware import Middleware
from starlette.responses import JSONResponse

from infra.local.bigquery import turns
from infra.local.bigquery.patching import replace
from tests.strict.definition import Definition, Field, TableName
from tests.strict.judge import Judge

REFUSALS = "/strict/refusals"
_WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send: TypeAlias = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App: TypeAlias = Callable[[Scope, Receive, Send], Awaitable[None]]
Appends: TypeAlias = Callable[[AsyncIterator[bytes], Any], AsyncIterator[bytes]]


def install() -> None:
    """Put a judge into the emulator that is about to be assembled, before its requests take turns."""
    replace(turns, "install", lambda stock: partial(_install_after, stock))


def _install_after(take_turns: Callable[[], None]) -> None:
    take_turns()
    judge = Judge()
    replace(server, "create_app", lambda stock: partial(_judged_app, stock, judge))
    replace(write_servicer, "BigQueryWriteHandler", lambda stock: lambda context: JudgedWrites(stock(context), judge))


def _judged_app(create_app: Callable[[AppContext], FastAPI], judge: Judge, context: AppContext) -> FastAPI:
    judge.tables = partial(_define, context.catalog)
    app = create_app(context)
    # Innermost: it sees a compressed request as the emulator does, unpacked.
    app.user_middleware.append(Middleware(JudgedRequests, judge=judge))
    return app


def _define(catalog: CatalogRepository, name: TableName) -> Definition | None:
    table = catalog.get_table(*name)
    if table is None or table.table_type != "TABLE":
        return None
    fields = tuple(Field(field.name, field.type, field.mode) for field in table.schema_.fields)
    if (layout := table.time_partitioning) is None:
        return Definition(name, fields)
    return Definition(name, fields, layout.field, layout.require_partition_filter)


class JudgedRequests:
    """REST with the judge in front. What only reads passes straight through."""

    def __init__(self, app: App, judge: Judge) -> None:
        self._app = app
        self._judge = judge

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] == "http" and scope["path"] == REFUSALS:
            wanted = Request(scope).query_params.getlist("project")
            noted = [asdict(one) for one in self._judge.noted if one.project in wanted]
            await JSONResponse(noted)(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] in _WITH_BODY and not scope["path"].startswith("/upload/"):
            await self._judged(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    async def _judged(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = await Request(scope, receive).body()
        if refusal := self._judge.rest(scope["method"], scope["path"], body):
            await JSONResponse(refusal.body(), refusal.status)(scope, receive, send)
            return
        unread = [body]

        async def again() -> MutableMapping[str, Any]:
            return {"type": "http.request", "body": unread.pop()} if unread else await receive()

        await self._app(scope, again, send)


class JudgedWrites:
    """The Storage Write API with the judge in front of AppendRows."""

    def __init__(self, service: grpc.GenericRpcHandler, judge: Judge) -> None:
        self._service = service
        self._judge = judge

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler | None:
        """The handler of one call, as gRPC asks for it."""
        handler = self._service.service(details)
        if handler is None or not handler.stream_stream:
            return handler
        return grpc.stream_stream_rpc_method_handler(partial(self._appends, handler.stream_stream))

    async def _appends(self, appends: Appends, requests: AsyncIterator[bytes], context: Any) -> AsyncIterator[bytes]:
        """Pass requests on one by one; the emulator gives one answer for each and remembers the writer's schema."""
        inbox: asyncio.Queue[bytes] = asyncio.Queue()
        answers = appends(_from(inbox), context)
        schema: pa.Schema | None = None
        async for request in requests:
            parsed = types.AppendRowsRequest.deserialize(request)
            if sent := parsed.arrow_rows.writer_schema.serialized_schema:
                schema = pa.ipc.read_schema(pa.py_buffer(sent))
            rows = _rows(parsed.arrow_rows.rows.serialized_record_batch, schema)
            if refusal := self._judge.append(parsed.write_stream, request, rows):
                yield _error_response(parsed.write_stream, refusal.message)
                continue
            inbox.put_nowait(request)
            answer = await anext(answers, None)
            if answer is None:
                return
            yield answer


async def _from(inbox: asyncio.Queue[bytes]) -> AsyncIterator[bytes]:
    while True:
        yield await inbox.get()


def _rows(batch: bytes, schema: pa.Schema | None) -> pa.RecordBatch | None:
    """Read a batch; what is none is the emulator's to refuse."""
    if not batch or schema is None:
        return None
    try:
        return pa.ipc.read_record_batch(pa.py_buffer(batch), schema)
    except (pa.ArrowException, OSError):
        return None
