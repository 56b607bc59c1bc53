"""The local BigQuery starts, stops, survives, and streams as the run protocol needs it to."""

import os
from collections.abc import Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from decimal import Decimal
from pathlib import Path
from threading import Event

import duckdb
import grpc
import pytest
from google.api_core.exceptions import NotFound
from google.cloud.bigquery_storage_v1 import types

from infra.local.bigquery import patching
from tests.emulator.bigquery_server import BigQueryServer, running_bigquery
from tests.emulator.facts_table import ARROW, COLUMNS, DEADLINE_S, EMPTY, FULL, ONCE, FactsTable
from tests.emulator.pending_stream import PendingStream

_ERRORS = types.StorageError.StorageErrorCode


@pytest.fixture(scope="module")
def server() -> Iterator[BigQueryServer]:
    with running_bigquery() as running:
        yield running


@pytest.fixture
def table(server: BigQueryServer) -> Iterator[FactsTable]:
    with server.client() as client, server.writer() as writer:
        yield FactsTable(client, writer)


def test_it_starts_without_a_download_and_says_only_that_it_is_ready(tmp_path: Path) -> None:
    home, log = tmp_path / "home", tmp_path / "stderr"
    home.mkdir()
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    with (
        log.open("w") as stderr,
        running_bigquery(environment=os.environ | nowhere | {"HOME": str(home)}, stderr=stderr) as running,
        running.client() as client,
        running.writer() as writer,
    ):
        FactsTable(client, writer).insert(FULL)
        running.process.terminate()
        said_later, _ = running.process.communicate(timeout=DEADLINE_S)
    assert (running.process.returncode, said_later) == (0, "")
    assert log.read_text() == ""
    assert list(home.iterdir()) == []


def test_a_taken_port_is_refused(server: BigQueryServer, tmp_path: Path) -> None:
    port = server.grpc.rpartition(":")[2]
    with (
        (tmp_path / "stderr").open("w") as stderr,
        pytest.raises(RuntimeError, match="did not start"),
        running_bigquery("--grpc-port", port, stderr=stderr),
    ):
        pass
    assert f"port {port} on 127.0.0.1 is taken" in (tmp_path / "stderr").read_text()


def test_another_version_of_the_emulator_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    patching.require_versions()
    monkeypatch.setattr(patching, "version", lambda _: "1.4.1")
    with pytest.raises(patching.UnexpectedEmulatorError, match=r"1\.4\.1 is installed"):
        patching.require_versions()


def test_replacing_what_is_not_there_is_refused() -> None:
    with pytest.raises(patching.UnexpectedEmulatorError, match="no 'old_name'"):
        patching.replace(patching, "old_name", lambda stock: stock)


def test_pending_rows_are_invisible_until_the_commit(table: FactsTable) -> None:
    stream = table.stream()
    stream.append(0, [FULL], ARROW)
    stream.finalize()
    assert table.count() == 0
    assert stream.commit().commit_time
    assert table.count() == 1


def test_a_resent_offset_already_exists_and_a_gap_is_out_of_range(table: FactsTable) -> None:
    stream = table.stream()
    first = stream.append(0, [FULL, EMPTY], ARROW)
    assert (first.error.code, first.append_result.offset) == (0, 0)
    assert stream.append(0, [FULL, EMPTY], ARROW).error.code == grpc.StatusCode.ALREADY_EXISTS.value[0]
    assert stream.append(3, [FULL], ARROW).error.code == grpc.StatusCode.OUT_OF_RANGE.value[0]
    assert stream.finalize() == 2


def test_a_second_commit_changes_nothing_and_says_the_stream_is_committed(table: FactsTable) -> None:
    stream = table.stream()
    stream.append(0, [FULL], ARROW)
    stream.finalize()
    stream.commit()
    again = stream.commit()
    assert not again.commit_time
    assert [error.code for error in again.stream_errors] == [_ERRORS.INVALID_STREAM_STATE]
    assert "COMMITTED" in again.stream_errors[0].error_message
    assert table.count() == 1


def test_an_unknown_stream_is_not_found(table: FactsTable) -> None:
    known = table.stream()
    unknown = PendingStream(known.writer, known.table, known.name[:-16] + "0123456789abcdef")
    assert [error.code for error in unknown.commit().stream_errors] == [_ERRORS.STREAM_NOT_FOUND]
    with pytest.raises(NotFound):
        unknown.append(0, [FULL], ARROW)
    with pytest.raises(NotFound):
        unknown.finalize()


def test_writers_and_queries_at_once_neither_hang_nor_lose_a_row(server: BigQueryServer, table: FactsTable) -> None:
    table.insert(EMPTY | {"k": "counter", "n": 0, "amount": Decimal(0)})
    written = Event()
    with ThreadPoolExecutor() as pool:
        work = [pool.submit(_write_four_streams, server, table.path, number) for number in range(3)]
        work.append(pool.submit(_count_to_forty, table))
        readers = [pool.submit(_read_until, written, server, table) for _ in range(2)]
        unfinished = wait(work, timeout=60, return_when=FIRST_EXCEPTION).not_done
        written.set()
        for task in work + readers:
            task.result(timeout=DEADLINE_S)
    assert not unfinished
    found = table.rows("SELECT n, COUNT(DISTINCT k) AS keys, SUM(amount) AS total FROM facts GROUP BY n ORDER BY n")
    streamed = [{"n": number, "keys": 4000, "total": Decimal("0.000004")} for number in range(3)]
    assert found == [*streamed, {"n": 40, "keys": 1, "total": 0}]


def _write_four_streams(server: BigQueryServer, path: str, number: int) -> None:
    with server.writer() as writer:
        for batch in range(4):
            stream = PendingStream.create(writer, path)
            for offset in range(0, 1000, 250):
                keys = (f"{number}-{batch}-{offset + i}" for i in range(250))
                rows = [FULL | {"k": key, "n": number, "amount": Decimal("0.000000001")} for key in keys]
                assert not stream.append(offset, rows, ARROW).error.code
            assert stream.finalize() == 1000
            assert not stream.commit().stream_errors


def _count_to_forty(table: FactsTable) -> None:
    for _ in range(40):
        job = table.job("UPDATE facts SET n = n + 1 WHERE ds = DATE '2021-01-01' AND k = 'counter'")
        job.result(retry=ONCE, job_retry=None, timeout=DEADLINE_S)
        assert job.num_dml_affected_rows == 1


def _read_until(written: Event, server: BigQueryServer, table: FactsTable) -> None:
    with server.client() as client:
        while not written.is_set():
            assert len(table.rows("SELECT k, amount FROM facts LIMIT 300")) > 0
            assert table.count() % 1000 == 1  # whole streams, and the counter
            client.get_table(table.id, retry=ONCE, timeout=DEADLINE_S)
            list(client.list_rows(table.id, COLUMNS[:2], max_results=5, retry=ONCE, timeout=DEADLINE_S))


def test_committed_rows_survive_a_crash_and_pending_streams_do_not(tmp_path: Path) -> None:
    with running_bigquery("--data-dir", str(tmp_path)) as running, running.client() as client:
        with running.writer() as writer:
            table = FactsTable(client, writer)
            table.insert(FULL)
            table.job("UPDATE facts SET n = 7 WHERE ds = DATE '2021-01-01'").result(timeout=DEADLINE_S)
            pending = table.stream()
            pending.append(0, [EMPTY], ARROW)
            pending.finalize()
        running.kill()
    with running_bigquery("--data-dir", str(tmp_path)) as running, running.client() as client:
        found = client.get_table(table.id, retry=ONCE, timeout=DEADLINE_S)
        assert (found.schema, found.require_partition_filter, found.num_rows) == (COLUMNS, True, 1)
        with running.writer() as writer:
            table.client, table.writer = client, writer
            lost = PendingStream(writer, pending.table, pending.name)
            assert [error.code for error in lost.commit().stream_errors] == [_ERRORS.STREAM_NOT_FOUND]
            assert table.rows("SELECT n, amount FROM facts") == [{"n": 7, "amount": FULL["amount"]}]
            table.insert(EMPTY)
            assert table.count() == 2


def test_writes_leave_no_copies_of_the_table_behind(tmp_path: Path) -> None:
    with (
        running_bigquery("--data-dir", str(tmp_path)) as running,
        running.client() as client,
        running.writer() as writer,
    ):
        FactsTable(client, writer).insert(FULL)
    with duckdb.connect(str(tmp_path / "bqemulator.duckdb")) as database:
        tables = database.sql("SELECT table_name FROM duckdb_tables() WHERE NOT starts_with(schema_name, '_')")
        copies = database.sql("SELECT table_name FROM duckdb_tables() WHERE schema_name = '_bqemulator_snapshots'")
        assert (tables.fetchall(), copies.fetchall()) == ([("facts",)], [])
