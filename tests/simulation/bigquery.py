"""BigQuery in this process, as far as the contract uses it: tables, statements, and PENDING streams.

The product's own `Warehouse`, `Tables` and `WriteStreams` talk to it. What it promises is what BigQuery documents and
no more: a stream is invisible until it is committed, is committed once, and may be gone; an UPDATE happens whole.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple, NoReturn, TypeVar

import pyarrow as pa
from google.api_core import exceptions
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import types

from tests.simulation.network import Network, Trouble
from tests.simulation.sql import Update, compiled

T = TypeVar("T")
Row = dict[str, Any]

STREAM_LIFE = timedelta(hours=24)
"""For so long a stream may be committed."""
_Code = types.StorageError.StorageErrorCode


@dataclass
class Table:
    """One table: what it is said to be, and its rows."""

    definition: bigquery.Table
    rows: list[Row] = field(default_factory=list)


@dataclass
class Stream:
    """One PENDING stream."""

    table: str
    opened: datetime
    rows: list[Row] = field(default_factory=list)
    finalized: bool = False
    committed: bool = False
    forgotten: bool = False
    """The service does not know it any more; what was committed stays."""


class Dataset:
    """All tables and streams."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.tables: dict[str, Table] = {}
        self.streams: dict[str, Stream] = {}

    def rows(self, table: str) -> list[Row]:
        """The rows of a table by its own name."""
        found = [one.rows for name, one in self.tables.items() if name.endswith(f".{table}")]
        return found[0] if found else []

    def ask(self, effect: Callable[[], T]) -> T:
        """Pass a call along the network."""
        return self.network.call(effect, _fail)

    def known(self, name: str) -> Stream:
        """Find a stream.

        Raises:
            NotFound: It was forgotten; an uncommitted one is after a day.
        """
        stream = self.streams.get(name)
        if stream and not stream.committed and self.network.time.now() - stream.opened > STREAM_LIFE:
            stream.forgotten = True
        if stream is None or stream.forgotten:
            raise exceptions.NotFound(f"stream {name}")
        return stream


def _fail(trouble: Trouble) -> NoReturn:
    if trouble is Trouble.DENIED:
        raise exceptions.Forbidden("simulated: denied")
    raise exceptions.ServiceUnavailable("simulated: unavailable")


class _Job(NamedTuple):
    answer: list[Row]
    total_bytes_billed: int = 0

    def result(self, **_: Any) -> list[Row]:
        return self.answer


class Client:
    """What the product calls of `bigquery.Client`."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def query(self, statement: str, *, job_config: bigquery.QueryJobConfig, **_: Any) -> _Job:
        parameters = {one.name: _value(one) for one in job_config.query_parameters}
        return self._dataset.ask(lambda: _Job(self._done(statement, parameters)))

    def _done(self, statement: str, parameters: Row) -> list[Row]:
        wanted = compiled(statement)
        table = self._table(wanted.table)
        if isinstance(wanted, Update):
            wanted.change(table.rows, parameters)
            return []
        return wanted.answer(table.rows, parameters)

    def _table(self, name: str) -> Table:
        if name not in self._dataset.tables:
            raise exceptions.NotFound(f"table {name}")
        return self._dataset.tables[name]

    def get_table(self, name: str, **_: Any) -> bigquery.Table:
        return self._dataset.ask(lambda: self._table(name).definition)

    def create_table(self, table: bigquery.Table, **_: Any) -> None:
        name = f"{table.project}.{table.dataset_id}.{table.table_id}"
        self._dataset.ask(lambda: self._dataset.tables.setdefault(name, Table(table)))

    def update_table(self, table: bigquery.Table, *_: Any, **__: Any) -> None:
        # What `get_table` answers is the definition itself, so it says by now what was wanted.
        self._dataset.ask(lambda: table)

    def get_dataset(self, name: str, **_: Any) -> bigquery.Dataset:
        """A dataset that bears no label."""
        return self._dataset.ask(lambda: bigquery.Dataset(name))

    def create_dataset(self, *_: Any, **__: Any) -> None:
        self._dataset.ask(lambda: None)


def _value(parameter: Any) -> Any:
    match parameter:
        case bigquery.ArrayQueryParameter(array_type="STRUCT"):
            return [dict(one.struct_values) for one in parameter.values]
        case bigquery.ArrayQueryParameter():
            return set(parameter.values)
        case _:
            return parameter.value


class WriteClient:
    """What the product calls of `BigQueryWriteClient`."""

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def create_write_stream(self, *, parent: str, write_stream: types.WriteStream, **_: Any) -> types.WriteStream:
        if write_stream.type_ != types.WriteStream.Type.PENDING:
            raise exceptions.InvalidArgument("this stream would be visible at once")
        table = parent.replace("projects/", "").replace("/datasets/", ".").replace("/tables/", ".")

        def create() -> types.WriteStream:
            name = f"{parent}/streams/{len(self._dataset.streams) + 1}"
            self._dataset.streams[name] = Stream(table, self._dataset.network.time.now())
            return types.WriteStream(name=name)

        return self._dataset.ask(create)

    def append_rows(self, requests: Iterable[types.AppendRowsRequest], **_: Any) -> Iterator[types.AppendRowsResponse]:
        """Take the one request at once, as the service does; what became of it is told when the answer is asked for."""
        (request,) = requests
        try:
            self._dataset.ask(lambda: self._append(request))
        except exceptions.GoogleAPICallError as error:
            return map(_told, [error])
        return iter([types.AppendRowsResponse()])

    def _append(self, request: types.AppendRowsRequest) -> None:
        stream, offset = self._dataset.known(request.write_stream), int(request.offset or 0)
        if stream.finalized:
            raise exceptions.FailedPrecondition("the stream is finalized")
        if offset < len(stream.rows):
            raise exceptions.AlreadyExists("the offset is taken")
        if offset > len(stream.rows):
            raise exceptions.OutOfRange("the offset is beyond the end")
        stream.rows += _decoded(request.arrow_rows)

    def finalize_write_stream(self, *, name: str, **_: Any) -> types.FinalizeWriteStreamResponse:
        def finalize() -> types.FinalizeWriteStreamResponse:
            stream = self._dataset.known(name)
            stream.finalized = True
            return types.FinalizeWriteStreamResponse(row_count=len(stream.rows))

        return self._dataset.ask(finalize)

    def batch_commit_write_streams(
        self, *, request: types.BatchCommitWriteStreamsRequest, **_: Any
    ) -> types.BatchCommitWriteStreamsResponse:
        names = list(request.write_streams)
        if not all(name.startswith(f"{request.parent}/streams/") for name in names):
            raise exceptions.InvalidArgument("a stream of another table")
        return self._dataset.ask(lambda: self._commit(names))

    def _commit(self, names: list[str]) -> types.BatchCommitWriteStreamsResponse:
        (name,) = names
        if name not in self._dataset.streams:
            raise exceptions.NotFound(f"stream {name}")
        try:
            stream = self._dataset.known(name)
        except exceptions.NotFound:
            return _refusal(_Code.STREAM_NOT_FOUND)
        if stream.committed:
            return _refusal(_Code.STREAM_ALREADY_COMMITTED)
        if not stream.finalized:
            return _refusal(_Code.INVALID_STREAM_STATE)
        stream.committed = True
        self._dataset.tables[stream.table].rows += stream.rows
        return types.BatchCommitWriteStreamsResponse(commit_time=self._dataset.network.time.now())


def _told(error: Exception) -> NoReturn:
    raise error


def _refusal(code: Any) -> types.BatchCommitWriteStreamsResponse:
    return types.BatchCommitWriteStreamsResponse(stream_errors=[types.StorageError(code=code)])


def _decoded(data: types.AppendRowsRequest.ArrowData) -> list[Row]:
    schema = pa.ipc.read_schema(pa.py_buffer(data.writer_schema.serialized_schema))
    batch = pa.ipc.read_record_batch(pa.py_buffer(data.rows.serialized_record_batch), schema)
    return [{name: _plain(value) for name, value in row.items()} for row in batch.to_pylist()]


def _plain(value: Any) -> Any:
    return value.replace(tzinfo=UTC) if isinstance(value, datetime) else value
