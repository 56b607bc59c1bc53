"""Answers that a failing host sends in place of the true one."""

from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Response

from infra.local import exact_json
from infra.local.broker.errors import failure
from infra.local.broker.faults import Fault

JSON = "application/json; charset=UTF-8"
_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_DATA_HOST = ("/v1beta", "/v2/stocks/")


def spoiled(fault: Fault, path: str) -> Response:
    """The answer to a request for `path` that was taken by a fault which answers at all."""
    match fault.kind:
        case "html":
            return _response(fault, _PAGE.format(_status_line(fault.status)), "text/html")
        case "empty":
            return _response(fault, b"")
        case "redirect":
            return _response(fault, b"", Location=f"/moved{path}")
        case _:
            return _response(fault, exact_json.dumps(_body(fault, path)), JSON)


def _body(fault: Fault, path: str) -> Any:
    if fault.body is not None or fault.kind == "body":
        return fault.body
    return failure(fault.status, is_trading=not path.startswith(_DATA_HOST))


def _response(fault: Fault, body: str | bytes, content_type: str | None = None, **headers: str) -> Response:
    return Response(body, fault.status, {**headers, **fault.headers}, content_type=content_type)


def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
