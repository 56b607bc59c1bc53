"""Rows into BigQuery: one PENDING stream of the Storage Write API, invisible until it is committed.

Each append is one request on its own bidirectional call, with its offset: a repeated request is answered
ALREADY_EXISTS and counts as success, so every step but the commit may be sent again freely. One append is on its way
while the rows of the next one are made.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import grpc
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient, types
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

from schemas.arrow import arrow_schema, record_batch
from schemas.table import ArchivedRow
from shared.fingerprint import Fingerprint
from shared.retrying import persistently
from shared.settings import Settings

MAX_REQUEST = 8_000_000
"""Bytes per append request; the service refuses more than 20 MB, older quotas 10 MB."""

_MISSING = frozenset(
    {
        types.StorageError.StorageErrorCode.STREAM_NOT_FOUND,
        # "Not finalized or garbaged" by its documentation; a stream is finalized before its intent is written.
        types.StorageError.StorageErrorCode.INVALID_STREAM_STATE,
    }
)


@dataclass(frozen=True)
class CommitAnswer:
    """What the service said to a commit. Only the rows in the table decide; this merely informs."""

    missing: bool
    """The service does not hold the stream: unknown, or garbaged. A committed one may be answered like this, too."""
    detail: str


class WriteStreams:
    """The Storage Write API of one dataset."""

    def __init__(self, settings: Settings, client: BigQueryWriteClient | None = None) -> None:
        """Write through `client`, or connect to the service or the emulator that the settings name."""
        self._client = client or _open(settings)
        self._dataset = f"projects/{settings.project}/datasets/{settings.dataset}"
        self._timeout = settings.call_timeout_s
        self._retry_seconds = settings.retry_seconds

    def open(self, row: type[ArchivedRow]) -> "PendingStream":
        """Create a fresh PENDING stream for a table."""
        stream = types.WriteStream(type_=types.WriteStream.Type.PENDING)
        parent = f"{self._dataset}/tables/{row.TABLE.name}"
        created = self._persistently(
            lambda: self._client.create_write_stream(
                parent=parent, write_stream=stream, retry=None, timeout=self._timeout
            )
        )
        return PendingStream(self, row, created.name)

    def append(self, request: types.AppendRowsRequest) -> Callable[[], None]:
        """Send one append; what comes back waits until it is acknowledged, and sends it again until it is."""
        unheard = [self._send(request)]

        def acknowledge() -> None:
            if unheard:
                # An answer that comes in time is lost all the same, if nobody asks for it before the call's deadline.
                with suppress(exceptions.DeadlineExceeded):
                    _hold(unheard.pop())
                    return
            _hold(self._send(request))

        return lambda: self._persistently(acknowledge)

    def _send(self, request: types.AppendRowsRequest) -> Iterator[types.AppendRowsResponse]:
        # The generated client cannot know the stream of a bidirectional call; the service routes by this header.
        routing = [("x-goog-request-params", f"write_stream={request.write_stream}")]
        answers = self._client.append_rows(iter([request]), retry=None, timeout=self._timeout, metadata=routing)
        return iter(answers)

    def finalize(self, stream: str) -> int:
        """Close a stream for appends; repeatable. Returns its number of rows."""
        answer = self._persistently(
            lambda: self._client.finalize_write_stream(name=stream, retry=None, timeout=self._timeout)
        )
        return int(answer.row_count)

    def commit(self, row: type[ArchivedRow], stream: str) -> CommitAnswer:
        """Ask once for the commit of one stream, never together with another, and report the answer.

        Raises:
            GoogleAPICallError: The answer was an error other than "not found"; the commit may have happened.
        """
        request = types.BatchCommitWriteStreamsRequest(
            parent=f"{self._dataset}/tables/{row.TABLE.name}", write_streams=[stream]
        )
        try:
            answer = self._client.batch_commit_write_streams(request=request, retry=None, timeout=self._timeout)
        except exceptions.NotFound as error:
            return CommitAnswer(missing=True, detail=str(error.message))
        missing = any(error.code in _MISSING for error in answer.stream_errors)
        return CommitAnswer(missing=missing, detail="; ".join(error.error_message for error in answer.stream_errors))

    def _persistently(self, call: Any) -> Any:
        return persistently(self._retry_seconds, call)


class PendingStream:
    """One stream and how much was appended to it."""

    def __init__(self, streams: WriteStreams, row: type[ArchivedRow], name: str) -> None:
        """Append rows of table `row` to the stream `name`."""
        self._streams = streams
        self._row = row
        self.name = name
        self.n = 0
        """Rows sent so far."""
        self.bytes = 0
        """Bytes sent so far."""
        self.fingerprint = Fingerprint()
        """What was sent so far."""
        self._unacknowledged: list[Callable[[], None]] = []
        """Waits for the request that was sent last, if it was not waited for yet."""

    def append(self, rows: Sequence[ArchivedRow]) -> None:
        """Send rows once the ones before are acknowledged, split so that no request exceeds MAX_REQUEST.

        Whether they are acknowledged in turn is known when the next ones are sent, or the stream is closed.
        """
        batch = record_batch(self._row, rows).serialize().to_pybytes()
        if len(batch) > MAX_REQUEST and len(rows) > 1:
            middle = len(rows) // 2
            self.append(rows[:middle])
            self.append(rows[middle:])
            return
        self._acknowledge()
        self._unacknowledged.append(self._streams.append(self._request(batch)))
        self.n += len(rows)
        self.bytes += len(batch)
        self.fingerprint = self.fingerprint.including(rows)

    def _acknowledge(self) -> None:
        while self._unacknowledged:
            self._unacknowledged.pop()()

    def _request(self, batch: bytes) -> types.AppendRowsRequest:
        data = types.AppendRowsRequest.ArrowData(
            writer_schema=types.ArrowSchema(serialized_schema=arrow_schema(self._row).serialize().to_pybytes()),
            rows=types.ArrowRecordBatch(serialized_record_batch=batch),
        )
        return types.AppendRowsRequest(write_stream=self.name, offset=self.n, arrow_rows=data)

    def finalize(self) -> None:
        """Close the stream and make sure that it holds every row.

        Raises:
            RuntimeError: The service counts another number of rows; nothing was committed.
        """
        self._acknowledge()
        counted = self._streams.finalize(self.name)
        if counted != self.n:
            raise RuntimeError(f"the stream holds {counted} rows, {self.n} were appended; nothing was committed")


def _hold(answers: Iterator[types.AppendRowsResponse]) -> None:
    """Wait for the answer to one append, and take it for what it says."""
    try:
        answer = next(answers, None)
    except exceptions.AlreadyExists:
        return
    if answer is None:
        raise exceptions.Unknown("an append ended without an answer")
    if answer.row_errors:
        first = answer.row_errors[0]
        raise exceptions.InvalidArgument(f"BigQuery refused row {first.index}: {first.message}")
    if answer.error.code not in {grpc.StatusCode.OK.value[0], grpc.StatusCode.ALREADY_EXISTS.value[0]}:
        raise exceptions.from_grpc_status(answer.error.code, answer.error.message)


def _open(settings: Settings) -> BigQueryWriteClient:
    client = _connected(settings)
    # By itself a call waits for the first answer before it is handed out. Google's Pub/Sub client says so the same way.
    setattr(client.transport.append_rows, "_prefetch_first_result_", False)  # noqa: B010 - no type knows the attribute
    return client


def _connected(settings: Settings) -> BigQueryWriteClient:
    if not settings.bigquery_storage_emulator_host:
        return BigQueryWriteClient()
    options = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
    channel = grpc.insecure_channel(settings.bigquery_storage_emulator_host, options=options)
    return BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=channel))
