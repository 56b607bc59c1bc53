"""Views through `schema check`, `apply` and `show`: made of their files, and anew when a file says something else."""

import json
from pathlib import Path

import pytest
from google.cloud import bigquery

from schemas.views import VIEWS, read
from shared.warehouse import open_bigquery
from tests.stack import LocalStack
from tests.views.rows import lay_out

PERFORMANCE = "strategy_performance"


@pytest.fixture
def applied(stack: LocalStack) -> LocalStack:
    """All tables and views."""
    lay_out(stack)
    return stack


def of(stack: LocalStack, name: str) -> bigquery.Table:
    return bigquery.Table(f"{stack.settings().project}.{stack.settings().dataset}.{name}")


def differences(stack: LocalStack) -> dict[str, str]:
    found = json.loads(stack.command("schema", "check", "--json").stdout)
    return {one["table"]: one["difference"] for one in found}


def test_apply_makes_every_view_with_its_description(stack: LocalStack) -> None:
    done = stack.command("schema", "apply")

    assert (done.returncode, differences(stack)) == (0, {})
    assert done.stdout.rstrip().endswith(f"{len(VIEWS)} views as their files")
    client = open_bigquery(stack.settings())
    made = {view.name: client.get_table(of(stack, view.name)) for view in VIEWS}
    assert {name: one.table_type for name, one in made.items()} == dict.fromkeys(made, "VIEW")
    assert made[PERFORMANCE].description.startswith("How good is each strategy? One row per strategy")


def test_a_view_that_is_gone_or_changed_is_named_and_made_anew(applied: LocalStack) -> None:
    client, changed = open_bigquery(applied.settings()), of(applied, PERFORMANCE)
    changed.view_query = "SELECT 1 AS one"
    changed.description = "How good is each strategy?"
    client.update_table(changed, ["view_query", "description"])
    client.delete_table(of(applied, "daily_pnl"))
    assert differences(applied).keys() == {PERFORMANCE, "daily_pnl"}
    assert applied.command("schema", "check").returncode == 1

    assert applied.command("schema", "apply").returncode == 0

    assert differences(applied) == {}


def test_a_table_in_the_place_of_a_view_is_left_alone(applied: LocalStack) -> None:
    client, table = open_bigquery(applied.settings()), of(applied, "daily_pnl")
    client.delete_table(table)
    table.schema = [bigquery.SchemaField("mine", "STRING")]
    client.create_table(table)

    done = applied.command("schema", "apply")

    assert done.returncode == 1
    assert "daily_pnl: it is a TABLE, and has the name of a view" in done.stderr
    assert [field.name for field in client.get_table(table).schema] == ["mine"]


def test_a_view_is_shown_as_bigquery_holds_it(applied: LocalStack) -> None:
    made = open_bigquery(applied.settings()).get_table(of(applied, PERFORMANCE))

    assert applied.command("schema", "show", PERFORMANCE).stdout == made.view_query
    shown = json.loads(applied.command("schema", "show", PERFORMANCE, "--json").stdout)
    assert shown == {"name": PERFORMANCE, "description": made.description, "query": made.view_query}
    assert PERFORMANCE in applied.command("schema", "show", "nonsense").stderr


@pytest.mark.parametrize("text", ["SELECT 1", "-- No question.\n-- More.\nSELECT 1", "-- Only a question?\nSELECT 1"])
def test_a_file_without_its_question_and_its_description_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "unsaid.sql"
    path.write_text(text, encoding="utf-8")

    with pytest.raises(ValueError, match=r"unsaid\.sql: begin with a comment"):
        read(path)
