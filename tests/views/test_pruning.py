"""The emulator leaves out no partition, so the syntax tree of every view is asked whether BigQuery could."""

from pathlib import Path

import pytest

from schemas.views import VIEWS, View
from tests.views.pruning import unpruned, whole

README = Path(__file__).parents[2] / "README.md"
every_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: view.name)


@every_view
def test_a_filter_on_a_views_ds_reaches_its_tables_or_they_hold_their_own(view: View) -> None:
    assert unpruned(view.query("project.dataset")) == []


@every_view
def test_a_view_says_which_tables_it_reads_whole_and_which_a_filter_reaches(view: View) -> None:
    read_whole = whole(view.query("project.dataset"))

    reached = "A filter on ds reaches" in view.details
    assert reached == (set(read_whole) <= {"dim_strategies"} and view.name != "strategy_versions")
    assert reached or "read, whatever ds is asked for" in view.details


BAD = {
    "no ds at all": "SELECT trade_id FROM `p.d.trades`",
    "ds under another name": "SELECT ds AS day FROM `p.d.trades`",
    "another column under its name": "SELECT DATE(entry_time) AS ds FROM `p.d.trades`",
    "a function of it": "SELECT DATE_TRUNC(ds, MONTH) AS ds, COUNT(*) AS n FROM `p.d.trades` GROUP BY ds",
    "grouped without it": "SELECT MAX(ds) AS ds, symbol FROM `p.d.trades` GROUP BY symbol",
    "an aggregate of all": "SELECT MAX(ds) AS ds FROM `p.d.trades`",
    "a window over all days": "SELECT ds, SUM(pnl_usd) OVER (PARTITION BY symbol ORDER BY ds) AS c FROM `p.d.trades`",
    "a window within the day": "SELECT ds, RANK() OVER (PARTITION BY ds ORDER BY pnl_usd) AS r FROM `p.d.trades`",
    "a named window over all days": "SELECT ds, SUM(pnl_usd) OVER w AS c FROM `p.d.trades` WINDOW w AS (ORDER BY ds)",
    "the first rows": "SELECT ds FROM `p.d.trades` ORDER BY pnl_usd LIMIT 10",
    "distinct rows": "SELECT DISTINCT ds, symbol FROM `p.d.trades`",
    "a filter that is not constant": "SELECT symbol FROM `p.d.trades` WHERE ds >= DATE(entry_time)",
    "a filter beside another condition": "SELECT symbol FROM `p.d.trades` WHERE ds > '2020-01-01' OR symbol = 'A'",
    "the other table's ds": "SELECT s.ds FROM `p.d.signals` AS s JOIN `p.d.trades` AS t ON t.signal_id = s.signal_id",
    "an unqualified ds of two": "SELECT ds FROM `p.d.trades` AS t JOIN `p.d.signals` AS s USING (signal_id)",
    "a row that may be made up": "SELECT t.ds FROM `p.d.signals` AS s LEFT JOIN `p.d.trades` AS t USING (signal_id)",
    "a step that drops it": "WITH a AS (SELECT ds, symbol FROM `p.d.trades`) SELECT symbol FROM a",
    "a step that groups": "WITH a AS (SELECT ds, symbol FROM `p.d.trades`) SELECT MAX(ds) AS ds FROM a GROUP BY symbol",
    "a table in a condition": "SELECT ds FROM `p.d.s` WHERE ds > '2020-01-01' AND id IN (SELECT id FROM `p.d.trades`)",
}
GOOD = {
    "as it is": "SELECT ds, trade_id FROM `p.d.trades`",
    "a window over rows that have their filter": (
        "SELECT ds, RANK() OVER (ORDER BY pnl_usd) AS r FROM `p.d.trades` WHERE ds >= DATE '2020-01-01'"
    ),
    "grouped by it": "SELECT ds, COUNT(*) AS n FROM `p.d.trades` GROUP BY ds",
    "through steps": "WITH a AS (SELECT * FROM `p.d.trades`), b AS (SELECT ds, symbol FROM a) SELECT b.ds FROM b",
    "a constant filter of its own": "SELECT COUNT(*) AS n FROM `p.d.trades` WHERE ds >= DATE '2020-01-01'",
    "the left table's": "SELECT t.ds FROM `p.d.trades` AS t LEFT JOIN (SELECT 1 AS id) AS s ON s.id = t.id",
}


@pytest.mark.parametrize("query", BAD.values(), ids=BAD)
def test_a_query_that_reads_every_partition_is_found(query: str) -> None:
    assert unpruned(query) != []


def test_the_readme_says_how_many_are_planted() -> None:
    assert f"with {len(BAD)} planted bad queries" in README.read_text(encoding="utf-8")


@pytest.mark.parametrize("query", GOOD.values(), ids=GOOD)
def test_a_query_that_need_not_is_left_alone(query: str) -> None:
    assert unpruned(query) == []
