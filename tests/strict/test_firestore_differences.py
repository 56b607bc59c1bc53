"""Where Google's Firestore emulator is not Firestore, in what the product depends on.

Further differences, held by the conformance suite: `GOOGLE_DIFFERS` in `tests/emulator/firestore_fixtures.py`.
"""

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta

import pytest
from google.api_core.exceptions import MethodNotImplemented
from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from tests.emulator.firestore_servers import connect
from tests.stack import LocalStack
from tests.strict.indexes import needs_composite_index


@pytest.fixture(scope="module")
def google(servers: LocalStack) -> Iterator[firestore.Client]:
    if servers.running.firestore_kind == "embedded":
        pytest.skip("Google's Firestore emulator does not run here")
    with closing(connect(servers.environment["FIRESTORE_EMULATOR_HOST"], "differences")) as client:
        client.document("c/one").set({"a": 1, "b": 2})
        yield client


@pytest.fixture
def collection(google: firestore.Client) -> firestore.CollectionReference:
    return google.collection("c")


def test_a_missing_composite_index_is_not_missed(collection: firestore.CollectionReference) -> None:
    query = collection.where(filter=FieldFilter("a", "==", 1)).order_by("b")
    assert len(list(query.get())) == 1
    assert needs_composite_index(query._to_protobuf())  # noqa: SLF001 - the request as it is sent


def test_a_read_time_before_retention_finds_nothing_instead_of_failing(
    collection: firestore.CollectionReference,
) -> None:
    now = collection.document("one").get().read_time
    assert list(collection.get(read_time=now - timedelta(hours=2))) == []


def test_a_collection_cannot_be_partitioned(google: firestore.Client) -> None:
    with pytest.raises(MethodNotImplemented):
        list(google.collection_group("c").get_partitions(2, retry=None, timeout=10))


@pytest.mark.parametrize(
    ("build", "needed"),
    [
        (lambda c: c, False),
        (lambda c: c.order_by("__name__"), False),
        (lambda c: c.where(filter=FieldFilter("a", "==", 1)).where(filter=FieldFilter("b", "==", None)), False),
        (lambda c: c.where(filter=FieldFilter("a", "==", 1)).order_by("__name__"), False),
        (lambda c: c.where(filter=FieldFilter("a", ">", 1)).order_by("a"), False),
        (lambda c: c.order_by("a", direction="DESCENDING").limit(1), False),
        (lambda c: c.where(filter=FieldFilter("a", "==", 1)).where(filter=FieldFilter("b", ">", 1)), True),
        (lambda c: c.where(filter=FieldFilter("a", ">", 1)).order_by("b"), True),
        (lambda c: c.order_by("a").order_by("b"), True),
    ],
)
def test_which_queries_need_a_composite_index(build: object, needed: bool) -> None:  # noqa: FBT001 - a column of the table
    with closing(connect("127.0.0.1:1", "nowhere")) as client:
        query = build(client.collection("c")) if callable(build) else None
        request = (query if isinstance(query, firestore.Query) else client.collection("c")._query())._to_protobuf()  # noqa: SLF001 - the request as it is sent
    assert needs_composite_index(request) is needed
