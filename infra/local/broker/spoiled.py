"""Answers that a failing host sends in place of the true one."""

import zlib
from collections.abc import Iterator
from http import HTTPStatus
from itertools import repeat
from typing import Any

from werkzeug.wrappers import Response

from infra.local import exact_json
from infra.local.broker.errors import failure
from infra.local.broker.faults import Fault

JSON = "application/json; charset=UTF-8"
_PAGE = "<html><head><title>{0}</title></head><body><center><h1>{0}</h1></center></body></html>"
_BLANKS = b" " * 100_000
_AS_GZIP = 16 + zlib.MAX_WBITS
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
        case "flood":
            return Response(repeat(_BLANKS), fault.status, content_type=JSON)
        case "bomb":
            return Response(_packed_blanks(), fault.status, {"Content-Encoding": "gzip"}, content_type=JSON)
        case _:
            return _response(fault, exact_json.dumps(_body(fault, path)), JSON)


def _body(fault: Fault, path: str) -> Any:
    if fault.body is not None or fault.kind == "body":
        return fault.body
    return failure(fault.status, is_trading=not path.startswith(_DATA_HOST))


def _packed_blanks() -> Iterator[bytes]:
    packer = zlib.compressobj(wbits=_AS_GZIP)
    while True:
        yield packer.compress(_BLANKS)


def _response(fault: Fault, body: str | bytes, content_type: str | None = None, **headers: str) -> Response:
    return Response(body, fault.status, {**headers, **fault.headers}, content_type=content_type)


def _status_line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"
