"""Rules about the text of a statement.

Sources, all below https://cloud.google.com/bigquery/docs/: querying-partitioned-tables ("Require a partition filter in
queries", "Use a constant filter expression"), reference/standard-sql/dml-syntax ("Each … statement must include the
WHERE keyword"), data-manipulation-language ("Limitations"), quotas ("Query jobs").
"""

from collections.abc import Collection, Iterator
from functools import lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from tests.strict.definition import Definition, TableName, Tables
from tests.strict.partition_filter import is_filtered
from tests.strict.refusal import Refusal

MAX_TEXT = 1024 * 1024
"""Bytes of unresolved query text."""


@lru_cache(maxsize=512)
def parsed(sql: str) -> tuple[exp.Expr, ...]:
    """Parse a script; what does not parse is the emulator's to refuse."""
    try:
        return tuple(one for one in sqlglot.parse(sql, read="bigquery") if one is not None)
    except SqlglotError:
        return ()


def named(table: exp.Table, default: tuple[str, str]) -> TableName:
    """Complete a table's name by the default project and dataset."""
    project, dataset = default
    return TableName(table.catalog or project, table.db or dataset, table.name)


def text_too_long(sql: str) -> Iterator[Refusal]:
    """Quota "maximum unresolved GoogleSQL query length": 1 MB."""
    if len(sql.encode()) > MAX_TEXT:
        yield Refusal(
            "query text", "The query is too large. The maximum standard SQL query length is 1024.00K characters"
        )


def without_where(statement: exp.Expr) -> Iterator[Refusal]:
    """Require a WHERE clause of every UPDATE and DELETE, if only `WHERE true`."""
    for dml in statement.find_all(exp.Update, exp.Delete):
        # An UPDATE within a MERGE names no table and has its condition in the WHEN.
        if dml.this and not dml.args.get("where"):
            yield Refusal("no where", f"{dml.key.upper()} must have a WHERE clause", "invalidQuery")


def without_partition_filter(statement: exp.Expr, tables: Tables, default: tuple[str, str]) -> Iterator[Refusal]:
    """Require a filter that prunes of every table that requires one, wherever it is read or changed.

    Stricter than BigQuery, which pushes a filter on a subquery or a view down: here it stands beside the table.
    """
    for table in statement.find_all(exp.Table):
        found = _definition(table, statement, tables, default)
        if found and found.requires_filter and not is_filtered(table, str(found.partitioned_by)):
            columns = f"column(s) '{found.partitioned_by}'"
            message = f"Cannot query over table '{found.name}' without a filter over {columns} that can be used for"
            yield Refusal("partition filter", f"{message} partition elimination", "invalidQuery")


def on_streamed_rows(
    statement: exp.Expr, streamed: Collection[TableName], default: tuple[str, str]
) -> Iterator[Refusal]:
    """Forbid to change a table whose REST-streamed rows are younger than 30 minutes.

    Stricter than BigQuery, which looks at the rows that match. Rows of the Storage Write API (gRPC) may be changed at
    once, so those tables are not among `streamed`.
    """
    for dml in statement.find_all(exp.Update, exp.Delete, exp.Merge):
        if isinstance(dml.this, exp.Table) and (name := named(dml.this, default)) in streamed:
            what = f"UPDATE or DELETE statement over table {name} would affect rows in the streaming buffer"
            yield Refusal("streamed rows", f"{what}, which is not supported", "invalidQuery")


def _definition(table: exp.Table, statement: exp.Expr, tables: Tables, default: tuple[str, str]) -> Definition | None:
    """Look a table up, unless its name is that of a WITH clause."""
    local = {cte.alias for cte in statement.find_all(exp.CTE)}
    return None if not table.db and table.name in local else tables(named(table, default))
