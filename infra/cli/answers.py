"""How answers of the warehouse are written: as a table for people, as CSV or JSON, or as a Parquet file."""

import csv
import io
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from pyarrow import parquet

from infra.cli import show
from infra.cli.files import written

Records = Sequence[Mapping[str, Any]]


def as_csv(columns: Sequence[str], records: Records) -> str:
    """Write a line of names and one per record."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if columns:
        writer.writerow(columns)
    writer.writerows([show.plain(value) for value in record.values()] for record in records)
    return text.getvalue()


def write(columns: Sequence[str], records: Records, kind: str, out: Path | None) -> None:
    """Write records as `table`, `csv` or `json`, to a file or to standard output.

    Raises:
        click.FileError: The file cannot be written.
    """
    if kind == "table" and out is None:
        _print_table(columns, records)
    elif kind == "json" and out is None:
        show.as_json(records)
    elif kind == "csv":
        _put(as_csv(columns, records), out)
    else:
        _put(show.json_text(records, indent=2) + "\n", out)


def _print_table(columns: Sequence[str], records: Records) -> None:
    if records:
        show.as_table("", columns, (list(record.values()) for record in records))
    else:
        click.echo("no rows")


def _put(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        with written(out):
            out.write_text(text, encoding="utf-8")


def write_parquet(answer: pa.Table, out: Path) -> None:
    """Write a whole answer with the types that BigQuery gave it.

    Raises:
        click.FileError: The file cannot be written.
    """
    with written(out):
        parquet.write_table(answer, out)
