"""Tables that differ from their models: a missing nullable column is added where allowed, all else stops the run."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from google.cloud import bigquery

from schemas.registry import table_named
from schemas.run_record import RunRecord, Status
from shared.tables import describe
from shared.warehouse import open_bigquery
from tests.emulator import moments
from tests.emulator.builders import position, put, write_market
from tests.emulator.promises import Promises
from tests.emulator.wire import Wire
from tests.stack import LocalStack

Fields = Sequence[bigquery.SchemaField]


@pytest.fixture(autouse=True)
def _positions(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path, [1, 2]))
    put(stack, "live_positions", position(1), position(2, qty="NaN"))


def create(stack: LocalStack, name: str, change: Callable[[bigquery.Table], None]) -> None:
    """Create both tables that the job looks at, one of them changed."""
    settings = stack.settings()
    client = open_bigquery(settings)
    client.create_dataset(settings.dataset, exists_ok=True)
    for each in ("fact_trades", "dim_strategies"):
        table = describe(table_named(each), f"{settings.project}.{settings.dataset}")
        if each == name:
            change(table)
        client.create_table(table)


def columns_of(stack: LocalStack, name: str = "fact_trades") -> dict[str, tuple[str, str]]:
    settings = stack.settings()
    table = open_bigquery(settings).get_table(f"{settings.project}.{settings.dataset}.{name}")
    return {field.name: (field.field_type, field.mode) for field in table.schema}


def without(*names: str) -> Callable[[bigquery.Table], None]:
    def change(table: bigquery.Table) -> None:
        table.schema = [field for field in table.schema if field.name not in names]

    return change


def column(name: str, kind: str, mode: str = "NULLABLE") -> Callable[[bigquery.Table], None]:
    def change(table: bigquery.Table) -> None:
        kept = [field for field in table.schema if field.name != name]
        table.schema = [*kept, bigquery.SchemaField(name, kind, mode)]

    return change


def clustered_otherwise(table: bigquery.Table) -> None:
    table.clustering_fields = ["symbol"]


def partitioned_otherwise(table: bigquery.Table) -> None:
    table.time_partitioning = bigquery.TimePartitioning(field="exit_time")


def not_partitioned(table: bigquery.Table) -> None:
    table.require_partition_filter = None
    table.time_partitioning = None


def no_filter_required(table: bigquery.Table) -> None:
    table.require_partition_filter = False


@dataclass(frozen=True)
class Drift:
    """One way a table can differ, and what the run must say about it."""

    change: Callable[[bigquery.Table], None]
    said: str
    table: str = "fact_trades"


ADDED = "column discord_thread_id is missing (STRING NULLABLE)"
REFUSED = {
    "a required column is missing": Drift(without("symbol"), "column symbol is missing (STRING REQUIRED)"),
    "another type": Drift(
        column("qty", "STRING", "REQUIRED"), "column qty is STRING REQUIRED, the schema says NUMERIC"
    ),
    "a float": Drift(column("mfe_pct", "FLOAT64"), "column mfe_pct is FLOAT64 NULLABLE, the schema says NUMERIC"),
    "nullable where required": Drift(column("symbol", "STRING"), "column symbol is STRING NULLABLE, the schema says"),
    "required where nullable": Drift(column("fee_tier", "STRING", "REQUIRED"), "column fee_tier is STRING REQUIRED"),
    "repeated": Drift(column("symbol", "STRING", "REPEATED"), "column symbol is STRING REPEATED"),
    "a column nobody knows": Drift(column("mood", "STRING"), "column mood is unknown to the schema"),
    "other clustering": Drift(clustered_otherwise, "not clustered by strategy_id, symbol"),
    "other partitioning": Drift(partitioned_otherwise, "not partitioned by"),
    "no partitioning": Drift(not_partitioned, "not partitioned by"),
    "no filter required": Drift(no_filter_required, "does not require a partition filter"),
    "another table that the job reads": Drift(
        column("version", "STRING", "REQUIRED"), "dim_strategies: column version is STRING REQUIRED", "dim_strategies"
    ),
}


def assert_nothing_written(stack: LocalStack, record: RunRecord, *said: str) -> None:
    """The run failed with these differences, before it read anything."""
    assert (record.status, record.error and record.error.type) == (Status.FAILED, "SchemaDriftError")
    assert [text for text in said if record.error is None or text not in record.error.message] == []
    assert (record.counts.read, record.broker_calls) == (0, 0)
    assert {one.id for one in stack.firestore.collections()} == {"live_positions", "job_leases", "job_metadata"}


@pytest.mark.parametrize("drift", REFUSED)
def test_a_table_that_differs_stops_the_run_and_the_difference_is_told(drift: str, stack: LocalStack) -> None:
    one = REFUSED[drift]
    create(stack, one.table, one.change)
    before = columns_of(stack)
    record = stack.run("trades", SCHEMA_CHANGES="additive")
    assert_nothing_written(stack, record, one.said)
    assert columns_of(stack) == before
    # By either column: one of these tables is partitioned by the other.
    assert stack.rows("SELECT 1 AS x FROM fact_trades WHERE ds >= '2000-01-01' AND exit_time >= '2000-01-01'") == []


def test_a_missing_nullable_column_is_added_where_changes_are_allowed(stack: LocalStack) -> None:
    create(stack, "fact_trades", without("discord_thread_id", "fee_tier"))
    assert stack.run("trades", SCHEMA_CHANGES="additive").counts.archived == 1
    assert columns_of(stack)["discord_thread_id"] == ("STRING", "NULLABLE")
    Promises(stack).assert_kept({"live_positions/position-0002": "NOT_FINITE"})


def test_rows_that_are_older_than_a_column_stay_valid_and_can_be_revised(stack: LocalStack) -> None:
    create(stack, "fact_trades", without("discord_thread_id"))
    stack.run("trades")
    put(stack, "live_positions", position(1, discord_thread_id="77"))
    assert stack.run("trades").counts.revised == 1
    (row,) = Promises(stack).rows
    assert row["discord_thread_id"] == "77"


def test_a_missing_nullable_column_stops_the_run_where_changes_are_not_allowed(stack: LocalStack) -> None:
    create(stack, "fact_trades", without("discord_thread_id"))
    record = stack.run("trades", SCHEMA_CHANGES="none")
    assert_nothing_written(stack, record, ADDED, "golden-thread schema apply")
    assert "discord_thread_id" not in columns_of(stack)


def test_one_difference_that_cannot_be_added_keeps_all_others_from_being_added(stack: LocalStack) -> None:
    def both(table: bigquery.Table) -> None:
        without("discord_thread_id")(table)
        column("qty", "STRING", "REQUIRED")(table)

    create(stack, "fact_trades", both)
    assert_nothing_written(stack, stack.run("trades"), ADDED, "column qty is STRING REQUIRED")
    assert "discord_thread_id" not in columns_of(stack)


def test_missing_tables_are_created_where_changes_are_allowed(stack: LocalStack) -> None:
    assert stack.run("trades", SCHEMA_CHANGES="additive").counts.archived == 1
    assert columns_of(stack)["trade_id"] == ("STRING", "REQUIRED")


def test_missing_tables_stop_the_run_where_changes_are_not_allowed(
    stack: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    record = wired.run("trades", SCHEMA_CHANGES="none")
    assert_nothing_written(stack, record, "fact_trades: the table does not exist")
    assert not any(moments.writes(call) for call in wire.calls if call.server != "firestore")


def test_changes_are_allowed_on_an_emulator_and_nowhere_else(stack: LocalStack) -> None:
    assert stack.settings().may_change_schema
    assert not stack.settings(BIGQUERY_EMULATOR_HOST="").may_change_schema
