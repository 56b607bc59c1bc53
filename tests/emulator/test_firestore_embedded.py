"""What only the stand-in for Firestore has to do: keep a file, stop at once, and go by a clock that tests can move."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient

from infra.local.firestore.server import Server
from tests.emulator.firestore_servers import connect, embedded_process, embedded_server, generated_client

_DATABASE = "projects/p/databases/(default)"
_START = datetime(2026, 1, 1, tzinfo=UTC)
_AT_ONCE_S = 1.0


class Wall:
    """A clock that moves when a test says so."""

    def __init__(self) -> None:
        self.now = _START

    def __call__(self) -> int:
        return (self.now - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def address(wall: Wall) -> Iterator[str]:
    """A server that goes by the wall clock of the test."""
    server = Server("127.0.0.1", 0, wall=wall)
    server.start()
    yield f"127.0.0.1:{server.port}"
    server.stop()


@pytest.fixture
def client(address: str) -> Iterator[firestore.Client]:
    with closing(connect(address, "p")) as client:
        yield client


@pytest.fixture
def api(address: str) -> Iterator[FirestoreClient]:
    with generated_client(address) as client:
        yield client


@contextmanager
def _kept_in(file: Path) -> Iterator[firestore.Client]:
    with embedded_server("--data", str(file)) as address, closing(connect(address, "p")) as client:
        yield client


def test_documents_and_their_times_survive_a_kill(tmp_path: Path) -> None:
    file = tmp_path / "firestore.sqlite"
    with embedded_process("--data", str(file)) as (process, address), closing(connect(address, "p")) as client:
        created = client.document("c/d").set({"x": 1}).update_time
        updated = client.document("c/d").update({"y": [2.5, None]}).update_time
        client.document("c/gone").set({})
        client.document("c/gone").delete()
        process.send_signal(signal.SIGKILL)
        process.wait()

    with _kept_in(file) as client:
        (snapshot,) = client.collection("c").get()

    assert snapshot.to_dict() == {"x": 1, "y": [2.5, None]}
    assert (snapshot.create_time, snapshot.update_time) == (created, updated)


def test_a_restarted_server_commits_later_and_refuses_to_read_what_it_forgot(tmp_path: Path) -> None:
    with _kept_in(tmp_path / "firestore.sqlite") as client:
        first = client.document("c/d").set({"x": 1}).update_time
        last = client.document("c/d").set({"x": 2}).update_time

    with _kept_in(tmp_path / "firestore.sqlite") as client:
        assert client.document("c/d").get(read_time=last).to_dict() == {"x": 2}
        with pytest.raises(exceptions.FailedPrecondition):
            client.document("c/d").get(read_time=first)
        assert client.document("c/d").set({"x": 3}).update_time > last


def test_a_file_serves_one_server_at_a_time(tmp_path: Path) -> None:
    with _kept_in(tmp_path / "firestore.sqlite"):
        second = _refused("--port", "0", "--data", str(tmp_path / "firestore.sqlite"))

    assert "database is locked" in second


def test_a_port_that_is_taken_is_an_error() -> None:
    with embedded_server() as address:
        assert address in _refused("--port", address.rpartition(":")[2])


def _refused(*options: str) -> str:
    """What the stand-in says on its way out when it cannot start."""
    command = [sys.executable, "-m", "infra.local.firestore", *options]
    # The command is this interpreter and a module of this project.
    ended = subprocess.run(command, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)  # noqa: S603
    assert ended.returncode == 1
    return ended.stderr


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_server_at_once_and_cleanly(number: signal.Signals) -> None:
    with (
        ThreadPoolExecutor() as pool,
        embedded_process() as (process, address),
        closing(connect(address, "p")) as client,
        generated_client(address) as api,
    ):
        transaction = api.begin_transaction({"database": _DATABASE}).transaction
        list(api.batch_get_documents(_reading(transaction), retry=None))
        waiting = pool.submit(_write, api)
        client.document("c/other").set({})

        process.send_signal(number)

        assert process.wait(_AT_ONCE_S) == 0
        assert isinstance(waiting.exception(), exceptions.GoogleAPICallError)


def _reading(transaction: bytes) -> dict[str, object]:
    return {"database": _DATABASE, "documents": [f"{_DATABASE}/documents/c/d"], "transaction": transaction}


def _write(api: FirestoreClient) -> None:
    api.commit({"database": _DATABASE, "writes": [{"update": {"name": f"{_DATABASE}/documents/c/d"}}]}, retry=None)


def test_a_transaction_expires_after_a_minute_without_a_request(api: FirestoreClient, wall: Wall) -> None:
    transaction = api.begin_transaction({"database": _DATABASE}).transaction
    wall.now += timedelta(seconds=59)
    list(api.batch_get_documents(_reading(transaction), retry=None))

    wall.now += timedelta(seconds=61)
    _write(api)

    with pytest.raises(exceptions.InvalidArgument):
        api.commit({"database": _DATABASE, "transaction": transaction})


def test_a_transaction_expires_after_four_and_a_half_minutes(api: FirestoreClient, wall: Wall) -> None:
    transaction = api.begin_transaction({"database": _DATABASE}).transaction

    for _ in range(5):
        wall.now += timedelta(seconds=50)
        list(api.batch_get_documents(_reading(transaction), retry=None))
    wall.now += timedelta(seconds=50)

    with pytest.raises(exceptions.InvalidArgument):
        list(api.batch_get_documents(_reading(transaction), retry=None))


def test_times_increase_while_the_wall_clock_stands_still_or_steps_back(client: firestore.Client, wall: Wall) -> None:
    first, second = (client.document("c/d").set({"x": x}).update_time for x in (1, 2))
    wall.now -= timedelta(hours=1)

    third = client.document("c/d").set({"x": 3}).update_time

    assert _START <= first < second < third < _START + timedelta(milliseconds=1)


def test_versions_are_kept_for_an_hour_and_no_longer(client: firestore.Client, wall: Wall) -> None:
    document = client.document("c/d")
    document.set({"x": 1})
    wall.now += timedelta(minutes=10)
    document.set({"x": 2})
    wall.now += timedelta(minutes=10)
    document.delete()
    wall.now += timedelta(minutes=45)
    client.document("c/another").set({})

    seen = [document.get(read_time=_START + timedelta(minutes=minute)).to_dict() for minute in (6, 11, 21)]

    assert seen == [{"x": 1}, {"x": 2}, None]
    with pytest.raises(exceptions.FailedPrecondition):
        document.get(read_time=_START + timedelta(minutes=4))


def test_a_document_whose_deletion_is_forgotten_can_come_back(client: firestore.Client, wall: Wall) -> None:
    for minutes in (0, 90):
        wall.now = _START + timedelta(minutes=minutes)
        client.document("c/d").create({"minutes": minutes})
        client.document("c/d").delete()
    wall.now += timedelta(minutes=90)
    client.document("c/d").create({"minutes": 180})

    assert [snapshot.to_dict() for snapshot in client.collection("c").get()] == [{"minutes": 180}]


def test_ten_contending_increments_of_the_stock_client_are_all_counted(client: firestore.Client) -> None:
    counter = client.document("c/counter")
    with ThreadPoolExecutor(10) as pool:
        runs = [pool.submit(_increment, client.transaction(), counter) for _ in range(10)]

    assert [run.exception() for run in runs] == [None] * 10
    assert counter.get().to_dict() == {"n": 10}


@firestore.transactional
def _increment(transaction: firestore.Transaction, counter: firestore.DocumentReference) -> None:
    seen = counter.get(transaction=transaction).to_dict() or {"n": 0}
    transaction.set(counter, {"n": seen["n"] + 1})


def test_a_commit_becomes_visible_as_a_whole(client: firestore.Client) -> None:
    # Not asked of Google's emulator, whose plain queries sometimes see half a commit.
    documents = [client.document(f"c/{number}") for number in range(50)]

    def write_all() -> None:
        for value in range(20):
            batch = client.batch()
            for document in documents:
                batch.set(document, {"value": value})
            batch.commit()

    seen = []
    with ThreadPoolExecutor() as pool:
        writing = pool.submit(write_all)
        while not writing.done():
            seen.append({snapshot.get("value") for snapshot in client.collection("c").get()})

    assert writing.exception() is None
    assert all(len(values) <= 1 for values in seen)


def test_methods_that_are_not_served_say_so(client: firestore.Client) -> None:
    with pytest.raises(exceptions.MethodNotImplemented):
        list(client.collection_group("c").get_partitions(2))
