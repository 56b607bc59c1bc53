"""The small SQL of the simulation against what BigQuery documents for it."""

from datetime import date
from typing import Any

import pytest

from tests.simulation.sql import Select, Update, compiled

ROWS: list[dict[str, Any]] = [
    {"k": "a", "n": 1, "ds": date(2021, 9, 1), "done": True},
    {"k": "b", "n": None, "ds": date(2021, 9, 2), "done": None},
    {"k": "c", "n": 3, "ds": date(2021, 9, 3), "done": False},
]


@pytest.mark.parametrize(
    ("where", "found"),
    [
        ("n < 3", "a"),
        ("n IS NULL", "b"),
        ("n IS NOT NULL", "ac"),
        ("n IS DISTINCT FROM @three", "ab"),
        ("n IS NOT DISTINCT FROM @nothing", "b"),
        ("NOT done", "c"),
        ("NOT done OR ds >= DATE '2021-09-02'", "bc"),
        ("ds IN (DATE '2021-09-01', DATE '2021-09-03') AND (n = 1 OR n = 3)", "ac"),
        ("k IN UNNEST(@keys)", "bc"),
        ("IF(n IS NULL, k, 'z') < @word", "b"),
    ],
)
def test_nulls_compare_with_nothing_and_everything_else_as_written(where: str, found: str) -> None:
    statement = compiled(f"SELECT k FROM `p.d.t` WHERE {where}")  # noqa: S608 - this test's own words
    parameters = {"three": 3, "nothing": None, "keys": {"b", "c"}, "word": "x"}

    assert isinstance(statement, Select)
    assert "".join(row["k"] for row in statement.answer(ROWS, parameters)) == found


def test_totals_are_one_row_even_of_nothing() -> None:
    statement = compiled("SELECT COUNT(*) AS n, BIT_XOR(CAST(CONCAT('0x', k) AS INT64)) AS digest FROM t WHERE n < @n")

    assert isinstance(statement, Select)
    assert statement.answer(ROWS, {"n": 0}) == [{"n": 0, "digest": None}]
    assert statement.answer(ROWS, {"n": 9}) == [{"n": 2, "digest": 0xA ^ 0xC}]


def _updated(*others: dict[str, Any]) -> list[dict[str, Any]]:
    rows = [dict(row) for row in ROWS]
    statement = compiled("UPDATE `p.d.t` AS t SET n = r.n FROM UNNEST(@rows) AS r WHERE t.k = r.k AND t.n < r.n")
    assert isinstance(statement, Update)
    statement.change(rows, {"rows": others})
    return rows


def test_an_update_changes_what_its_guard_lets_through() -> None:
    assert [row["n"] for row in _updated({"k": "a", "n": 2}, {"k": "b", "n": 2}, {"k": "c", "n": 2})] == [2, None, 3]


def test_two_sources_for_one_row_are_refused() -> None:
    with pytest.raises(ValueError, match="at most one source row"):
        _updated({"k": "a", "n": 2}, {"k": "a", "n": 3})


def test_what_no_statement_of_the_product_says_is_refused() -> None:
    with pytest.raises(ValueError, match="expected"):
        compiled("DELETE FROM `p.d.t` WHERE TRUE")
