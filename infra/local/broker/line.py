"""The line between a caller and the venue: it notes every request, and fails when it is told to."""

import select
import socket
import struct
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING

from werkzeug.wrappers import Request, Response

from infra.local.broker.conduct import Conduct
from infra.local.broker.faults import Fault
from infra.local.broker.spoiled import spoiled

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

_ADMINISTRATION = "/_admin/"
# Close at once and drop what is unsent, which the other side sees as a reset.
_NO_LINGER = struct.pack("ii", 1, 0)
_PROMISE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Line:
    """The WSGI application that callers meet. The venue's administration is never noted and never fails."""

    def __init__(self, respond: Callable[[Request], Response], conduct: Conduct) -> None:
        self._respond = respond
        self._faults = conduct.faults
        self._calls = conduct.calls

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass one request on, or spoil it.

        Raises:
            ConnectionAbortedError: The connection was closed unanswered; the server takes it for a caller who left.
        """
        request = Request(environ)
        if request.path.startswith(_ADMINISTRATION):
            return self._respond(request)(environ, start_response)
        call = self._calls.arrived(request.path, request.args.to_dict())
        response = self._answer(request)
        self._calls.answered(call, response.status_code)
        return response(environ, start_response)

    def _answer(self, request: Request) -> Response:
        fault = self._faults.take(request.path)
        if fault is None:
            return self._respond(request)
        match fault.kind:
            case "hang":
                raise _hung(request.environ["werkzeug.socket"], fault)
            case "reset":
                raise _reset(request.environ["werkzeug.socket"])
            case "cut":
                return _cut(self._respond(request))
            case "drip":
                return _dripping(self._respond(request), request.environ["werkzeug.socket"], fault)
            case "babble":
                raise _babbled(request.environ["werkzeug.socket"], fault)
            case _:
                return spoiled(fault, request.path)


def _cut(response: Response) -> Response:
    """The first half of the answer under the length of the whole; the server closes after every answer."""
    body = response.get_data()
    response.headers["Content-Length"] = str(len(body))
    response.response = [body[: len(body) // 2]]
    return response


def _dripping(response: Response, connection: socket.socket, fault: Fault) -> Response:
    """The answer under its own length, byte by byte."""
    body = response.get_data()
    response.headers["Content-Length"] = str(len(body))
    response.response = _drops(body, connection, fault)
    return response


def _drops(body: bytes, connection: socket.socket, fault: Fault) -> Iterator[bytes]:
    for at in range(len(body)):
        yield body[at : at + 1]
        if _hangs_up(connection, fault):
            return


def _babbled(connection: socket.socket, fault: Fault) -> ConnectionAbortedError:
    """Promise an answer again and again, until the caller hangs up."""
    with suppress(OSError):
        while not _hangs_up(connection, fault):
            connection.sendall(_PROMISE)
    return _ended(connection, "babbled")


def _hung(connection: socket.socket, fault: Fault) -> ConnectionAbortedError:
    """Wait out the fault, or until the caller hangs up, then close without an answer."""
    _hangs_up(connection, fault)
    return _ended(connection, "hung")


def _hangs_up(connection: socket.socket, fault: Fault) -> bool:
    """Wait; whether the caller hung up meanwhile, for nobody sends more before the answer is there."""
    readable, _, _ = select.select([connection], [], [], fault.seconds)
    return bool(readable)


def _ended(connection: socket.socket, how: str) -> ConnectionAbortedError:
    # The server goes on to read the next request of this connection, and must find its end; a caller who was killed
    # has ended it already.
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
    return ConnectionAbortedError(how)


def _reset(connection: socket.socket) -> ConnectionAbortedError:
    """Make the server's own close a reset.

    Only reading is shut down, since shutting down the rest would end the connection in order; and the socket is closed
    here so that the server, which would do the same, cannot: its file descriptor goes with the last reader.
    """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
    connection.shutdown(socket.SHUT_RD)
    connection.close()
    return ConnectionAbortedError("reset")
