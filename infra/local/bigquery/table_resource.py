"""Tables as the API describes and changes them.

Stock: ``requirePartitionFilter`` and a view's query are not given back, INT64 is (BigQuery says INTEGER), and a column
that a patch or ALTER TABLE adds exists in the catalogue or in DuckDB but not in both, so the next append fails.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import sqlglot
from bqemulator.api.dependencies import AppContext
from bqemulator.api.routes import tables
from bqemulator.api.routes.tables import _field_to_rest
from bqemulator.catalog.ddl_sync import _introspect_schema, _split_target
from bqemulator.catalog.models import TableFieldSchema, TableMeta, TableSchema
from bqemulator.catalog.repository import CatalogRepository
from bqemulator.domain.errors import ValidationError
from bqemulator.jobs import executor
from bqemulator.storage.engine import DuckDBEngine
from bqemulator.storage.sql_identifiers import quoted_table_ref
from bqemulator.storage.type_map import _BQ_STANDARD_TO_WIRE, bq_schema_to_duckdb_columns
from sqlglot import exp

from infra.local.bigquery.patching import replace


def install() -> None:
    """Complete what the REST API says of a table, and follow ALTER TABLE."""
    replace(tables, "_field_to_rest", lambda stock: partial(_described_field, stock))
    replace(tables, "_table_to_rest", lambda stock: partial(_described, stock))
    replace(tables, "_rest_to_table_meta", lambda stock: partial(_requested, stock))
    replace(executor, "sync_created_table", lambda stock: partial(_after_ddl, stock))


def add_columns_with_schema(catalog: CatalogRepository, engine: DuckDBEngine) -> None:
    """Make an update of a table's schema add its new columns to the DuckDB table."""

    def make(stock: Callable[[TableMeta], TableMeta]) -> Callable[[TableMeta], TableMeta]:
        def update_table(table: TableMeta) -> TableMeta:
            known = catalog.get_table(table.project_id, table.dataset_id, table.table_id)
            if known and known.table_type == "TABLE" and known.schema_ != table.schema_:
                _add_columns(engine, table)
            return stock(table)

        return update_table

    replace(catalog, "update_table", make)


def _described_field(stock: Callable[[TableFieldSchema], dict[str, Any]], field: TableFieldSchema) -> dict[str, Any]:
    body = stock(field)
    return {**body, "type": _BQ_STANDARD_TO_WIRE.get(body["type"], body["type"])}


def _described(stock: Callable[[TableMeta], dict[str, Any]], table: TableMeta) -> dict[str, Any]:
    body = stock(table)
    if table.view_query:
        body["view"] = {"query": table.view_query, "useLegacySql": False}
    if table.time_partitioning and table.time_partitioning.require_partition_filter:
        body["requirePartitionFilter"] = True
        body["timePartitioning"].pop("requirePartitionFilter")
    return body


def _requested(
    stock: Callable[..., TableMeta],
    project_id: str,
    dataset_id: str,
    body: dict[str, Any],
    clock: object,
    existing: TableMeta | None = None,
) -> TableMeta:
    table = stock(project_id, dataset_id, body, clock, existing)
    if table.time_partitioning:
        partitioned_before = existing.time_partitioning if existing else None
        required_before = partitioned_before.require_partition_filter if partitioned_before else False
        required = bool(body.get("requirePartitionFilter", required_before))
        partitioning = table.time_partitioning.model_copy(update={"require_partition_filter": required})
        table = table.model_copy(update={"time_partitioning": partitioning})
    if existing and existing.table_type == "TABLE":
        table = table.model_copy(update={"schema_": _grown(existing.schema_, table.schema_)})
    return table


def _grown(before: TableSchema, after: TableSchema) -> TableSchema:
    """The schema after a patch, new columns last, as in DuckDB; BigQuery allows only additions.

    Raises:
        ValidationError: A column is gone, has another type, or is new and REQUIRED.
    """
    old, new = _duckdb_columns(before), _duckdb_columns(after)
    for name, duckdb_type in old.items():
        if new.get(name) != duckdb_type:
            raise ValidationError(f"Provided Schema does not match: field {name} is missing or has changed type")
    for field in after.fields:
        if field.name not in old and field.mode == "REQUIRED":
            raise ValidationError(f"Cannot add required fields to an existing schema (field: {field.name})")
    wanted = {field.name: field for field in after.fields}
    return TableSchema(fields=tuple(wanted[name] for name in {**old, **new}))


def _duckdb_columns(schema: TableSchema) -> dict[str, str]:
    return dict(bq_schema_to_duckdb_columns([_field_to_rest(field) for field in schema.fields]))


def _add_columns(engine: DuckDBEngine, table: TableMeta) -> None:
    reference = quoted_table_ref(table.project_id, table.dataset_id, table.table_id)
    for name, duckdb_type in _duckdb_columns(table.schema_).items():
        engine.execute(f'ALTER TABLE {reference} ADD COLUMN IF NOT EXISTS "{name}" {duckdb_type}')


def _after_ddl(stock: Callable[[str, str, AppContext], None], sql: str, project_id: str, context: AppContext) -> None:
    stock(sql, project_id, context)
    if not sql.lstrip().upper().startswith("ALTER"):
        return
    statement = sqlglot.parse_one(sql, read="bigquery")
    if not isinstance(statement, exp.Alter) or not isinstance(statement.this, exp.Table):
        return
    table = context.catalog.get_table(*_split_target(statement.this, project_id))
    if table is not None:
        context.catalog.update_table(table.model_copy(update={"schema_": _physical(table, context)}))


def _physical(table: TableMeta, context: AppContext) -> TableSchema:
    """The columns that DuckDB has, described as far as the catalogue knew them."""
    described: dict[str, TableFieldSchema] = {field.name: field for field in table.schema_.fields}
    found = _introspect_schema(table.project_id, table.dataset_id, table.table_id, context)
    return TableSchema(fields=tuple(described.get(field.name, field) for field in found.fields))
