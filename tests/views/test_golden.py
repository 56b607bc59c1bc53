"""Every view on a small history gives exactly the rows written beside it, in a file that a reader can reckon."""

import json
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from schemas.registry import TABLES
from schemas.views import VIEWS, View
from tests.stack import LocalStack
from tests.views.rows import corner_with, history

GOLDEN = Path(__file__).parent / "golden"


@pytest.fixture(scope="module")
def filled(servers: LocalStack) -> Iterator[LocalStack]:
    """One corner for all views, which change nothing."""
    with corner_with(servers, history()) as corner:
        yield corner


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)
def test_a_view_gives_its_golden_rows(view: View, filled: LocalStack, request: pytest.FixtureRequest) -> None:
    found = filled.rows(f"SELECT * FROM {view.name} WHERE ds >= '2000-01-01'")  # noqa: S608 - our own view names
    rows = sorted(({name: plain(value) for name, value in row.items()} for row in found), key=json.dumps)
    path = GOLDEN / f"{view.name}.json"
    if request.config.getoption("write_golden"):
        path.write_text(json.dumps(rows, indent=2) + "\n", encoding="utf-8")
    assert json.loads(path.read_text(encoding="utf-8")) == rows


def plain(value: Any) -> Any:
    """Write money without trailing zeros, ratios to the precision that any order of summing leaves."""
    match value:
        case Decimal():
            return f"{value.normalize():f}"
        case float():
            return float(f"{value:.12g}")
        case date():
            return value.isoformat()
        case _:
            return value


def test_every_golden_file_is_of_a_view_and_every_table_is_read_by_one() -> None:
    assert {path.stem for path in GOLDEN.glob("*.json")} == {view.name for view in VIEWS}
    assert {row.TABLE.name for row in TABLES if not any(f".{row.TABLE.name}`" in view.sql for view in VIEWS)} == set()


def test_a_filter_on_ds_leaves_the_figures_of_a_day_as_they_are(filled: LocalStack) -> None:
    for view in VIEWS:
        whole = filled.rows(f"SELECT * FROM {view.name} WHERE ds >= '2000-01-01'")  # noqa: S608 - our own view names
        for day in {row["ds"] for row in whole}:
            part = filled.rows(f"SELECT * FROM {view.name} WHERE ds = '{day}'")  # noqa: S608 - our own view names
            assert sorted(map(str, part)) == sorted(str(row) for row in whole if row["ds"] == day), view.name
