"""How answers of the warehouse are written: as a table for people, as CSV or JSON, or as a Parquet file."""

import csv
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import click
import pyarrow as pa
from pyarrow import parquet

from infra.cli import show

Records = Sequence[Mapping[str, Any]]


def as_csv(records: Records) -> str:
    """Write a line of names and one per record."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    if records:
        writer.writerow(records[0])
    writer.writerows([show.plain(value) for value in record.values()] for record in records)
    return text.getvalue()


def write(records: Records, kind: str, out: Path | None) -> None:
    """Write records as `table`, `csv` or `json`, to a file or to standard output."""
    if kind == "table" and out is None:
        show.as_records("", records)
    elif kind == "json" and out is None:
        show.as_json(records)
    else:
        _put(as_csv(records) if kind == "csv" else json.dumps(records, default=show.jsonable, indent=2) + "\n", out)


def _put(text: str, out: Path | None) -> None:
    if out is None:
        sys.stdout.write(text)
    else:
        out.write_text(text, encoding="utf-8")
        click.echo(f"wrote {out}", err=True)


def write_parquet(answer: pa.Table, out: Path) -> None:
    """Write a whole answer with the types that BigQuery gave it."""
    parquet.write_table(answer, out)
    click.echo(f"wrote {out}", err=True)
