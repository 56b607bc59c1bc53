"""Reading at an earlier time, on Google's emulator and on the stand-in alike."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import RunQueryRequest, RunQueryResponse, StructuredQuery
from google.protobuf.timestamp_pb2 import Timestamp

pytest_plugins = ["tests.emulator.firestore_fixtures"]


def _run_query(api: FirestoreClient, database: str, collection: str = "c", **request: Any) -> list[RunQueryResponse]:
    query = StructuredQuery(from_=[StructuredQuery.CollectionSelector(collection_id=collection)])
    parent = f"{database}/documents"
    return list(api.run_query(RunQueryRequest(parent=parent, structured_query=query, **request), retry=None))


def _names(responses: Iterable[RunQueryResponse]) -> list[str]:
    return [response.document.name.rpartition("/")[2] for response in responses if response.document.name]


def test_an_empty_result_is_one_response_with_its_read_time(either_api: FirestoreClient, database: str) -> None:
    (response,) = _run_query(either_api, database)

    assert response.read_time
    assert not response.document.name


def test_every_response_carries_the_same_read_time(
    either_db: firestore.Client, either_api: FirestoreClient, database: str
) -> None:
    times = [either_db.document(f"c/{number}").set({"n": number}).update_time for number in range(3)]

    responses = _run_query(either_api, database)

    (read_time,) = {response.read_time for response in responses}
    assert max(times) <= read_time
    assert _names(responses) == ["0", "1", "2"]


def test_a_query_at_a_read_time_sees_what_was_there_then(
    either_db: firestore.Client, either_api: FirestoreClient, database: str
) -> None:
    either_db.document("c/changed").set({"x": 1})
    then = either_db.document("c/deleted").set({"x": 1}).update_time
    either_db.document("c/changed").set({"x": 2})
    either_db.document("c/deleted").delete()
    either_db.document("c/added").set({"x": 2})

    responses = _run_query(either_api, database, read_time=then)

    assert _names(responses) == ["changed", "deleted"]
    assert responses[0].document.fields["x"].integer_value == 1
    assert {response.read_time for response in responses} == {then}


def test_reads_and_counts_take_a_read_time_too(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    then = document.set({"x": 1}).update_time
    document.set({"x": 2})
    either_db.document("c/e").set({})

    assert document.get(read_time=then).to_dict() == {"x": 1}
    assert either_db.collection("c").count().get(read_time=then)[0][0].value == 1


def test_a_microsecond_before_its_commit_a_document_is_not_there(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    created = document.set({"x": 1}).update_time
    before = datetime.fromtimestamp(created.timestamp(), tz=created.tzinfo) - timedelta(milliseconds=1)

    assert not document.get(read_time=before).exists


def test_a_read_at_its_own_read_time_is_repeatable(
    either_db: firestore.Client, either_api: FirestoreClient, database: str
) -> None:
    either_db.document("c/d").set({"x": 1})
    first = _run_query(either_api, database)

    either_db.document("c/e").set({"x": 1})

    assert _run_query(either_api, database, read_time=first[0].read_time) == first


def test_a_read_time_in_the_future_is_refused(either_db: firestore.Client) -> None:
    now = either_db.document("c/d").set({}).update_time

    with pytest.raises(exceptions.InvalidArgument):
        either_db.document("c/d").get(read_time=now + timedelta(hours=1))


def test_a_read_time_finer_than_microseconds_is_refused(either_api: FirestoreClient, database: str) -> None:
    request = RunQueryRequest(parent=f"{database}/documents", structured_query=StructuredQuery())
    RunQueryRequest.pb(request).read_time.CopyFrom(Timestamp(seconds=1_700_000_000, nanos=1))

    with pytest.raises(exceptions.InvalidArgument):
        list(either_api.run_query(request, retry=None))


def test_a_read_time_older_than_an_hour_is_refused(either_db: firestore.Client) -> None:
    now = either_db.document("c/d").set({}).update_time

    with pytest.raises(exceptions.FailedPrecondition):
        either_db.document("c/d").get(read_time=now - timedelta(hours=2))


def test_projects_and_databases_know_nothing_of_each_other(either_api: FirestoreClient, project: str) -> None:
    databases = [f"projects/{project}{suffix}/databases/{name}" for suffix in ("", "-b") for name in ("(default)", "x")]
    for number, database in enumerate(databases):
        name = f"{database}/documents/c/{number}"
        either_api.commit({"database": database, "writes": [{"update": {"name": name}}]})

    assert [_names(_run_query(either_api, database)) for database in databases] == [["0"], ["1"], ["2"], ["3"]]
