"""Counts, sums and averages, on Google's emulator and on the stand-in alike."""

import math
from collections.abc import Sequence
from typing import Any

import pytest
from google.cloud.firestore import Client, CollectionReference, FieldFilter
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import (
    RunAggregationQueryRequest,
    RunAggregationQueryResponse,
    StructuredAggregationQuery,
    StructuredQuery,
)

from tests.emulator.firestore_servers import fill

pytest_plugins = ["tests.emulator.firestore_fixtures"]


def _filled(client: Client, values: Sequence[Any]) -> CollectionReference:
    fill(client, {f"c/{index}": {"x": value} for index, value in enumerate(values)} | {"c/without": {}})
    return client.collection("c")


def _results(query: Any) -> dict[str, Any]:
    return {result.alias: result.value for result in query.get()[0]}


def test_count_sum_and_average_go_over_the_results_of_a_query(either_db: Client) -> None:
    query = _filled(either_db, [36, 20, 20, 50, 36]).where(filter=FieldFilter("x", "<", 40))

    assert _results(query.count(alias="n")) == {"n": 4}
    assert _results(query.sum("x", alias="sum")) == {"sum": 112}
    assert _results(query.avg("x", alias="avg")) == {"avg": 28.0}


def test_a_count_honours_limit_and_offset(either_db: Client) -> None:
    assert _results(_filled(either_db, range(9)).offset(4).limit(3).count(alias="n")) == {"n": 3}


def test_a_count_stops_at_its_bound(either_api: FirestoreClient, either_db: Client, database: str) -> None:
    _filled(either_db, range(9))
    count = StructuredAggregationQuery.Aggregation(count={"up_to": 5})

    assert _run(either_api, database, count) == [5]


def test_only_documents_with_the_summed_field_are_counted(either_db: Client) -> None:
    query = _filled(either_db, [1, "text", None])

    assert _results(query.sum("x", alias="sum").count(alias="n")) == {"sum": 1, "n": 3}


def test_the_average_of_nothing_is_null_and_its_sum_is_zero(either_api: FirestoreClient, database: str) -> None:
    average = StructuredAggregationQuery.Aggregation(avg={"field": {"field_path": "x"}})
    total = StructuredAggregationQuery.Aggregation(sum={"field": {"field_path": "x"}})

    assert _run(either_api, database, average, total) == [None, 0]


@pytest.mark.parametrize(
    ("numbers", "total"), [([1, 2], 3), ([1, 0.5], 1.5), ([2**63 - 1, 1], float(2**63)), ([1, math.nan], math.nan)]
)
def test_a_sum_is_an_integer_while_it_can_be(
    either_api: FirestoreClient, either_db: Client, database: str, numbers: Sequence[float], total: float
) -> None:
    _filled(either_db, numbers)

    sums = _run(either_api, database, StructuredAggregationQuery.Aggregation(sum={"field": {"field_path": "x"}}))

    assert repr(sums) == repr([total])


def _run(api: FirestoreClient, database: str, *aggregations: StructuredAggregationQuery.Aggregation) -> list[Any]:
    """The plain results, in the order of the aggregations. The stock client would make 0.0 of null."""
    collection = StructuredQuery(from_=[StructuredQuery.CollectionSelector(collection_id="c")])
    query = StructuredAggregationQuery(structured_query=collection, aggregations=aggregations)
    request = RunAggregationQueryRequest(parent=f"{database}/documents", structured_aggregation_query=query)
    (response,) = api.run_aggregation_query(request, retry=None)
    fields = RunAggregationQueryResponse.pb(response).result.aggregate_fields
    return [_plain(fields[f"field_{number}"]) for number in range(1, len(aggregations) + 1)]


def _plain(value: Any) -> Any:
    kind = value.WhichOneof("value_type")
    return None if kind == "null_value" else getattr(value, kind)
