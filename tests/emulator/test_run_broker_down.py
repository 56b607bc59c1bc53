"""A broker that fails: the run fails loudly, writes nothing, keeps its secrets, and the next run does the work."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from socket import socket
from threading import Event

import pytest

from schemas.run_record import RunRecord, Status
from tests.emulator import moments
from tests.emulator.builders import position, put, write_market
from tests.emulator.job_process import errors_of, start_job
from tests.emulator.promises import Promises
from tests.emulator.wire import PATIENCE_S, Call, CutError, InsteadError, Step, Wire
from tests.stack import LocalStack

KEY, SECRET = "PKCANARYKEY0001", "canary/secret+0002"
KEYS = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
HURRIED = {"RETRY_SECONDS": "0.5", "CALL_TIMEOUT_S": "5"}
ECHO = json.dumps({"message": f"key {KEY} with secret {SECRET} may not"}).encode()


@pytest.fixture(autouse=True)
def _positions(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path, range(1, 6)))
    put(stack, "live_positions", *map(position, range(1, 6)), position(6, qty="NaN"))


def at_broker(error: Exception) -> Step:
    """Let every question to the broker end like this."""

    def step(call: Call) -> None:
        if moments.asks_broker(call):
            raise error

    return step


def assert_nothing_written(stack: LocalStack, record: RunRecord) -> None:
    """The run failed with everything pending; the stores hold its record and nothing else."""
    assert (record.status, record.counts.read, record.counts.pending) == (Status.FAILED, 6, 6)
    promises = Promises(stack)
    assert (promises.rows, promises.quarantine) == ([], [])
    assert [run["status"] for run in promises.runs] == ["FAILED"]
    promises.assert_at_rest()


def assert_next_run_archives_everything(stack: LocalStack) -> None:
    assert stack.run("trades").counts.archived == 5
    Promises(stack).assert_kept({"live_positions/position-0006": "NOT_FINITE"})


FAILURES = {
    "is cut off": CutError(),
    "answers 500": InsteadError(500, ECHO),
    "answers 503 without a body": InsteadError(503),
    "answers 429 for ever": InsteadError(429, ECHO),
    "answers a page of HTML": InsteadError(200, b"<html>We will be back soon</html>"),
    "answers nothing": InsteadError(200),
    "answers null": InsteadError(200, b"null"),
    "refuses the keys": InsteadError(401, ECHO),
    "refuses the account": InsteadError(403, ECHO),
}


@pytest.mark.parametrize("failure", FAILURES)
def test_a_broker_that_fails_fails_the_run_and_nothing_is_written(
    failure: str, stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    wire.set(before=at_broker(FAILURES[failure]))
    record = wired.changed(**KEYS, **HURRIED).run("trades")
    assert record.error is not None
    assert record.error.type == "BrokerError"
    assert "/v" in record.error.message or "bars" in record.error.message
    assert_nothing_written(stack, record)
    assert_next_run_archives_everything(stack)


@pytest.mark.parametrize("nonsense", [b"{}", b"[{}]", b"[null]", b'{"bars": [5]}', b"5", b'"text"'])
def test_a_broker_that_answers_nonsense_fails_the_run_and_nothing_is_written(
    nonsense: bytes, stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    wire.set(before=at_broker(InsteadError(200, nonsense)))
    assert_nothing_written(stack, wired.changed(**HURRIED).run("trades"))
    assert_next_run_archives_everything(stack)


def test_a_refusal_is_not_asked_again(wired: LocalStack, wire: Wire) -> None:
    wire.set(before=at_broker(InsteadError(401, ECHO)))
    assert wired.run("trades", RETRY_SECONDS="10").broker_calls == 1


def test_a_broker_that_nobody_reaches_fails_the_run(stack: LocalStack) -> None:
    with closing(socket()) as bound:
        bound.bind(("127.0.0.1", 0))
        nowhere = f"http://127.0.0.1:{bound.getsockname()[1]}"
        record = stack.changed(ALPACA_BASE_URL=nowhere, ALPACA_DATA_URL=nowhere, **HURRIED).run("trades")
    assert_nothing_written(stack, record)
    assert_next_run_archives_everything(stack)


@pytest.mark.parametrize("way", ["a name of nobody", "TLS to a server that knows none", "a proxy that is down"])
def test_a_broker_that_there_is_no_way_to_fails_the_run_and_says_so(
    way: str, stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = "https://broker.invalid"
    if way == "TLS to a server that knows none":
        address = stack.environment["ALPACA_BASE_URL"].replace("http:", "https:")
    if way == "a proxy that is down":
        monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # the port of `discard`, at which nobody listens
    record = stack.changed(ALPACA_BASE_URL=address, ALPACA_DATA_URL=address, **KEYS, **HURRIED).run("trades")
    assert record.error is not None
    assert record.error.type == "BrokerError"
    assert_nothing_written(stack, record)
    assert_next_run_archives_everything(stack)


@pytest.fixture
def release() -> Iterator[Event]:
    event = Event()
    yield event
    event.set()


def test_a_broker_that_never_answers_fails_the_run_at_its_deadline(
    stack: LocalStack, wired: LocalStack, wire: Wire, release: Event
) -> None:
    def hang(call: Call) -> None:
        if moments.asks_broker(call):
            release.wait(PATIENCE_S)

    wire.set(before=hang)
    record = wired.run("trades", RETRY_SECONDS="0.5", CALL_TIMEOUT_S="0.5")
    assert_nothing_written(stack, record)
    assert_next_run_archives_everything(stack)


@pytest.mark.parametrize("kind", ["drip", "babble", "flood", "bomb"])
def test_an_answer_that_does_not_end_fails_the_run(kind: str, stack: LocalStack) -> None:
    stack.fail_broker(path="/v*", kind=kind, seconds=0.05, times=1)
    record = stack.run("trades", BROKER_ATTEMPTS="1", CALL_TIMEOUT_S="2")
    assert_nothing_written(stack, record)
    assert_next_run_archives_everything(stack)


def test_a_broker_that_fails_in_the_middle_leaves_no_half_of_a_run(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    def fail_after_the_first_append(call: Call) -> None:
        if any(map(moments.appends, wire.calls)):
            at_broker(InsteadError(403, ECHO))(call)

    wire.set(before=fail_after_the_first_append)
    record = wired.run("trades", PAGE_SIZE="1")
    assert (record.status, record.counts.read, record.counts.pending) == (Status.FAILED, 2, 2)
    promises = Promises(stack)
    assert promises.rows == []
    promises.assert_at_rest()
    assert_next_run_archives_everything(stack)


def test_a_broken_broker_does_not_matter_to_a_run_that_needs_none(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    stack.run("trades")
    wire.set(before=at_broker(InsteadError(503)))
    record = wired.run("trades")
    assert (record.status, record.counts.already, record.broker_calls) == (Status.PARTIAL, 5, 0)


def test_the_account_s_job_fails_and_writes_nothing(stack: LocalStack, wired: LocalStack, wire: Wire) -> None:
    wire.set(before=at_broker(InsteadError(503, ECHO)))
    record = wired.changed(**KEYS, **HURRIED).run("account-snapshot")
    assert record.status is Status.FAILED
    promises = Promises(stack, "account-snapshot")
    assert (promises.rows, promises.quarantine) == ([], [])
    promises.assert_at_rest()


@pytest.mark.parametrize("status", [200, 401, 403, 422, 500])
def test_the_keys_are_nowhere_in_records_logs_or_output(
    status: int, stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    wire.set(before=at_broker(InsteadError(status, ECHO)))
    watched = wired.changed(**KEYS, **HURRIED)
    process = start_job(watched, output := tmp_path / "output")
    process.join(PATIENCE_S)
    assert process.exitcode == 1
    record = watched.run("trades")
    promises = Promises(stack)
    texts = {
        "output": output.read_text(encoding="utf-8"),
        "errors": errors_of(output).read_text(encoding="utf-8"),
        "log": stack.log.getvalue(),
        "record": record.model_dump_json(),
        "runs": json.dumps(promises.runs, default=str),
        "quarantine": json.dumps(promises.quarantine, default=str),
    }
    assert texts["output"]
    assert {name for name, text in texts.items() if KEY in text or SECRET in text} == set()
