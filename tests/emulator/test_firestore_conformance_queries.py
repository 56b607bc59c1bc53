"""Order, cursors, limits and projections of queries, on Google's emulator and on the stand-in alike."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud.firestore import And, Client, CollectionReference, FieldFilter, Or, Query

from tests.emulator.firestore_servers import connect, fill, ids

pytest_plugins = ["tests.emulator.firestore_fixtures"]

Refine = Callable[[Query], Query]

_PEOPLE: Mapping[str, Mapping[str, Any]] = {
    "ada": {"age": 36, "city": "London", "tags": ["maths"]},
    "bob": {"age": 20, "city": "Paris", "tags": []},
    "cyd": {"age": 20, "city": "London"},
    "dan": {"age": 50, "city": "Paris", "tags": ["maths", "music"]},
    "eve": {"age": 36},
}


@pytest.fixture(scope="module")
def people(either_address: str) -> Iterator[CollectionReference]:
    with closing(connect(either_address, "people")) as client:
        fill(client, {f"people/{name}": fields for name, fields in _PEOPLE.items()})
        yield client.collection("people")


def _where(field: str, operator: str, value: Any) -> Refine:
    return lambda query: query.where(filter=FieldFilter(field, operator, value))


def _orders(*names: str) -> Refine:
    """Orders by fields, descending where a minus sign says so."""

    def refine(query: Query) -> Query:
        for name in names:
            direction = Query.DESCENDING if name.startswith("-") else Query.ASCENDING
            query = query.order_by(name.removeprefix("-"), direction=direction)
        return query

    return refine


def _cursor(method: str, **values: Any) -> Refine:
    """One of the four cursors of the stock client."""

    def refine(query: Query) -> Query:
        refined: Query = getattr(query, method)(values)
        return refined

    return refine


def _refined(collection: CollectionReference, refinements: Iterable[Refine]) -> Query:
    query = collection.limit(100)
    for refine in refinements:
        query = refine(query)
    return query


_OLD_OR_LONDON = Or([FieldFilter("age", ">", 40), FieldFilter("city", "==", "London")])
_LONDON_AND_YOUNG = And([FieldFilter("city", "==", "London"), FieldFilter("age", "<", 30)])


@pytest.mark.parametrize(
    ("refinements", "expected"),
    [
        ([], "ada bob cyd dan eve"),
        ([_orders("age")], "bob cyd ada eve dan"),
        ([_orders("-age")], "dan eve ada cyd bob"),
        ([_orders("-age", "__name__")], "dan ada eve bob cyd"),
        ([_orders("city", "-age")], "ada cyd dan bob"),
        ([_orders("-city", "age")], "bob dan cyd ada"),
        ([_orders("tags")], "bob ada dan"),
        ([_where("age", ">", 20)], "ada eve dan"),
        ([_where("age", ">", 20), _orders("-age")], "dan eve ada"),
        ([_where("city", "==", "London"), _where("age", ">", 30)], "ada"),
        ([_where("age", ">", 10), _where("city", ">", "A")], "cyd bob ada dan"),
        ([_where("age", ">", 10), _where("city", ">", "A"), _orders("city")], "cyd ada bob dan"),
        ([_where("age", "in", [20, 50]), _where("city", "in", ["Paris"])], "bob dan"),
        ([_where("tags", "array_contains", "maths"), _where("city", "==", "Paris")], "dan"),
        ([lambda query: query.where(filter=_OLD_OR_LONDON)], "cyd ada dan"),
        ([lambda query: query.where(filter=Or([_LONDON_AND_YOUNG, FieldFilter("age", "==", 36)]))], "cyd ada eve"),
        ([_where("age", "!=", 20), lambda query: query.limit(2)], "ada eve"),
        ([lambda query: query.limit(2)], "ada bob"),
        ([lambda query: query.offset(1).limit(2)], "bob cyd"),
        ([lambda query: query.offset(9)], ""),
        ([lambda query: query.limit(0)], ""),
        ([_orders("age"), lambda query: query.limit_to_last(2)], "eve dan"),
        ([_orders("age"), _cursor("start_at", age=36)], "ada eve dan"),
        ([_orders("age"), _cursor("start_after", age=36)], "dan"),
        ([_orders("age"), _cursor("end_before", age=36)], "bob cyd"),
        ([_orders("age"), _cursor("end_at", age=36)], "bob cyd ada eve"),
        ([_orders("-age"), _cursor("start_after", age=36)], "cyd bob"),
        ([_orders("-age"), _cursor("start_at", age=40), _cursor("end_before", age=20)], "eve ada"),
        ([_orders("city", "age"), _cursor("start_at", city="London", age=30)], "ada bob dan"),
        ([_orders("age"), _cursor("start_at", age="text")], ""),
        ([_orders("age", "__name__"), _cursor("start_after", age=20, __name__="bob")], "cyd ada eve dan"),
        ([_orders("__name__"), _cursor("start_after", __name__="bob"), lambda query: query.limit(2)], "cyd dan"),
        ([_orders("__name__"), _cursor("start_at", __name__="c"), _cursor("end_at", __name__="dan")], "cyd dan"),
    ],
)
def test_a_query_finds_in_order(people: CollectionReference, refinements: Iterable[Refine], expected: str) -> None:
    assert " ".join(ids(_refined(people, refinements))) == expected


def test_pages_after_a_snapshot_lose_and_repeat_nothing(people: CollectionReference) -> None:
    ordered = people.order_by("age", direction=Query.DESCENDING)
    first = ordered.limit(2).get()
    second = ordered.start_after(first[-1]).limit(2).get()
    third = ordered.start_after(second[-1]).limit(2).get()

    assert [snapshot.id for page in (first, second, third) for snapshot in page] == ["dan", "eve", "ada", "cyd", "bob"]


def test_the_document_name_can_be_filtered(people: CollectionReference) -> None:
    def named(operator: str, value: Any) -> list[str]:
        return ids(people.where(filter=FieldFilter("__name__", operator, value)))

    reference = people.document

    assert named("==", reference("bob")) == ["bob"]
    assert named(">", reference("cyd")) == ["dan", "eve"]
    assert named("in", [reference("eve"), reference("nobody")]) == ["eve"]


def test_a_scan_by_name_runs_forwards_only(people: CollectionReference) -> None:
    with pytest.raises(exceptions.FailedPrecondition):
        people.order_by("__name__", direction=Query.DESCENDING).get()


@pytest.mark.parametrize(
    "refinements",
    [
        [_orders("age", "age")],
        [_orders("__name__", "age")],
        [lambda query: query.limit(-1)],
        [lambda query: query.offset(-1)],
        [_where("age", "!=", 1), _where("city", "!=", "x")],
        [_where("age", "not-in", [1]), _where("city", "in", ["x"])],
        [_where("tags", "array_contains", "x"), _where("tags", "array_contains_any", ["y"])],
        [_where("age", "in", list(range(6))), _where("city", "in", list("abcdef"))],
    ],
)
def test_a_query_that_firestore_does_not_run_is_refused(
    people: CollectionReference, refinements: Iterable[Refine]
) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        _refined(people, refinements).get()


def test_disjunctions_are_counted_before_they_are_simplified(either_db: Client) -> None:
    query = either_db.collection("c").where(filter=FieldFilter("age", "in", list(range(6))))

    with pytest.raises(exceptions.InvalidArgument):
        query.where(filter=FieldFilter("age", "in", list(range(1, 7)))).get()


def test_a_projection_returns_the_named_fields_of_every_document(people: CollectionReference) -> None:
    projected = [snapshot.to_dict() for snapshot in people.select(["age", "city"]).order_by("__name__").get()]

    assert projected[-2:] == [{"age": 50, "city": "Paris"}, {"age": 36}]


def test_a_projection_on_the_name_returns_no_fields_but_the_times(people: CollectionReference) -> None:
    snapshots = people.select(["__name__"]).get()

    assert [snapshot.to_dict() for snapshot in snapshots] == [{}] * len(_PEOPLE)
    assert all(snapshot.update_time for snapshot in snapshots)
