"""Where the stock emulator is silently wrong, the local BigQuery is right or refuses."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import grpc
import pyarrow as pa
import pytest
from google.api_core.exceptions import BadRequest, GoogleAPICallError, MethodNotImplemented, NotFound
from google.cloud import bigquery

from tests.emulator.bigquery_server import PROJECT, BigQueryServer, running_bigquery
from tests.emulator.facts_table import ARROW, COLUMNS, DEADLINE_S, EMPTY, FULL, ONCE, FactsTable


@pytest.fixture(scope="module")
def server() -> Iterator[BigQueryServer]:
    with running_bigquery() as running:
        yield running


@pytest.fixture
def table(server: BigQueryServer) -> Iterator[FactsTable]:
    with server.client() as client, server.writer() as writer:
        yield FactsTable(client, writer)


def test_every_column_type_comes_back_exactly(table: FactsTable) -> None:
    table.insert(FULL, EMPTY)
    empty, full = table.rows("SELECT * FROM facts ORDER BY n NULLS FIRST")
    assert full == FULL | {"body": {"a": [1, None]}}
    assert empty == EMPTY | {"tags": []}


@pytest.mark.parametrize(
    ("column", "value", "complaint"),
    [("ds", None, "ds is REQUIRED"), ("body", "{nope", "body is JSON")],
)
def test_an_append_that_bigquery_would_refuse_is_refused_whole(
    table: FactsTable, column: str, value: object, complaint: str
) -> None:
    stream = table.stream()
    answer = stream.append(0, [FULL, FULL | {column: value}], ARROW)
    assert answer.error.code == grpc.StatusCode.INVALID_ARGUMENT.value[0]
    assert complaint in answer.error.message
    assert stream.finalize() == 0


def test_a_batch_of_structs_updates_rows_exactly(table: FactsTable) -> None:
    table.insert(*(FULL | {"k": key, "moment": None} for key in ("a", "b", "guarded")))
    changes = [_change("a", seen=None), _change("b", seen=None), _change("guarded", seen=FULL["moment"])]
    updated = table.job(
        "UPDATE facts AS t SET ds = r.ds, amount = COALESCE(r.amount, t.amount), body = r.body, tags = r.tags, n = r.n"
        " FROM UNNEST(@rows) AS r"
        " WHERE t.ds IN (DATE '2021-01-01') AND t.k = r.k AND t.moment IS NOT DISTINCT FROM r.seen",
        bigquery.ArrayQueryParameter("rows", "STRUCT", changes),
    )
    updated.result(retry=ONCE, job_retry=None, timeout=DEADLINE_S)
    assert updated.num_dml_affected_rows == 2
    changed = {"ds": date(2022, 2, 2), "amount": FULL["amount"], "body": {"it's": [1.5]}, "tags": [], "n": None}
    found = table.rows("SELECT k, ds, amount, body, tags, n FROM facts WHERE ds > DATE '2021-01-01' ORDER BY k")
    assert found == [{"k": "a"} | changed, {"k": "b"} | changed]


def _change(key: str, *, seen: datetime | None) -> bigquery.StructQueryParameter:
    body: Any = {"it's": [1.5]}  # the client encodes it, though its annotation does not say so
    return bigquery.StructQueryParameter(
        None,
        bigquery.ScalarQueryParameter("k", "STRING", key),
        bigquery.ScalarQueryParameter("ds", "DATE", date(2022, 2, 2)),
        bigquery.ScalarQueryParameter("amount", "NUMERIC", None),
        bigquery.ScalarQueryParameter("body", "JSON", body),
        bigquery.ArrayQueryParameter("tags", "STRING", []),
        bigquery.ScalarQueryParameter("n", "INT64", None),
        bigquery.ScalarQueryParameter("seen", "TIMESTAMP", seen),
    )


def test_numeric_keeps_nine_digits_in_casts_and_literals(table: FactsTable) -> None:
    exact = Decimal("1.123456789")
    found = table.rows(
        "SELECT CAST('1.123456789' AS NUMERIC) AS a, NUMERIC '1.123456789' AS b, @c AS c",
        bigquery.ScalarQueryParameter("c", "NUMERIC", exact),
    )
    assert found == [{"a": exact, "b": exact, "c": exact}]


def test_parameters_have_the_types_they_were_declared_with(table: FactsTable) -> None:
    body: Any = {"a": [1]}  # as above
    job = table.job(
        "SELECT @int + @int AS total, TO_JSON_STRING(@json) AS text, r.missing FROM UNNEST(@rows) AS r",
        bigquery.ScalarQueryParameter("int", "INT64", 2**31 - 1),
        bigquery.ScalarQueryParameter("json", "JSON", body),
        bigquery.ArrayQueryParameter(
            "rows",
            "STRUCT",
            [bigquery.StructQueryParameter(None, bigquery.ScalarQueryParameter("missing", "NUMERIC", None))],
        ),
    )
    found = job.result(retry=ONCE, job_retry=None, timeout=DEADLINE_S)
    assert [field.field_type for field in found.schema] == ["INTEGER", "STRING", "NUMERIC"]
    assert [tuple(row) for row in found] == [(2**32 - 2, '{"a":[1]}', None)]


def test_a_table_is_described_as_it_was_made(table: FactsTable) -> None:
    made = table.client.get_table(table.id, retry=ONCE, timeout=DEADLINE_S)
    assert made.schema == COLUMNS
    assert made.require_partition_filter
    assert made.time_partitioning == bigquery.TimePartitioning(field="ds")
    assert made.clustering_fields == ["k"]


def test_column_types_come_back_in_the_spelling_bigquery_uses(table: FactsTable) -> None:
    sent = [bigquery.SchemaField(name, name) for name in ("INT64", "BOOL", "FLOAT64", "NUMERIC")]
    made = table.client.create_table(bigquery.Table(f"{table.id}_spelling", sent), retry=ONCE, timeout=DEADLINE_S)
    assert [field.field_type for field in made.schema] == ["INTEGER", "BOOLEAN", "FLOAT", "NUMERIC"]


def test_time_travel_is_refused(table: FactsTable) -> None:
    table.insert(FULL)
    with pytest.raises(GoogleAPICallError, match="before the retention window"):
        table.rows("SELECT k FROM facts FOR SYSTEM_TIME AS OF TIMESTAMP_SUB(CURRENT_TIMESTAMP(), INTERVAL 1 HOUR)")


def test_a_view_gives_its_query_back_and_runs(table: FactsTable) -> None:
    table.insert(FULL)
    view = bigquery.Table(f"{PROJECT}.{table.dataset}.v")
    view.view_query = f"SELECT n FROM `{table.id}` WHERE ds >= DATE '0001-01-01'"  # noqa: S608  # our own name
    assert table.client.create_table(view, retry=ONCE).view_query == view.view_query
    assert table.rows("SELECT * FROM v") == [{"n": FULL["n"]}]


@pytest.mark.parametrize("by", ["patch", "ddl"])
def test_rows_can_be_appended_after_a_column_was_added(table: FactsTable, by: str) -> None:
    table.insert(EMPTY)
    if by == "patch":
        wider = table.client.get_table(table.id)
        wider.schema = [bigquery.SchemaField("added", "NUMERIC"), *wider.schema]
        table.client.update_table(wider, ["schema"], retry=ONCE)
    else:
        table.rows("ALTER TABLE facts ADD COLUMN added NUMERIC")
    added = Decimal("0.000000001")
    table.insert(FULL | {"added": added}, schema=ARROW.append(pa.field("added", pa.decimal128(38, 9))))
    found = table.rows("SELECT added, n FROM facts ORDER BY n NULLS FIRST")
    assert found == [{"added": None, "n": None}, {"added": added, "n": FULL["n"]}]
    assert [f.name for f in table.client.get_table(table.id).schema] == [*(f.name for f in COLUMNS), "added"]


@pytest.mark.parametrize(
    "schema",
    [
        COLUMNS[:-1],
        [*COLUMNS[:-1], bigquery.SchemaField("tags", "STRING")],
        [*COLUMNS, bigquery.SchemaField("added", "STRING", "REQUIRED")],
    ],
    ids=["removed", "retyped", "required"],
)
def test_a_schema_change_that_is_not_an_addition_is_refused(
    table: FactsTable, schema: list[bigquery.SchemaField]
) -> None:
    changed = table.client.get_table(table.id)
    changed.schema = schema
    with pytest.raises(BadRequest):
        table.client.update_table(changed, ["schema"], retry=ONCE)


def test_bad_rows_bad_sql_and_missing_datasets_are_final_errors(table: FactsTable) -> None:
    with pytest.raises(BadRequest):
        table.client.insert_rows_json(table.id, [{"ds": "2021-01-01", "k": "a", "amount": "much"}], retry=ONCE)
    with pytest.raises(BadRequest):
        table.rows("SELECT nothing FROM facts")
    with pytest.raises(NotFound):
        table.client.create_table(bigquery.Table(f"{PROJECT}.nowhere.t", COLUMNS), retry=ONCE)


def test_the_query_call_that_would_swallow_errors_is_refused(table: FactsTable) -> None:
    with pytest.raises(MethodNotImplemented, match=r"use jobs\.insert"):
        table.client.query_and_wait("SELECT 1 AS x", retry=ONCE, job_retry=ONCE)
