"""The HTTP entry point, under the real functions-framework server."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from tests.emulator.builders import position, put
from tests.emulator.promises import Promises
from tests.security.tokens import AUDIENCE, CALLER, Signer, served
from tests.stack import AS_OF, LocalStack

SOURCE = Path(__file__).parents[2] / "jobs" / "http" / "main.py"
SIGNER = Signer()
PATIENCE_S = 30
CANARY = "canary-of-the-broker"


@pytest.fixture(scope="module")
def served_stack(servers: LocalStack) -> Iterator[tuple[LocalStack, str]]:
    """A corner of the stack, and the address of a server whose jobs work on it."""
    stack = servers.fresh()
    with (
        served(SIGNER.certificates) as certificates,
        serving(
            stack.changed(HTTP_AUDIENCE=AUDIENCE, HTTP_CALLERS=CALLER, HTTP_CERTS_URL=certificates).environment
        ) as address,
    ):
        yield stack, address


@contextmanager
def serving(environment: Any) -> Iterator[str]:
    """Run functions-framework on a free port of the loopback interface."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "functions_framework", "--source", str(SOURCE), "--target", "run_job"]
    command += ["--host", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, env={**os.environ, **environment}) as server:  # noqa: S603 - our own command line
        try:
            session().get(f"http://127.0.0.1:{port}/health", timeout=PATIENCE_S).raise_for_status()
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def session() -> requests.Session:
    """A client that waits for the server to come up."""
    patient = requests.Session()
    patient.mount("http://", HTTPAdapter(max_retries=Retry(total=12, connect=12, backoff_factor=0.1)))
    return patient


def post(address: str, body: Any = None, data: bytes | None = None, **claims: Any) -> requests.Response:
    headers = {"Authorization": f"Bearer {SIGNER.token(**claims)}"}
    return requests.post(f"{address}/", json=body, data=data, headers=headers, timeout=PATIENCE_S)


def test_a_known_caller_runs_a_job_and_gets_its_record(served_stack: tuple[LocalStack, str]) -> None:
    stack, address = served_stack
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"), position(2, qty="NaN"))

    answer = post(address, {"job": "trades", "options": {"as_of": AS_OF}})

    assert answer.status_code == 200, answer.text
    (run,) = answer.json()["runs"]
    assert (run["job"], run["status"]) == ("trades", "PARTIAL")
    assert (run["counts"]["archived"], run["counts"]["quarantined"]) == (1, 1)
    promises = Promises(stack)
    promises.assert_kept({"live_positions/position-0002": "NOT_FINITE"})
    assert {row["run_id"] for row in promises.rows} == {run["run_id"]}


def test_a_dry_run_says_what_would_happen(served_stack: tuple[LocalStack, str]) -> None:
    # Whatever it may take: nothing of it could be asked for later.
    answer = post(served_stack[1], {"job": "strategies", "options": {"as_of": AS_OF, "dry_run": True}, "wait_s": 0})
    assert (answer.status_code, answer.json()["runs"][0]["dry_run"]) == (200, True)


@pytest.mark.parametrize("name", ["trades-20211231T000000-0123456789ab", "..", "a/b", "%00"])
def test_a_run_that_there_is_not_is_404(name: str, served_stack: tuple[LocalStack, str]) -> None:
    address = served_stack[1]
    assert requests.get(f"{address}/runs/{name}", timeout=PATIENCE_S).status_code == 401
    headers = {"Authorization": f"Bearer {SIGNER.token()}"}
    refused = requests.get(f"{address}/runs/{name}", headers=headers, timeout=PATIENCE_S)
    assert refused.status_code == (405 if name == ".." else 404)  # a client resolves dots itself


def test_an_unknown_caller_runs_nothing(served_stack: tuple[LocalStack, str]) -> None:
    stack, address = served_stack
    before = len(Promises(stack).runs)
    body = {"job": "trades"}
    assert requests.post(f"{address}/", json=body, timeout=PATIENCE_S).status_code == 401
    assert post(address, body, email="somebody@example.com").status_code == 403
    assert len(Promises(stack).runs) == before


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"job": "nothing"}, "there are: "),
        ({"job": "trades", "table": "fact_trades"}, "table"),
        ({"job": "trades", "options": {"as_of": "2021-07-01T00:00:00"}}, "options.as_of"),
        ({"job": "trades", "options": {"as_of": "1999-12-31T23:59:59Z"}}, "options.as_of"),
        ({"job": "trades", "options": {"as_of": "2100-01-01T00:00:00Z"}}, "options.as_of"),
        ({"job": "trades", "options": {"limit": 0}}, "options.limit"),
        ({"job": "trades", "options": {"delete": True}}, "--delete"),
        ({"job": "retire", "options": {"delete": "yes"}}, "options.delete"),
        ({"job": "trades", "options": {"limit": True}}, "options.limit"),
        ({"job": "trades", "options": {"since": "2021-07-02", "until": "2021-07-01"}}, "--since"),
        ({}, "job"),
        ({"job": "trades", "wait_s": 4000}, "wait_s"),
        ([], "body"),
    ],
    ids=str,
)
def test_a_wrong_request_is_told_what_is_wrong(body: Any, named: str, served_stack: tuple[LocalStack, str]) -> None:
    answer = post(served_stack[1], body)
    assert answer.status_code == 400
    assert named in answer.json()["error"]


def test_what_is_no_json_or_too_long_or_no_post_is_refused(served_stack: tuple[LocalStack, str]) -> None:
    address = served_stack[1]
    headers = {"Authorization": f"Bearer {SIGNER.token()}"}
    assert post(address, data=b"\xff{").status_code == 400
    assert post(address, data=b" " * 70_000).status_code == 413
    assert requests.get(f"{address}/", headers=headers, timeout=PATIENCE_S).status_code == 405
    assert requests.get(f"{address}/health", timeout=PATIENCE_S).json() == {"status": "serving"}


def test_a_run_that_fails_answers_500_with_the_reason_and_no_trace(stack: LocalStack) -> None:
    broken = stack.changed(HTTP_AUTHENTICATION="platform", RETRY_SECONDS="0", ALPACA_SECRET_KEY=CANARY)
    stack.fail_broker(path="/v2/*", kind="status", status=401, times=9)
    with serving(broken.environment) as address:
        answer = requests.post(f"{address}/", json={"job": "account-snapshot"}, timeout=PATIENCE_S)
    assert answer.status_code == 500
    assert answer.json()["runs"][0]["status"] == "FAILED"
    assert "Traceback" not in answer.text
    assert CANARY not in answer.text
