"""Every statement that the product builds, for every table, is one that BigQuery takes."""

import inspect
from collections.abc import Callable, Iterator
from datetime import date
from functools import partial
from typing import Any

import orjson
import pytest

from schemas.bigquery import columns
from schemas.registry import TABLES
from schemas.table import ArchivedRow
from shared import sql
from tests.strict.definition import Definition, Field, TableName
from tests.strict.judge import Judge
from tests.strict.statements import parsed
from tests.strict.tables import query

_DAYS = (date(2021, 1, 1), date(2021, 1, 2))
_FRAGMENTS = {"table_id", "select_all", "in_days", "revised_columns", "seen"}
"""Functions of `shared.sql` that build no whole statement."""


def _builders() -> dict[str, Callable[..., str]]:
    functions = inspect.getmembers(sql, inspect.isfunction)
    ours = {name: one for name, one in functions if one.__module__ == sql.__name__ and not name.startswith("_")}
    return {name: one for name, one in ours.items() if name not in _FRAGMENTS}


def _arguments(row: type[ArchivedRow]) -> dict[str, Any]:
    """A value for every parameter that a builder may have, by its name."""
    others = tuple(column.name for column in columns(row) if column.name not in {*row.TABLE.key, "ds"})
    return {
        "table": f"`p.d.{row.TABLE.name}`",
        "row": row,
        "days": _DAYS,
        "present": {column.name for column in columns(row)},
        "most": 10_000,
        "project": "p",
        "dataset": "d",
        "name": row.TABLE.name,
        "onwards": True,
        "done": "fee_finalized",
        "again": date(2021, 1, 1),
        "shared": others[:2],
        "columns_set": others[:3],
    }


def _statements() -> Iterator[Any]:
    for row in TABLES:
        for name, build in _builders().items():
            wanted = inspect.signature(build).parameters
            given = {key: value for key, value in _arguments(row).items() if key in wanted}
            yield pytest.param(row, partial(build, **given), id=f"{name} of {row.TABLE.name}")


@pytest.mark.parametrize(("row", "build"), list(_statements()))
def test_bigquery_takes(row: type[ArchivedRow], build: Callable[[], str]) -> None:
    name = TableName("p", "d", row.TABLE.name)
    fields = tuple(Field(column.name, column.type, column.mode) for column in columns(row))
    judge = Judge({name: Definition(name, fields, "ds", requires_filter=True)}.get)
    assert parsed(build()), "the judge cannot read it"
    assert judge.rest("POST", "/bigquery/v2/projects/p/jobs", orjson.dumps(query(build()))) is None
