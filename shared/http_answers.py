"""An answer over HTTP that is whole in time, and no larger than it may be.

requests and urllib3 put a limit on each read of a socket: a server that sends a byte now and then is never late for
them, be it in the headers, between two chunks or in the body. And nothing limits what a body unpacks to.
"""

import http.client
import io
import socket
import time
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import ReadTimeoutError
from urllib3.util import Timeout

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

LARGEST_ANSWER = 8 * 2**20
"""Bytes of a body, unpacked: five times a page of 10,000 bars. JSON takes up to 34 times as many once it is read, and
a job has 512 MiB."""
_LONGEST_CONNECT_S = 10.0
_PART = 2**16


class Punctual(HTTPAdapter):
    """Sends requests that end in time: connecting, sending and the whole answer share one deadline.

    The system looks up the host's name in a time of its own; and where a host has several addresses, each of them that
    is silent costs the time to connect.
    """

    def __init__(self, seconds: float) -> None:
        """Give a call so many seconds, 10 of them at most to connect."""
        super().__init__()
        self._timeout = Timeout(connect=min(_LONGEST_CONNECT_S, seconds), total=seconds)

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # passes every option through
        """Send a request; the body of its answer is still to be read.

        Raises:
            requests.RequestException: No answer came, or not in time.
        """
        return super().send(request, **{**options, "stream": True, "timeout": self._timeout})

    def get_connection_with_tls_context(self, *options: Any, **more: Any) -> Any:
        """Find the pool of a request, through a proxy or not, and have it make connections that know the time."""
        pool: Any = super().get_connection_with_tls_context(*options, **more)
        pool.ConnectionCls = _CONNECTIONS[pool.scheme]
        return pool


class TooLargeError(Exception):
    """A body is larger than any that is expected."""


def read_whole(response: requests.Response) -> None:
    """Read and unpack the body of an answer, and keep it there; where that fails, the connection is closed.

    Raises:
        TooLargeError: It is larger than LARGEST_ANSWER.
        requests.RequestException: It broke off, cannot be unpacked, or took too long (ReadTimeout).
    """
    # Closing does nothing to a connection whose answer was read to its end.
    with response:
        try:
            response._content = _limited(response)  # noqa: SLF001 - where requests itself keeps a body that it has read
        except requests.ConnectionError as error:
            if isinstance(error.args[0], ReadTimeoutError):
                raise requests.ReadTimeout(error, request=response.request) from error
            raise


def _limited(response: requests.Response) -> bytes:
    # One encoding unpacks to a limited size between two looks at the clock, one within another to any.
    if "," in response.headers.get("Content-Encoding", ""):
        raise requests.exceptions.ContentDecodingError("a body packed more than once", response=response)
    body = bytearray()
    for part in response.iter_content(_PART):
        body += part
        if len(body) > LARGEST_ANSWER:
            raise TooLargeError(f"an answer of more than {LARGEST_ANSWER // 2**20} MiB")
    return bytes(body)


class _Reader(io.RawIOBase):
    """Reads a socket until a moment: what the socket allows for one read, it allows for all of them together."""

    def __init__(self, raw: io.RawIOBase, connection: socket.socket) -> None:
        self._raw = raw
        self._socket = connection
        self._until = time.monotonic() + (connection.gettimeout() or 0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "WriteableBuffer") -> int | None:
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer took too long")
        # Whoever sends the next request over this connection sets its timeout anew.
        self._socket.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Answer(http.client.HTTPResponse):
    """An answer, from its status line to its last byte."""

    def __init__(self, sock: socket.socket, *options: Any, **more: Any) -> None:
        super().__init__(sock, *options, **more)
        self.fp = io.BufferedReader(_Reader(self.fp.detach(), sock))


class _Connection(HTTPConnection):
    response_class = _Answer


class _TLSConnection(HTTPSConnection):
    response_class = _Answer


_CONNECTIONS = {"http": _Connection, "https": _TLSConnection}
