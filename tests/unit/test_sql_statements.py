import inspect
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
import sqlglot
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from schemas.bigquery import columns
from schemas.registry import TABLES
from schemas.table import ArchivedRow
from schemas.trades import Trade
from shared import sql

DAYS = [date(2026, 3, 2), date(2026, 3, 1), date(2026, 3, 2)]
Row = type[ArchivedRow]
STATEMENTS: dict[str, Callable[[Row], str]] = {
    "stored": lambda row: sql.stored(table(row), row),
    "rows_of": lambda row: sql.rows_of(table(row), row, DAYS),
    "in_order": lambda row: sql.in_order(table(row), row, {column.name for column in columns(row)}, 7, onwards=True),
    "whole_view": lambda row: sql.whole_view("test-project", "trading", row.TABLE.name),
    "empty": lambda row: sql.empty(table(row)),
    "count_run": lambda row: sql.count_run(table(row)),
    "fingerprint": lambda row: sql.fingerprint(table(row), row),
    "versions": lambda row: sql.versions(table(row)),
    "revise": lambda row: sql.revise(table(row), row, DAYS),
    "held_since": lambda row: sql.held_since(table(row), row),
    "unsettled": lambda row: sql.unsettled(table(row), row, row.TABLE.key[0], DAYS[0], (DAYS[1], DAYS[2])),
    "kin": lambda row: sql.kin(table(row), row, ("source_path", "run_id")),
    "patch": lambda row: sql.patch(table(row), row, ("source_extra", "archived_at"), DAYS),
}
PIECES = {"table_id", "select_all", "in_days", "revised_columns", "seen"}
"""What statements are put together from; no statement by themselves."""
every_statement = pytest.mark.parametrize("name", STATEMENTS)
every_table = pytest.mark.parametrize("row", TABLES, ids=lambda row: row.TABLE.name)


def table(row: Row) -> str:
    return sql.table_id("test-project", "trading", row)


def parsed(text: str) -> Any:
    (statement,) = sqlglot.parse(text, read="bigquery")
    return statement


def conditions(statement: Any) -> list[Any]:
    """What a row must fulfil all of."""
    where = statement.args["where"].this
    return list(where.flatten()) if isinstance(where, exp.And) else [where]


def test_every_function_that_builds_sql_is_tested_here() -> None:
    public = {
        name
        for name, value in inspect.getmembers(sql, inspect.isfunction)
        if value.__module__ == sql.__name__ and not name.startswith("_")
    }

    assert public == {*STATEMENTS, *PIECES}


@every_statement
@every_table
def test_every_statement_filters_by_partition(name: str, row: Row) -> None:
    statement = parsed(STATEMENTS[name](row))
    filters = [
        one
        for one in conditions(statement)
        if isinstance(one, exp.In | exp.GTE) and one.this.name == "ds" and one.this.table in {"", "t"}
    ]

    assert len(filters) == 1
    assert not list(filters[0].find_all(exp.Parameter)), "a parameter does not prune partitions"
    assert list(filters[0].find_all(exp.Cast, exp.Date))


@every_statement
@every_table
def test_every_statement_names_its_table_whole_and_only_that(name: str, row: Row) -> None:
    statement = parsed(STATEMENTS[name](row))
    named = {found.sql(dialect="bigquery").split(" AS ")[0] for found in statement.find_all(exp.Table) if found.name}

    assert {text.replace("`", "") for text in named} == {f"test-project.trading.{row.TABLE.name}"}


@every_statement
@every_table
def test_every_value_is_a_parameter(name: str, row: Row) -> None:
    text = STATEMENTS[name](row)
    literals = {found.this for found in parsed(text).find_all(exp.Literal)}

    constants = {"fingerprint": {"/", "0x", "1", "15", "256"}, "in_order": {"7"}}.get(name, set())
    assert literals <= {day.isoformat() for day in DAYS} | {"0001-01-01"} | constants
    assert ";" not in text
    assert "--" not in text


@every_statement
@every_table
def test_every_column_named_exists(name: str, row: Row) -> None:
    if name == "versions" and row.TABLE.name != "dim_strategies":
        return
    known = {column.name for column in columns(row)}
    mentioned = {found.name for found in parsed(STATEMENTS[name](row)).find_all(exp.Column)}

    assert mentioned - known <= {f"seen_{row.TABLE.patch_stamp}"}


@every_table
def test_a_lookup_asks_for_key_partition_and_revision_once_each(row: Row) -> None:
    asked = [column.name for column in parsed(STATEMENTS["stored"](row)).args["expressions"]]

    assert asked == list(dict.fromkeys([*row.TABLE.key, "ds", "source_rev"]))


@pytest.mark.parametrize("name", ["rows_of", "in_order", "unsettled"])
@every_table
def test_rows_are_read_whole_and_json_as_text(name: str, row: Row) -> None:
    asked = parsed(STATEMENTS[name](row)).args["expressions"]

    assert [one.alias_or_name for one in asked] == [column.name for column in columns(row)]
    assert {one.alias_or_name for one in asked if isinstance(one, exp.Alias)} == {
        column.name for column in columns(row) if column.type == "JSON"
    }


@every_table
def test_rows_in_order_are_asked_for_by_the_page(row: Row) -> None:
    start, onwards = (sql.in_order(table(row), row, (), 7, onwards=onwards) for onwards in (False, True))
    asked = parsed(onwards)

    assert [one.this.name for one in asked.args["order"].expressions] == list(row.TABLE.key)
    assert asked.args["limit"].expression.this == "7"
    assert onwards.replace(f" AND {row.TABLE.key[0]} >= @first", "") == start


@every_table
def test_a_revision_writes_every_column_but_the_key_and_who_inserted_it(row: Row) -> None:
    statement = parsed(STATEMENTS["revise"](row))
    assignments: dict[str, Any] = {one.this.name: one.expression for one in statement.args["expressions"]}
    kept = {*row.TABLE.key, "run_id", "archived_at"}

    assert set(assignments) == {column.name for column in columns(row)} - kept
    for column in columns(row):
        if column.name not in kept:
            source = assignments[column.name].find(exp.Column)
            assert (source.table, source.name) == ("r", column.name)
            assert isinstance(assignments[column.name], exp.ParseJSON) == (column.type == "JSON")


@every_table
def test_a_revision_touches_only_older_rows_of_the_same_key(row: Row) -> None:
    guards = {one.sql(dialect="bigquery") for one in conditions(parsed(STATEMENTS["revise"](row)))}
    expected = {f"t.{name} = r.{name}" for name in row.TABLE.key} | {"t.source_rev < r.source_rev"}

    assert expected <= guards
    assert len(guards) == len(expected) + 1 + (row.TABLE.patch_stamp is not None)


def test_a_revision_of_a_trade_leaves_rows_alone_that_a_patch_touched_meanwhile() -> None:
    text = STATEMENTS["revise"](Trade)

    assert "t.fee_reconciled_at IS NOT DISTINCT FROM r.seen_fee_reconciled_at" in text


def test_a_patch_sets_its_columns_under_every_guard_and_none_else() -> None:
    statement = parsed(sql.patch(table(Trade), Trade, ("actual_fee_usd", "fee_tier", "fee_reconciled_at"), DAYS))
    assignments = {one.this.name: one.expression.sql() for one in statement.args["expressions"]}
    guards = {one.sql(dialect="bigquery") for one in conditions(statement)}

    assert assignments == {name: f"r.{name}" for name in ("actual_fee_usd", "fee_tier", "fee_reconciled_at")}
    assert guards == {
        "t.ds IN (CAST('2026-03-01' AS DATE), CAST('2026-03-02' AS DATE))",
        "t.trade_id = r.trade_id",
        "t.source_rev = r.source_rev",
        "t.fee_reconciled_at IS NULL OR t.fee_reconciled_at < r.fee_reconciled_at",
        "t.actual_fee_usd IS DISTINCT FROM r.actual_fee_usd OR t.fee_tier IS DISTINCT FROM r.fee_tier",
    }


def test_rows_done_with_are_read_again_from_a_day_on() -> None:
    text = sql.unsettled(table(Trade), Trade, "fee_finalized", date(2026, 3, 3), (date(2026, 3, 1), date(2026, 3, 5)))

    assert text.endswith(
        "WHERE ds >= DATE '2026-03-01' AND ds <= DATE '2026-03-05' AND (NOT fee_finalized OR ds >= DATE '2026-03-03')"
    )


@given(st.lists(st.dates(), min_size=1, max_size=5))
def test_partitions_are_named_once_and_in_order(days: list[date]) -> None:
    text = sql.in_days(days)

    assert text == f"ds IN ({', '.join(f'DATE {day.isoformat()!r}' for day in sorted(set(days)))})"
