"""Whatever documents there are and whatever is asked of them: Google's emulator and the stand-in answer alike."""

import itertools
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import pytest
from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import (
    ArrayValue,
    CommitRequest,
    Cursor,
    Document,
    MapValue,
    RunQueryRequest,
    StructuredQuery,
    Value,
    Write,
)
from google.type.latlng_pb2 import LatLng
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.emulator.firestore_servers import generated_client

pytest_plugins = ["tests.emulator.firestore_fixtures"]

_FIELDS = ("a", "b")
_OPERATORS = [StructuredQuery.FieldFilter.Operator(number) for number in range(1, 11)]
_LIST_OPERATORS = ("IN", "NOT_IN", "ARRAY_CONTAINS_ANY")
_PROJECTS = itertools.count(1)

Documents = Mapping[str, Mapping[str, Value]]


class Pair(NamedTuple):
    """The same requests go to both."""

    google: FirestoreClient
    embedded: FirestoreClient


@pytest.fixture(scope="module")
def pair(google_address: str, embedded_address: str) -> Iterator[Pair]:
    with ExitStack() as clients:
        yield Pair(*(clients.enter_context(generated_client(each)) for each in (google_address, embedded_address)))


# Few values of each kind, so that examples meet equal ones.
_SCALARS = st.one_of(
    st.just(Value(null_value=0)),
    st.booleans().map(lambda each: Value(boolean_value=each)),
    st.sampled_from([-1, 0, 1, 2**53, 2**53 + 1, 2**63 - 1]).map(lambda each: Value(integer_value=each)),
    st.sampled_from([math.nan, -math.inf, math.inf, -0.0, 1.0, 0.5, 2.0**53]).map(lambda e: Value(double_value=e)),
    st.sampled_from([0, 1, -1]).map(
        lambda micros: Value(timestamp_value=datetime(2026, 1, 1, tzinfo=UTC) + timedelta(microseconds=micros))
    ),
    st.text("aZ\u00e4\uffff\U0001f600", max_size=2).map(lambda each: Value(string_value=each)),
    st.binary(max_size=2).map(lambda each: Value(bytes_value=each)),
    st.sampled_from(["c/d", "c/d/e/f", "c!/d", "c/e"]).map(
        lambda path: Value(reference_value=f"projects/p/databases/(default)/documents/{path}")
    ),
    st.tuples(st.sampled_from([-1.0, 0.0, 90.0]), st.sampled_from([-1.0, 180.0])).map(
        lambda place: Value(geo_point_value=LatLng(latitude=place[0], longitude=place[1]))
    ),
)


def _maps(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    names = st.sampled_from(["a", "b", "ab", "é"])
    return st.dictionaries(names, values, max_size=2).map(lambda each: Value(map_value=MapValue(fields=each)))


def _arrays(values: st.SearchStrategy[Value]) -> st.SearchStrategy[Value]:
    return st.lists(values, max_size=3).map(lambda each: Value(array_value=ArrayValue(values=each)))


_VALUES = _SCALARS | _arrays(_SCALARS | _maps(_SCALARS)) | _maps(_SCALARS | _arrays(_SCALARS))
_DOCUMENTS = st.dictionaries(
    st.text("aZ_é\uffff\U0001f600!~", min_size=1, max_size=2),
    st.fixed_dictionaries({"a": _VALUES}, optional={"b": _VALUES}),
    min_size=4,
    max_size=12,
)


@st.composite
def _filters(draw: st.DrawFn) -> StructuredQuery.Filter:
    operator = draw(st.sampled_from(_OPERATORS))
    operand = _arrays(_VALUES) if operator.name in _LIST_OPERATORS else _VALUES
    field = StructuredQuery.FieldReference(field_path=draw(st.sampled_from(_FIELDS)))
    return StructuredQuery.Filter(
        field_filter=StructuredQuery.FieldFilter(field=field, op=operator, value=draw(operand))
    )


def _composites() -> st.SearchStrategy[StructuredQuery.Filter]:
    operators = st.sampled_from(
        [StructuredQuery.CompositeFilter.Operator.AND, StructuredQuery.CompositeFilter.Operator.OR]
    )
    return st.builds(
        lambda operator, parts: StructuredQuery.Filter(
            composite_filter=StructuredQuery.CompositeFilter(op=operator, filters=parts)
        ),
        operators,
        st.lists(_filters(), min_size=1, max_size=3),
    )


# Two more ways to draw nothing: most cursors leave nothing to compare.
_USUALLY_NONE = st.none() | st.none() | st.none()


@st.composite
def _queries(draw: st.DrawFn) -> StructuredQuery:
    directions = st.sampled_from([StructuredQuery.Direction.ASCENDING, StructuredQuery.Direction.DESCENDING])
    ordered = draw(st.lists(st.sampled_from(_FIELDS), unique=True))
    cursors = st.builds(Cursor, values=st.lists(_VALUES, max_size=len(ordered)), before=st.booleans())
    return StructuredQuery(
        from_=[StructuredQuery.CollectionSelector(collection_id="c")],
        where=draw(st.none() | _filters() | _composites()),
        order_by=[
            StructuredQuery.Order(field=StructuredQuery.FieldReference(field_path=each), direction=draw(directions))
            for each in ordered
        ],
        start_at=draw(_USUALLY_NONE | cursors),
        end_at=draw(_USUALLY_NONE | cursors),
        offset=draw(st.sampled_from([0, 0, 1])),
        limit=draw(st.none() | st.integers(2, 5)),
    )


def _store(client: FirestoreClient, database: str, documents: Documents) -> None:
    writes = [
        Write(update=Document(name=f"{database}/documents/c/{identifier}", fields=fields))
        for identifier, fields in documents.items()
    ]
    client.commit(CommitRequest(database=database, writes=writes))


def _answer(client: FirestoreClient, database: str, query: StructuredQuery) -> list[str] | str:
    """The names of what was found, or the status of the refusal."""
    request = RunQueryRequest(parent=f"{database}/documents", structured_query=query)
    try:
        return [response.document.name for response in client.run_query(request, retry=None) if response.document.name]
    except GoogleAPICallError as refused:
        return str(refused.grpc_status_code)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    database=None,
    # The servers are slow to start and keep examples apart by project, so one pair serves all.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(documents=_DOCUMENTS, queries=st.lists(_queries(), min_size=1, max_size=5))
def test_both_servers_find_the_same_in_the_same_order(
    pair: Pair, documents: Documents, queries: list[StructuredQuery]
) -> None:
    database = f"projects/agreement-{next(_PROJECTS)}/databases/(default)"
    for client in pair:
        _store(client, database, documents)

    for query in queries:
        assert _answer(pair.embedded, database, query) == _answer(pair.google, database, query)
