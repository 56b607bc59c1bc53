"""What a call may take of time and memory, and what becomes of its connection."""

import gzip
import json
import select
import tracemalloc
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import ClassVar

import pytest

from shared.broker_calls import BrokerError
from shared.http_answers import LARGEST_ANSWER
from tests.emulator.broker_client.client import connected
from tests.emulator.broker_server import BrokerServer
from tests.emulator.wire_http import serving
from tests.unit.own_clock import OwnClock

ONCE = {"BROKER_ATTEMPTS": "1"}
HASTY = {**ONCE, "CALL_TIMEOUT_S": "0.3"}
DROP_S, DROPS = 0.05, 200
JSON = b"Content-Type: application/json\r\n"


def http(body: bytes, status: bytes = b"200 OK") -> bytes:
    return b"HTTP/1.1 %b\r\n%bContent-Length: %d\r\n\r\n%b" % (status, JSON, len(body), body)


def account_of(size: int) -> bytes:
    """An account of so many bytes."""
    empty = json.dumps({"note": ""})
    return json.dumps({"note": "x" * (size - len(empty))}).encode()


class Script(BaseHTTPRequestHandler):
    """Says what a test has written, byte for byte, and keeps its connections."""

    protocol_version = "HTTP/1.1"
    answers: ClassVar[list[bytes]] = []
    """One for each request."""
    drops: ClassVar[bytes] = b""
    """Sent after each answer again and again, until the caller hangs up."""
    outlasted: ClassVar[list[str]] = []
    """Requests whose caller heard far more drops than he should have."""
    connections: ClassVar[list[int]] = []
    """How many requests each connection brought."""

    def setup(self) -> None:
        super().setup()
        self._number = len(self.connections)
        self.connections.append(0)

    def do_GET(self) -> None:
        self.connections[self._number] += 1
        with suppress(OSError):
            self.wfile.write(self.answers.pop(0))
            if self.drops:
                self._drip()

    def _drip(self) -> None:
        self.close_connection = True
        for _ in range(DROPS):
            self.wfile.write(self.drops)
            if select.select([self.connection], [], [], DROP_S)[0]:
                return
        self.outlasted.append(self.path)

    def log_message(self, *_args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def scripted() -> Iterator[BrokerServer]:
    """A broker that says what the script has."""
    Script.answers, Script.drops, Script.outlasted, Script.connections = [], b"", [], []
    with serving(Script) as address:
        yield BrokerServer(f"http://{address}")


def test_answers_and_refusals_share_a_connection(scripted: BrokerServer) -> None:
    Script.answers = [http(b'{"id": "1"}'), http(b'{"message": "none"}', b"404 Not Found"), http(b'{"id": "2"}')]
    account = connected(scripted, OwnClock()).accounts[0]

    assert (account.account(), account.order("x"), account.account()) == ({"id": "1"}, None, {"id": "2"})
    assert Script.connections == [3]


def test_an_answer_may_be_as_large_as_that_and_no_larger(scripted: BrokerServer) -> None:
    sizes = (LARGEST_ANSWER, LARGEST_ANSWER + 1, 2 * LARGEST_ANSWER)
    Script.answers = [*(http(account_of(size)) for size in sizes), http(b'{"id": "1"}')]
    account = connected(scripted, OwnClock(), ONCE).accounts[0]

    assert len(json.dumps(account.account())) == LARGEST_ANSWER
    for _ in sizes[1:]:
        with pytest.raises(BrokerError, match="/account: 200 an answer of more than 8 MiB"):
            account.account()
    assert account.account() == {"id": "1"}
    assert Script.connections == [3, 1], "the rest of a large answer must not become the next one"


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n"
DRIPS = {
    "status line": b"HTTP/1.1 200 ",
    "header": b"HTTP/1.1 200 OK\r\nX-Slow: ",
    "body without a length": b"HTTP/1.1 200 OK\r\n\r\n",
    "size of a chunk": CHUNKED + b"\r\n2;",
    "chunk": CHUNKED + b"\r\nfff\r\n",
    "trailer": CHUNKED + b"\r\n2\r\n{}\r\n0\r\nX-Slow: ",
}


@pytest.mark.parametrize("where", DRIPS)
def test_a_deadline_holds_wherever_an_answer_drips(where: str, scripted: BrokerServer) -> None:
    Script.answers, Script.drops = [DRIPS[where], http(b'{"id": "1"}')], b"x"
    account = connected(scripted, OwnClock(), HASTY).accounts[0]

    with pytest.raises(BrokerError, match="/account: no answer ReadTimeout"):
        account.account()
    assert Script.outlasted == []
    Script.drops = b""
    assert account.account() == {"id": "1"}
    assert Script.connections == [1, 1]


def test_a_body_that_is_packed_more_than_once_is_not_unpacked(scripted: BrokerServer) -> None:
    nothing = gzip.compress(gzip.compress(b"") * 300_000, 1)
    packed = http(nothing).replace(JSON, JSON + b"Content-Encoding: gzip, gzip\r\n", 1)
    Script.answers = [packed, http(b'{"id": "1"}')]
    account = connected(scripted, OwnClock(), ONCE).accounts[0]

    with pytest.raises(BrokerError, match="/account: no answer ContentDecodingError"):
        account.account()
    assert account.account() == {"id": "1"}
    assert Script.connections == [1, 1]


@pytest.mark.parametrize("drops", [b"x", b" " * 4_000_000], ids=["drips", "has no end"])
def test_a_refusal_counts_also_where_its_body(drops: bytes, scripted: BrokerServer) -> None:
    Script.answers, Script.drops = [b"HTTP/1.1 403 Forbidden\r\n\r\n"], drops
    broker = connected(scripted, OwnClock(), {"CALL_TIMEOUT_S": "0.3"})

    with pytest.raises(BrokerError, match=r"/account: 403 Forbidden$"):
        broker.accounts[0].account()
    assert (broker.calls, Script.outlasted) == (1, [])


def test_a_refusal_counts_also_where_its_body_nests_without_end(scripted: BrokerServer) -> None:
    Script.answers = [http(b"[" * 100_000, b"403 Forbidden")]

    with pytest.raises(BrokerError, match=r"/account: 403 Forbidden$"):
        connected(scripted, OwnClock()).accounts[0].account()


@pytest.mark.parametrize("kind", ["flood", "bomb"])
def test_a_body_without_end_takes_no_more_memory_than_the_largest_answer(kind: str, server: BrokerServer) -> None:
    server.fail("/v2/account", kind)
    account = connected(server, OwnClock(), ONCE).accounts[0]
    tracemalloc.start()
    try:
        with pytest.raises(BrokerError, match="more than 8 MiB"):
            account.account()
        assert tracemalloc.get_traced_memory()[1] < 1.5 * LARGEST_ANSWER
    finally:
        tracemalloc.stop()
