"""The part of the wire that speaks HTTP."""

import http.client
import select
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.emulator.wire import PATIENCE_S, CutError, InsteadError, Wire

_HOP_BY_HOP = frozenset({"connection", "transfer-encoding", "content-length", "host", "keep-alive"})


@contextmanager
def http_relay(name: str, upstream: str, wire: Wire) -> Iterator[str]:
    """Relay every request to `upstream`; yields the relay's address."""
    with serving(partial(_Relay, name, upstream, wire)) as address:
        yield address


@contextmanager
def serving(handler: Any) -> Iterator[str]:
    """Serve HTTP on a free port; yields the address."""
    with _Server(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield f"127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_args: object) -> None:
        """Say nothing: a job was killed or cut off, and the test knows."""


class _Relay(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # one packet per answer: two small ones would wait for an acknowledgement in between

    def __init__(self, name: str, upstream: str, wire: Wire, *connection: Any) -> None:
        self._name = name
        self._upstream = upstream
        self._wire = wire
        super().__init__(*connection)

    def _relay(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        call = self._wire.note(self._name, f"{self.command} {urlsplit(self.path).path}", body)
        call.until_given_up = self._until_given_up
        call.again = lambda: self._forward(body)
        try:
            self._wire.before(call)
            status, headers, call.answer = self._forward(body)
            self._wire.after(call)
        except InsteadError as instead:
            status, headers, call.answer = instead.status, instead.headers, instead.body
        except CutError as cut:
            self.close_connection = True
            if cut.half:
                self._answer(status, headers, call.answer, call.answer[: len(call.answer) // 2])
            return
        told = call.answer if call.told is None else call.told
        self._answer(status, headers, told, told)

    def _answer(self, status: int, headers: dict[str, str], body: bytes, sent: bytes) -> None:
        """Announce a body, and send all of it or less."""
        self.send_response(status)
        for header in headers.items():
            self.send_header(*header)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(sent)

    def _until_given_up(self) -> None:
        """Wait until the client hangs up: it sends nothing before it has the answer."""
        select.select([self.connection], [], [], PATIENCE_S)

    def _forward(self, body: bytes) -> tuple[int, dict[str, str], bytes]:
        with closing(http.client.HTTPConnection(self._upstream, timeout=PATIENCE_S)) as connection:
            connection.request(self.command, self.path, body, _end_to_end(self.headers.items()))
            answer = connection.getresponse()
            return answer.status, _end_to_end(answer.getheaders()), answer.read()

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _relay  # noqa: N815 - the base class calls them by these names

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


def _end_to_end(headers: Any) -> dict[str, str]:
    return {name: value for name, value in headers if name.lower() not in _HOP_BY_HOP}
