"""Appends and commits, answer by answer: what counts as done, what is sent again, what is refused."""

from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from google.api_core import exceptions
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient, types
from google.rpc import status_pb2

from schemas.trades import PositionDocument, Trade
from shared import stream as streams
from shared.stream import WriteStreams
from tests.unit.samples import built, candidate, evidence, settings

NAME = "projects/p/datasets/d/tables/fact_trades/streams/s-1"
NOT_FOUND, ALREADY_EXISTS = 5, 6
GARBAGED = types.StorageError.StorageErrorCode.INVALID_STREAM_STATE
BUSY = types.StorageError.StorageErrorCode.INVALID_CMEK_PROVIDED
Answer = types.AppendRowsResponse
NOTHING = object()
"""Stands for a call that ends well without an answer."""


class Service:
    """Answers as told, call by call; what it was asked is kept."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.appended: list[types.AppendRowsRequest] = []
        self.metadata: list[Any] = []

    def _next(self) -> Any:
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def create_write_stream(self, **_: Any) -> types.WriteStream:
        return types.WriteStream(name=NAME)

    def append_rows(self, requests: Iterator[types.AppendRowsRequest], *, metadata: Any, **_: Any) -> Iterator[Any]:
        """Take the request at once; what is said to it is heard when the answer is asked for."""
        self.appended.append(next(requests))
        self.metadata.append(metadata)
        return self._heard()

    def _heard(self) -> Iterator[Any]:
        if (answer := self._next()) is not NOTHING:
            yield answer

    def finalize_write_stream(self, **_: Any) -> types.FinalizeWriteStreamResponse:
        return types.FinalizeWriteStreamResponse(row_count=self._next())

    def batch_commit_write_streams(self, **_: Any) -> Any:
        return self._next()


def connected(service: Service, retry_seconds: float = 5) -> WriteStreams:
    patient = settings().model_copy(update={"retry_seconds": retry_seconds})
    return WriteStreams(patient, cast("BigQueryWriteClient", service))


def opened(service: Service) -> streams.PendingStream:
    return connected(service).open(Trade)


def rows(count: int) -> list[Trade]:
    row = built("trades", candidate(PositionDocument), evidence())
    return [row.model_copy(update={"trade_id": f"p-{number}"}) for number in range(count)]


def error(code: int, message: str = "no") -> Answer:
    return Answer(error=status_pb2.Status(code=code, message=message))


def test_an_append_names_its_stream_where_the_service_routes_by_it_and_in_the_request() -> None:
    service = Service(Answer())
    opened(service).append(rows(2))
    assert service.metadata == [[("x-goog-request-params", f"write_stream={NAME}")]]
    assert [(one.write_stream, one.offset) for one in service.appended] == [(NAME, 0)]


@pytest.mark.parametrize("done", [Answer(), error(ALREADY_EXISTS), exceptions.AlreadyExists("told before")])
def test_rows_that_are_there_are_appended_whatever_says_so(done: Any) -> None:
    stream = opened(Service(done, Answer(), 4))
    stream.append(rows(3))
    stream.append(rows(1))
    stream.finalize()
    assert stream.n == 4


def test_the_next_append_begins_where_the_last_one_ended() -> None:
    service = Service(Answer(), Answer(), Answer())
    stream = opened(service)
    for count in (3, 2, 1):
        stream.append(rows(count))
    assert [one.offset for one in service.appended] == [0, 3, 5]


def close(stream: streams.PendingStream) -> None:
    stream.finalize()


def send_more(stream: streams.PendingStream) -> None:
    stream.append(rows(1))


@pytest.mark.parametrize("go_on", [close, send_more])
def test_a_row_that_the_service_refuses_is_named_before_anything_else_is_sent(
    go_on: Callable[[streams.PendingStream], None],
) -> None:
    refused = Answer(row_errors=[types.RowError(index=7, message="too long"), types.RowError(index=9)])
    service = Service(refused)
    stream = opened(service)
    stream.append(rows(1))
    with pytest.raises(exceptions.InvalidArgument, match="BigQuery refused row 7: too long"):
        go_on(stream)
    assert len(service.appended) == 1


def test_an_error_in_an_answer_is_an_error() -> None:
    stream = opened(Service(error(NOT_FOUND, "no such stream")))
    stream.append(rows(1))
    with pytest.raises(exceptions.NotFound, match="no such stream"):
        stream.finalize()


@pytest.mark.parametrize("failed", [exceptions.ServiceUnavailable("later"), NOTHING])
def test_an_append_that_failed_for_a_reason_that_passes_is_sent_again_as_it_was(
    failed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("time.sleep", lambda _: None)
    service = Service(failed, error(ALREADY_EXISTS), 2)
    stream = opened(service)
    stream.append(rows(2))
    stream.finalize()
    assert service.appended[0] == service.appended[1]
    assert stream.n == 2


def test_an_answer_that_nobody_asked_for_in_time_is_asked_for_again_without_a_retry() -> None:
    service = Service(exceptions.DeadlineExceeded("long ago"), error(ALREADY_EXISTS), 2)
    stream = connected(service, retry_seconds=0).open(Trade)
    stream.append(rows(2))
    stream.finalize()
    assert service.appended[0] == service.appended[1]


def test_an_append_that_is_not_answered_in_time_again_and_again_fails() -> None:
    service = Service(*[exceptions.DeadlineExceeded("too late")] * 2)
    stream = connected(service, retry_seconds=0).open(Trade)
    stream.append(rows(2))
    with pytest.raises(exceptions.DeadlineExceeded):
        stream.finalize()


def test_rows_that_do_not_fit_one_request_are_sent_in_several_and_all_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    one = opened(Service(Answer()))
    one.append(rows(1))
    monkeypatch.setattr(streams, "MAX_REQUEST", one.bytes + 1)
    service = Service(*[Answer()] * 5)
    stream = opened(service)

    stream.append(rows(5))

    sent = [len(one.arrow_rows.rows.serialized_record_batch) for one in service.appended]
    assert [one.offset for one in service.appended] == [0, 1, 2, 3, 4]
    assert (stream.n, stream.bytes) == (5, sum(sent))
    assert stream.fingerprint.rows == 5


def test_one_row_that_does_not_fit_is_sent_nevertheless(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "MAX_REQUEST", 1)
    service = Service(Answer())
    opened(service).append(rows(1))
    assert len(service.appended) == 1


def committed(*errors: types.StorageError) -> types.BatchCommitWriteStreamsResponse:
    return types.BatchCommitWriteStreamsResponse(stream_errors=errors)


@pytest.mark.parametrize(
    ("answer", "missing", "detail"),
    [
        (committed(), False, ""),
        (committed(types.StorageError(code=GARBAGED, error_message="gone")), True, "gone"),
        (
            committed(types.StorageError(code=BUSY, error_message="a"), types.StorageError(error_message="b")),
            False,
            "a; b",
        ),
        (exceptions.NotFound("no stream"), True, "no stream"),
    ],
)
def test_a_commit_s_answer_tells_whether_the_stream_is_missing_and_what_was_said(
    answer: Any, missing: object, detail: str
) -> None:
    told = connected(Service(answer)).commit(Trade, NAME)
    assert (told.missing, told.detail) == (missing, detail)


def test_a_commit_that_failed_otherwise_is_not_taken_for_an_answer() -> None:
    with pytest.raises(exceptions.InternalServerError):
        connected(Service(exceptions.InternalServerError("who knows"))).commit(Trade, NAME)
