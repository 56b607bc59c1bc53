"""Refusing what BigQuery refuses.

Stock: a NULL in a REQUIRED column is stored, and malformed JSON fails only at the commit, which loses the stream's
rows. A value that does not fit is answered with 500, which clients retry for ten minutes. ``jobs.query`` answers an SQL
error with no rows and 200.
"""

from collections.abc import Callable
from typing import Any

import duckdb
import orjson
import pyarrow as pa
from bqemulator import server
from bqemulator.api.dependencies import AppContext
from bqemulator.domain.errors import DomainError, NotFoundError, UnsupportedFeatureError, ValidationError
from bqemulator.grpc_api import write_servicer
from bqemulator.grpc_api.write_servicer import BigQueryWriteHandler, _error_response
from bqemulator.streaming.write_stream import WriteStream
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse

from infra.local.bigquery.patching import replace

_BAD_DATA = (duckdb.Error, pa.ArrowException, ArithmeticError, ValueError)


def install() -> None:
    """Be strict with appended rows, and answer bad requests with errors that are final."""
    replace(write_servicer, "BigQueryWriteHandler", lambda _: StrictWriteHandler)
    replace(server, "create_app", _strict_app)


class StrictWriteHandler(BigQueryWriteHandler):
    """AppendRows that refuses rows BigQuery would refuse, before they are buffered."""

    def _perform_append(self, stream: WriteStream, rows: pa.Table, offset: int | None, max_buffered: int) -> bytes:
        fault = _fault(rows)
        if fault:
            return _error_response(stream.name, fault)
        return super()._perform_append(stream, rows, offset, max_buffered)


def _fault(rows: pa.Table) -> str | None:
    for field in rows.schema:
        column = rows.column(field.name)
        if not field.nullable and column.null_count:
            return f"Field {field.name} is REQUIRED and {column.null_count} rows have no value for it"
        if (field.metadata or {}).get(b"bq_type") == b"JSON" and not all(map(_is_json, column.to_pylist())):
            return f"Field {field.name} is JSON and holds a value that is not JSON"
    return None


def _is_json(value: str | None) -> bool:
    if value is None:
        return True
    try:
        orjson.loads(value)
    except orjson.JSONDecodeError:
        return False
    return True


def _strict_app(create_app: Callable[[AppContext], FastAPI]) -> Callable[[AppContext], FastAPI]:
    def strict(context: AppContext) -> FastAPI:
        app = create_app(context)
        for error in _BAD_DATA:
            app.add_exception_handler(error, _refuse)
        app.add_api_route("/bigquery/v2/projects/{project_id}/queries", _no_jobs_query, methods=["POST"])
        app.router.routes.insert(0, app.router.routes.pop())
        return app

    return strict


async def _refuse(_request: Request, error: Exception) -> JSONResponse:
    missing = isinstance(error, duckdb.CatalogException)
    answer: DomainError = (NotFoundError if missing else ValidationError)(str(error))
    return JSONResponse(status_code=answer.http_status, content=answer.to_bigquery_error())


async def _no_jobs_query(project_id: str) -> dict[str, Any]:
    raise UnsupportedFeatureError(
        f"jobs.query (query_and_wait) in {project_id}: here it would turn an SQL error into an empty result; "
        "use jobs.insert (Client.query)"
    )
