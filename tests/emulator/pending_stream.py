"""One PENDING stream of the Storage Write API, call by call, for tests that look at each answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient, types

_DEADLINE_S = 20


@dataclass(frozen=True)
class PendingStream:
    """A stream into one table; ``name`` may be one that no server knows."""

    writer: BigQueryWriteClient
    table: str
    name: str

    @classmethod
    def create(cls, writer: BigQueryWriteClient, table: str) -> "PendingStream":
        """Open a stream into ``projects/…/datasets/…/tables/…``."""
        kind = types.WriteStream(type_=types.WriteStream.Type.PENDING)
        created = writer.create_write_stream(parent=table, write_stream=kind, retry=None, timeout=_DEADLINE_S)
        return cls(writer, table, created.name)

    def append(self, offset: int, rows: Sequence[Mapping[str, Any]], schema: pa.Schema) -> types.AppendRowsResponse:
        """Append rows as Arrow, on a connection of their own."""
        batch = pa.RecordBatch.from_pylist(rows, schema)
        data = types.AppendRowsRequest.ArrowData(
            writer_schema=types.ArrowSchema(serialized_schema=schema.serialize().to_pybytes()),
            rows=types.ArrowRecordBatch(serialized_record_batch=batch.serialize().to_pybytes()),
        )
        request = types.AppendRowsRequest(write_stream=self.name, offset=offset, arrow_rows=data)
        answers = self.writer.append_rows(iter([request]), retry=None, timeout=_DEADLINE_S)
        answer: types.AppendRowsResponse = next(iter(answers))
        return answer

    def finalize(self) -> int:
        """End the stream; the number of its rows."""
        count: int = self.writer.finalize_write_stream(name=self.name, retry=None, timeout=_DEADLINE_S).row_count
        return count

    def commit(self) -> types.BatchCommitWriteStreamsResponse:
        """Make the rows visible."""
        request = types.BatchCommitWriteStreamsRequest(parent=self.table, write_streams=[self.name])
        return self.writer.batch_commit_write_streams(request, retry=None, timeout=_DEADLINE_S)
