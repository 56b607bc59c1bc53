"""A table with a column of each type that the project uses, and the ways to write and read it."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pyarrow as pa
from google.api_core.retry import Retry, if_exception_type
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient

from tests.emulator.bigquery_server import PROJECT
from tests.emulator.pending_stream import PendingStream

DEADLINE_S = 20
ONCE = Retry(predicate=if_exception_type())  # no exception is worth a second try

COLUMNS = [
    bigquery.SchemaField("ds", "DATE", "REQUIRED", description="the day"),
    bigquery.SchemaField("k", "STRING", "REQUIRED"),
    bigquery.SchemaField("amount", "NUMERIC"),
    bigquery.SchemaField("moment", "TIMESTAMP"),
    bigquery.SchemaField("flag", "BOOLEAN"),
    bigquery.SchemaField("n", "INTEGER"),
    bigquery.SchemaField("body", "JSON"),
    bigquery.SchemaField("tags", "STRING", "REPEATED"),
]
ARROW = pa.schema(
    [
        ("ds", pa.date32()),
        ("k", pa.utf8()),
        ("amount", pa.decimal128(38, 9)),
        ("moment", pa.timestamp("us", "UTC")),
        ("flag", pa.bool_()),
        ("n", pa.int64()),
        ("body", pa.utf8()),
        ("tags", pa.list_(pa.utf8())),
    ]
)
FULL: dict[str, Any] = {
    "ds": date(2021, 1, 1),
    "k": '\N{GRINNING FACE} it\'s "quoted" \\',
    "amount": Decimal("12345678901234567890.123456789"),
    "moment": datetime(9999, 12, 31, 23, 59, 59, 999999, UTC),
    "flag": True,
    "n": 2**63 - 1,
    "body": '{"a": [1, null]}',
    "tags": ["x", "é"],
}
EMPTY: dict[str, Any] = dict.fromkeys(FULL) | {"ds": date(2021, 1, 1), "k": "empty"}


class FactsTable:
    """A fresh table, and the ways to read and write it."""

    def __init__(self, client: bigquery.Client, writer: BigQueryWriteClient) -> None:
        self.client = client
        self.writer = writer
        self.dataset = f"d_{uuid4().hex}"
        self.id = f"{PROJECT}.{self.dataset}.facts"
        self.path = f"projects/{PROJECT}/datasets/{self.dataset}/tables/facts"
        client.create_dataset(f"{PROJECT}.{self.dataset}", retry=ONCE, timeout=DEADLINE_S)
        table = bigquery.Table(self.id, COLUMNS)
        table.time_partitioning = bigquery.TimePartitioning(field="ds")
        table.require_partition_filter = True
        table.clustering_fields = ["k"]
        client.create_table(table, retry=ONCE, timeout=DEADLINE_S)

    def stream(self) -> PendingStream:
        """Open a PENDING stream into it."""
        return PendingStream.create(self.writer, self.path)

    def insert(self, *rows: dict[str, Any], schema: pa.Schema = ARROW) -> None:
        """Append rows in a stream of their own and commit it."""
        stream = self.stream()
        assert not stream.append(0, rows, schema).error.code
        assert stream.finalize() == len(rows)
        assert not stream.commit().stream_errors

    def job(self, sql: str, *parameters: Any) -> bigquery.QueryJob:
        """Start a statement in which ``facts`` is this table."""
        config = bigquery.QueryJobConfig(
            default_dataset=f"{PROJECT}.{self.dataset}", query_parameters=parameters, use_query_cache=False
        )
        return self.client.query(sql, config, retry=ONCE, job_retry=None, timeout=DEADLINE_S)

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """The rows of a statement's result."""
        result = self.job(sql, *parameters).result(retry=ONCE, job_retry=None, timeout=DEADLINE_S)
        return [dict(row) for row in result]

    def count(self) -> int:
        """How many rows it holds."""
        count: int = self.rows("SELECT COUNT(*) AS n FROM facts")[0]["n"]
        return count
