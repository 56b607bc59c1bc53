import socket
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from tests.emulator.broker_server import BrokerServer, running_broker
from tests.emulator.broker_standin.clients import Row
from tests.emulator.broker_standin.fixture_data import ACCOUNT, fixture

ACCOUNT_PATH = "/v2/account"
BARS_PATH = "/v2/stocks/bars"


@pytest.fixture
def healthy(blank: BrokerServer, tmp_path: Path) -> Iterator[BrokerServer]:
    """A broker with an account, which forgets its faults afterwards."""
    blank.seed(fixture(tmp_path, account=ACCOUNT)).raise_for_status()
    yield blank
    blank.reset().raise_for_status()


def statuses(server: BrokerServer, count: int, path: str = ACCOUNT_PATH) -> list[int]:
    return [server.get(path).status_code for _ in range(count)]


def test_a_fault_lets_some_requests_pass_then_takes_so_many(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "status", status=500, after=1, times=2)

    assert statuses(healthy, 4) == [200, 500, 500, 200]


def test_faults_for_one_path_act_one_after_another(healthy: BrokerServer) -> None:
    healthy.fail("/v2/*", "status", status=500)
    healthy.fail(ACCOUNT_PATH, "status", status=503)

    assert statuses(healthy, 3) == [500, 503, 200]


def test_a_fault_for_other_paths_leaves_this_one_alone(healthy: BrokerServer) -> None:
    healthy.fail("/v2/account/*", "status", status=500)

    assert statuses(healthy, 1) == [200]
    assert statuses(healthy, 1, "/v2/account/activities") == [500]


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        (ACCOUNT_PATH, 401, {"code": 40110000, "message": "request is not authorized"}),
        (ACCOUNT_PATH, 422, {"code": 40010001, "message": "unprocessable entity"}),
        (ACCOUNT_PATH, 429, {"code": 42910000, "message": "rate limit exceeded"}),
        (ACCOUNT_PATH, 500, {"code": 50010000, "message": "internal server error occurred"}),
        (ACCOUNT_PATH, 504, {"code": 50410000, "message": "gateway timeout"}),
        (BARS_PATH, 403, {"message": "forbidden."}),
        (BARS_PATH, 429, {"message": "rate limit exceeded"}),
        (BARS_PATH, 500, {"message": "internal server error occurred"}),
    ],
)
def test_an_error_has_the_body_of_its_host(path: str, status: int, body: Row, healthy: BrokerServer) -> None:
    healthy.fail(path, "status", status=status)

    answer = healthy.get(path)

    assert (answer.status_code, answer.json()) == (status, body)


def test_an_error_can_have_words_of_its_own(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "status", status=429, body={"message": "too many requests"})

    assert healthy.get(ACCOUNT_PATH).json() == {"message": "too many requests"}


def test_an_answer_carries_the_headers_it_was_given(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "status", status=429, times=2, headers={"X-RateLimit-Reset": "1790726400"})
    healthy.fail(ACCOUNT_PATH, "html", status=429, headers={"Retry-After": "7"})
    first, second, third = (healthy.get(ACCOUNT_PATH) for _ in range(3))

    assert [first.headers["X-RateLimit-Reset"], second.headers["X-RateLimit-Reset"]] == ["1790726400"] * 2
    assert (third.status_code, third.headers["Retry-After"]) == (429, "7")


def test_a_gateway_answers_with_a_page(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "html", status=502)

    answer = healthy.get(ACCOUNT_PATH)

    assert (answer.status_code, answer.headers["Content-Type"]) == (502, "text/html")
    assert "<h1>502 Bad Gateway</h1>" in answer.text


@pytest.mark.parametrize("status", [200, 503])
def test_an_answer_can_be_empty(status: int, healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "empty", status=status)

    answer = healthy.get(ACCOUNT_PATH)

    assert (answer.status_code, answer.content) == (status, b"")


def test_a_redirect_says_where_to(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "redirect")

    answer = requests.get(healthy.url + ACCOUNT_PATH, allow_redirects=False, timeout=10)

    assert (answer.status_code, answer.headers["Location"], answer.content) == (302, "/moved/v2/account", b"")


@pytest.mark.parametrize("body", [{"id": 1}, [], None, "text"])
def test_any_json_can_be_the_answer(body: object, healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "body", body=body)

    answer = healthy.get(ACCOUNT_PATH)

    assert (answer.status_code, answer.json()) == (200, body)


def test_a_reset_connection_is_reset(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "reset")

    with pytest.raises(requests.ConnectionError, match="ConnectionResetError"):
        healthy.get(ACCOUNT_PATH)
    assert statuses(healthy, 1) == [200]


def test_a_hung_request_ends_without_an_answer(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "hang", seconds=0)

    with pytest.raises(requests.ConnectionError, match="RemoteDisconnected"):
        healthy.get(ACCOUNT_PATH)


def test_a_caller_with_a_deadline_gives_up_on_a_hung_request(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "hang", seconds=600)

    with pytest.raises(requests.ReadTimeout):
        requests.get(healthy.url + ACCOUNT_PATH, timeout=(5, 0.05))
    assert statuses(healthy, 1, "/v2/clock") == [200]


def test_a_cut_answer_is_half_of_the_true_one(healthy: BrokerServer) -> None:
    length = len(healthy.get(ACCOUNT_PATH).content)
    half = length // 2
    healthy.fail(ACCOUNT_PATH, "cut")

    with pytest.raises(requests.exceptions.ChunkedEncodingError) as answer:
        healthy.get(ACCOUNT_PATH)
    assert f"IncompleteRead({half} bytes read, {length - half} more expected)" in str(answer.value)


def test_a_dripping_answer_is_the_true_one(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "drip", seconds=0)

    dripped, true = healthy.get(ACCOUNT_PATH), healthy.get(ACCOUNT_PATH)
    assert (dripped.json(), dripped.headers["Content-Length"]) == (true.json(), true.headers["Content-Length"])


def test_a_dripping_answer_is_late_for_nobody_who_limits_each_read(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "drip", seconds=600)

    with requests.get(healthy.url + ACCOUNT_PATH, stream=True, timeout=10) as answer:
        assert answer.raw.read(1) == b"{"
    assert statuses(healthy, 1) == [200]


def test_a_babbling_broker_promises_an_answer_again_and_again(healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, "babble", seconds=0)
    address = urlsplit(healthy.url)

    with socket.create_connection((address.hostname, address.port)) as connection:
        connection.sendall(b"GET /v2/account HTTP/1.1\r\n\r\n")
        with connection.makefile("rb") as said:
            assert [said.readline() for _ in range(5)] == [b"HTTP/1.1 100 Continue\r\n", b"\r\n"] * 2 + [
                b"HTTP/1.1 100 Continue\r\n"
            ]
    assert statuses(healthy, 1) == [200]


@pytest.mark.parametrize(("kind", "encoding"), [("flood", None), ("bomb", "gzip")])
def test_blanks_come_without_end(kind: str, encoding: str | None, healthy: BrokerServer) -> None:
    healthy.fail(ACCOUNT_PATH, kind)

    with requests.get(healthy.url + ACCOUNT_PATH, stream=True, timeout=10) as answer:
        assert answer.headers.get("Content-Encoding") == encoding
        parts = list(islice(answer.iter_content(100_000), 50))
        assert (len(parts), b"".join(parts).strip()) == (50, b"")
    assert statuses(healthy, 1) == [200]


def test_a_hung_request_does_not_keep_the_broker_from_ending(tmp_path: Path) -> None:
    # Leaving `running_broker` ends it, and raises if that takes longer than ten seconds.
    with ExitStack() as caller, running_broker(tmp_path) as server:
        server.fail(ACCOUNT_PATH, "hang", seconds=600)
        address = urlsplit(server.url)
        connection = caller.enter_context(socket.create_connection((address.hostname, address.port)))
        connection.sendall(b"GET /v2/account HTTP/1.1\r\n\r\n")
        while not server.calls():
            pass  # it is on its way


def test_every_request_is_on_record_with_its_answer_but_without_its_keys(healthy: BrokerServer) -> None:
    healthy.fail("/v2/clock", "hang", seconds=0)
    healthy.get(ACCOUNT_PATH)
    healthy.get("/v2/orders", {"limit": 501, "symbols": "BTC/USD,AAPL"})
    with pytest.raises(requests.ConnectionError):
        healthy.get("/v2/clock")
    healthy.get("/v2/nowhere")

    assert healthy.calls() == [
        {"path": ACCOUNT_PATH, "query": {}, "status": 200},
        {"path": "/v2/orders", "query": {"limit": "501", "symbols": "BTC/USD,AAPL"}, "status": 422},
        {"path": "/v2/clock", "query": {}, "status": None},
        {"path": "/v2/nowhere", "query": {}, "status": 404},
    ]


def test_a_reset_of_the_broker_forgets_faults_and_calls(healthy: BrokerServer) -> None:
    healthy.fail("/v2/*", "status", status=500, times=1000)
    healthy.get(ACCOUNT_PATH)
    healthy.reset()

    assert healthy.calls() == []
    assert statuses(healthy, 1, "/v2/positions") == [200]


@pytest.mark.parametrize(
    "fault",
    [
        {"kind": "status"},
        {"kind": "status", "status": 42},
        {"kind": "hang", "status": 500},
        {"kind": "explode"},
        {"kind": "reset", "times": 0},
        {"kind": "reset", "after": -1},
        {"kind": "reset", "sometimes": True},
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fault: Row, healthy: BrokerServer) -> None:
    with pytest.raises(requests.HTTPError, match="400"):
        healthy.fail("*", **fault)
    assert statuses(healthy, 1) == [200]
