"""The same move by dlt, in the environment of `make .venv/.bench`: this imports nothing that is not there."""

import tempfile
from collections.abc import Iterator, Mapping
from typing import Any

import dlt  # type: ignore[import-not-found]  # not where the types are checked, see `environment`

from infra.bench.plain import PlainPosition
from infra.bench.stock import streamed
from shared.settings import Settings


def merge(settings: Settings) -> int:
    """Let dlt read by the stock client, validate, and merge by key into a local DuckDB file.

    It has no network and no commit protocol to wait for, which is kinder to it than BigQuery would be.
    """

    def documents() -> Iterator[Mapping[str, Any]]:
        yield from (snapshot.to_dict() or {} for snapshot in streamed(settings))

    resource = dlt.resource(
        documents, name="trades", primary_key="position_id", write_disposition="merge", columns=PlainPosition
    )
    with tempfile.TemporaryDirectory() as folder:
        pipeline = dlt.pipeline(
            "bench",
            pipelines_dir=folder,
            destination=dlt.destinations.duckdb(f"{folder}/bench.duckdb"),
            dataset_name="trading",
        )
        pipeline.run(resource).raise_on_failed_jobs()
        with pipeline.sql_client() as client:
            return int((client.execute_sql("SELECT COUNT(*) FROM trades") or [[0]])[0][0])
