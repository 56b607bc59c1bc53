"""Saved questions: each has its filter on ds, its default range, and an answer in every format."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from click.testing import CliRunner, Result
from pyarrow import parquet
from sqlglot import exp

from infra.cli.query import command
from schemas.questions import QUESTIONS, Question, read
from schemas.views import VIEWS
from tests.stack import LocalStack
from tests.strict.partition_filter import is_filtered
from tests.views.rows import corner_with, history, row_of

JANUARY = ("--since", "2026-01-01", "--until", "2026-01-31")
every_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.name)


@pytest.fixture(scope="module")
def filled(servers: LocalStack) -> Iterator[LocalStack]:
    """The small history, and one rejected signal of yesterday."""
    yesterday = datetime.now(UTC) - timedelta(days=1)
    own = {"signal_id": "late", "rejection_reason": "TOO_LATE"}
    late = row_of("rejected-signals", **own, ds=yesterday.date(), created_at=yesterday)
    with corner_with(servers, [*history(), late]) as corner:
        yield corner


def ask(stack: LocalStack, *arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, env=dict(stack.environment))


def answer(stack: LocalStack, *arguments: str) -> list[dict[str, Any]]:
    done = ask(stack, *arguments, "--format", "json")
    assert done.exit_code == 0, done.output
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


def test_every_view_has_a_saved_question() -> None:
    assert {view.name for view in VIEWS} <= {question.name for question in QUESTIONS}


@every_question
def test_a_saved_question_filters_its_view_by_days_that_bigquery_knows_beforehand(question: Question) -> None:
    tables = list(sqlglot.parse_one(question.sql, dialect="bigquery").find_all(exp.Table))

    assert [table.name for table in tables] == [question.name]
    assert all(is_filtered(table, "ds") for table in tables)
    assert {"@since", "@until"} <= set(question.sql.split())


@every_question
def test_a_saved_question_is_answered_and_an_empty_range_has_no_rows(question: Question, filled: LocalStack) -> None:
    assert answer(filled, question.name, "--since", "2026-01-01", "--until", "2026-12-31") != []
    assert answer(filled, question.name, "--since", "2019-01-01", "--until", "2019-12-31") == []


def test_the_range_is_what_the_answer_is_about(filled: LocalStack) -> None:
    by_reason = {row["rejection_reason"]: row for row in answer(filled, "rejection_value", *JANUARY)}
    day = answer(filled, "rejection-value", "--since", "2026-01-11", "--until", "2026-01-11")

    assert by_reason["VOLUME_TOO_LOW"]["theoretical_pnl_usd"] == "-15.000000000"
    assert (by_reason["VOLUME_TOO_LOW"]["signals"], by_reason["VOLUME_TOO_LOW"]["unknown"]) == (3, 1)
    assert [row["rejection_reason"] for row in day] == ["RSI_TOO_HIGH"]


def test_a_strategy_is_shown_as_it_stood_at_the_end_of_the_range(filled: LocalStack) -> None:
    (alpha,) = (
        row
        for row in answer(filled, "strategy_performance", *JANUARY)
        if (row["strategy_id"], row["trade_type"]) == ("alpha", "EXECUTED")
    )

    assert (alpha["last_ds"], alpha["trades"], alpha["pnl_usd"]) == ("2026-01-10", 2, "50.000000000")


def test_without_days_a_question_is_about_the_latest_ones(filled: LocalStack) -> None:
    assert "TOO_LATE" in {row["rejection_reason"] for row in answer(filled, "rejection_value")}


def test_csv_holds_what_json_holds(filled: LocalStack, tmp_path: Path) -> None:
    out = tmp_path / "pnl.csv"
    shown = ask(filled, "daily_pnl", *JANUARY, "--format", "csv").stdout
    kept = ask(filled, "daily_pnl", *JANUARY, "--format", "csv", "--out", str(out))

    assert kept.stdout == ""
    assert out.read_text(encoding="utf-8") == shown
    found = [Decimal(row["pnl_usd"]) for row in csv.DictReader(io.StringIO(shown))]
    assert found == [Decimal(row["pnl_usd"]) for row in answer(filled, "daily_pnl", *JANUARY)]


@pytest.mark.parametrize("kept", [False, True])
def test_json_holds_numbers_that_are_none_and_bytes_as_bigquery_writes_them(
    filled: LocalStack, tmp_path: Path, *, kept: bool
) -> None:
    out = tmp_path / "odd.json"
    sql = "SELECT CAST('nan' AS FLOAT64) AS no_number, -CAST('inf' AS FLOAT64) AS endless, FROM_HEX('ff') AS raw"
    done = ask(filled, sql, "--format", "json", *(("--out", str(out)) if kept else ()))

    assert done.exit_code == 0, done.output
    said = out.read_text(encoding="utf-8") if kept else done.stdout
    assert json.loads(said) == [{"no_number": "NaN", "endless": "-Infinity", "raw": "/w=="}]


def test_json_can_be_kept_in_a_file(filled: LocalStack, tmp_path: Path) -> None:
    out = tmp_path / "pnl.json"
    ask(filled, "daily_pnl", *JANUARY, "--format", "json", "--out", str(out))

    assert json.loads(out.read_text(encoding="utf-8")) == answer(filled, "daily_pnl", *JANUARY)


def test_parquet_keeps_the_types_of_bigquery(filled: LocalStack, tmp_path: Path) -> None:
    out = tmp_path / "trades.parquet"
    done = ask(filled, "trade_ledger", *JANUARY, "--format", "parquet", "--out", str(out))
    table = parquet.read_table(out)

    assert (done.exit_code, done.stdout) == (0, "")
    kinds = {name: str(table.schema.field(name).type) for name in ("pnl_usd", "exit_time", "config_version")}
    assert kinds == {
        "pnl_usd": "decimal128(38, 9)",
        "exit_time": "timestamp[us, tz=UTC]",
        "config_version": "int64",
    }
    told = {row["trade_id"]: Decimal(row["pnl_usd"]) for row in answer(filled, "trade_ledger", *JANUARY)}
    assert {row["trade_id"]: row["pnl_usd"] for row in table.to_pylist()} == told


def test_parquet_keeps_the_columns_of_an_answer_without_rows(filled: LocalStack, tmp_path: Path) -> None:
    out = tmp_path / "none.parquet"
    ask(
        filled,
        "equity_curve",
        "--since",
        "2019-01-01",
        "--until",
        "2019-01-02",
        "--format",
        "parquet",
        "--out",
        str(out),
    )

    assert (parquet.read_table(out).num_rows, str(parquet.read_schema(out).field("equity").type)) == (
        0,
        "decimal128(38, 9)",
    )


def test_the_list_names_every_question_with_its_reach(filled: LocalStack) -> None:
    listed = answer(filled, "--list")

    assert {one["name"]: one["days"] for one in listed} == {one.name: one.days for one in QUESTIONS}
    assert "What did each filter cost or save" in ask(filled, "--list").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "ask a saved question"),
        (("nonsense",), "no saved question nonsense; there are daily_pnl"),
        (("SELECT 1 AS one", "--since", "2026-01-01"), "are for saved questions"),
        (("daily_pnl", "--since", "2026-02-01", "--until", "2026-01-01"), "lies after --until"),
        (("daily_pnl", "--format", "parquet"), "needs --out FILE"),
        (("daily_pnl", "--out", "pnl.txt"), "a table is for the terminal"),
    ],
)
def test_what_cannot_be_asked_is_said(arguments: tuple[str, ...], said: str, filled: LocalStack) -> None:
    done = ask(filled, *arguments)

    assert done.exit_code == 2
    assert said in done.stderr


def test_a_file_that_cannot_be_written_is_one_clear_line(filled: LocalStack, tmp_path: Path) -> None:
    done = ask(filled, "daily_pnl", "--format", "csv", "--out", str(tmp_path / "nowhere" / "pnl.csv"))

    assert done.exit_code == 1
    assert "No such file or directory" in done.stderr


def test_a_question_without_its_reach_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "endless.sql"
    path.write_text("-- How long?\n-- For ever.\nSELECT 1\n", encoding="utf-8")

    with pytest.raises(ValueError, match=r"endless\.sql: end the comment with"):
        read(path)


def test_a_range_ends_today_unless_said_otherwise(filled: LocalStack) -> None:
    assert date(2026, 1, 10).isoformat() in {row["ds"] for row in answer(filled, "daily_pnl", "--since", "2026-01-01")}
