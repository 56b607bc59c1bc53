"""`golden-thread query`: SQL, or a saved question, against the configured warehouse."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import click
from google.api_core.exceptions import ClientError
from google.cloud.bigquery import ScalarQueryParameter

from infra.cli import answers, completion, show
from jobs.entry import Day, days_before
from schemas.questions import QUESTIONS, question_named
from shared.settings import load
from shared.warehouse import Warehouse, open_bigquery

_NAME = re.compile(r"[A-Za-z_-]+")
"""One word, which no SQL is."""


@dataclass(frozen=True)
class Asked:
    """A statement and its parameters."""

    sql: str
    parameters: Sequence[ScalarQueryParameter] = ()


@click.command()
@click.argument("question", metavar="[NAME | SQL]", required=False, shell_complete=completion.questions)
@click.option("--list", "list_them", is_flag=True, help="List the saved questions.")
@click.option("--since", type=Day(), help="First day of a saved question. Default: as many days back as it says.")
@click.option("--until", type=Day(), help="Last day of a saved question, included. Default: today, UTC.")
@click.option(
    "--format", "kind", type=click.Choice(["table", "csv", "json", "parquet"]), default="table", show_default=True
)
@click.option("--json", "kind", flag_value="json", help="The same as --format json.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="Write to this file; needed for parquet.")
def command(
    question: str | None,
    *,
    list_them: bool,
    since: date | None,
    until: date | None,
    kind: str,
    out: Path | None,
) -> None:
    """Ask a saved question by its name, or any in SQL; bare names of tables and views mean the configured dataset.

    \b
    Examples:
      golden-thread query --list
      golden-thread query strategy_performance
      golden-thread query rejection_value --since 2021-01-01 --until 2021-06-30 --format csv
      golden-thread query trade_ledger --since 2021-01-01 --format parquet --out trades.parquet
      golden-thread query "SELECT COUNT(*) AS trades FROM fact_trades WHERE ds >= '2021-01-01'"
      golden-thread query --format json "SELECT * FROM snapshot_accounts WHERE ds = '2021-07-01'"
    """
    if list_them:
        _list(kind, out)
        return
    if not question or question.isspace():
        raise click.UsageError("ask a saved question (--list names them), or one in SQL")
    asked = _asked(question, since, until)
    _require_place(kind, out)
    settings = load()
    try:
        _answer(Warehouse(open_bigquery(settings), settings), asked, kind, out)
    except ClientError as error:
        advice = "`golden-thread schema show TABLE` lists columns, `golden-thread query --list` has saved questions"
        raise click.ClickException(f"BigQuery refused the query: {error.message}\nNext: {advice}.") from None


def _answer(warehouse: Warehouse, asked: Asked, kind: str, out: Path | None) -> None:
    if kind == "parquet" and out is not None:
        answers.write_parquet(warehouse.arrow(asked.sql, asked.parameters), out)
    else:
        columns, rows = warehouse.answer(asked.sql, asked.parameters)
        answers.write(columns, list(rows), kind, out)


def _list(kind: str, out: Path | None) -> None:
    listed = [{"name": one.name, "question": one.question, "days": one.days, "shows": one.details} for one in QUESTIONS]
    if kind == "parquet":
        raise click.UsageError("--list takes --format table, csv or json")
    _require_place(kind, out)
    if kind == "table":
        show.as_records("saved questions, with how many days back they go without --since", listed)
    else:
        answers.write(list(listed[0]), listed, kind, out)


def _asked(question: str, since: date | None, until: date | None) -> Asked:
    """Find the saved question of a name; anything that is more than a word is SQL.

    Raises:
        click.UsageError: There is no question of that name, days are given to SQL, or the range is empty.
    """
    if not _NAME.fullmatch(question):
        if since or until:
            raise click.UsageError("--since and --until are for saved questions; in SQL, write them as a filter on ds")
        return Asked(question)
    try:
        saved = question_named(question)
    except KeyError as error:
        raise click.UsageError(str(error.args[0])) from None
    last = until or datetime.now(UTC).date()
    first = since or days_before(last, saved.days)
    if first > last:
        raise click.UsageError(f"--since {first} lies after --until {last}")
    return Asked(saved.sql, [ScalarQueryParameter("since", "DATE", first), ScalarQueryParameter("until", "DATE", last)])


def _require_place(kind: str, out: Path | None) -> None:
    if kind == "parquet" and out is None:
        raise click.UsageError("--format parquet needs --out FILE")
    if kind == "table" and out is not None:
        raise click.UsageError("--out takes --format csv, json or parquet; a table is for the terminal")
