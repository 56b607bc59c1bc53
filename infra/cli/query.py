"""`golden-thread query`: SQL against the configured warehouse."""

import csv
import sys

import click
from google.api_core.exceptions import ClientError

from infra.cli import show
from shared.settings import load
from shared.warehouse import Warehouse, open_bigquery


@click.command()
@click.argument("sql")
@click.option("--format", "kind", type=click.Choice(["table", "csv", "json"]), default="table", show_default=True)
def command(sql: str, kind: str) -> None:
    """Ask a question in SQL; bare table names mean the configured dataset.

    \b
    Examples:
      golden-thread query "SELECT COUNT(*) AS trades FROM fact_trades WHERE ds >= '2021-01-01'"
      golden-thread query --format json "SELECT * FROM snapshot_accounts WHERE ds = '2021-07-01'"
    """
    settings = load()
    try:
        records = list(Warehouse(open_bigquery(settings), settings).rows(sql))
    except ClientError as error:
        raise click.ClickException(f"BigQuery refused the query: {error.message}") from None
    if kind == "json":
        show.as_json(records)
    elif kind == "csv":
        writer = csv.writer(sys.stdout)
        if records:
            writer.writerow(records[0])
        writer.writerows([show.plain(value) for value in record.values()] for record in records)
    else:
        show.as_records("", records)
