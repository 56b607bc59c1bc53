"""The ways of moving positions that are held against each other. Each moves all of them and says how many."""

import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from google.cloud.firestore import DocumentSnapshot

from infra.bench.documents import COLLECTION
from infra.bench.plain import PlainPosition, as_line
from jobs.trades import LOOP
from schemas.run_record import Status
from shared.documents import open_firestore
from shared.firestore_reads import Reads, RunQueryRequest, StructuredQuery, open_channel
from shared.log import Log
from shared.parts import connect
from shared.run import run
from shared.settings import Settings
from shared.survey import Options
from shared.values import decode_fields

_RUN_QUERY = "/google.firestore.v1.Firestore/RunQuery"

Contender = Callable[[Settings], int]


class WrongOutcomeError(Exception):
    """A contender did not do its work, so that what it took means nothing."""


def drain(settings: Settings) -> int:
    """Receive the collection and look at nothing: what no reader can do without."""
    with open_channel(settings) as channel:
        method = channel.unary_stream(_RUN_QUERY, request_serializer=RunQueryRequest.SerializeToString)
        prefix = ("google-cloud-resource-prefix", _database(settings))
        return sum(len(answer) > 0 for answer in method(_query(settings), metadata=(prefix,)))


def floor(settings: Settings) -> int:
    """Read, decode in one pass, validate and serialise: the least that such a move costs."""
    written = 0
    reads = Reads(open_channel(settings), _database(settings), settings.call_timeout_s)
    for answer in reads.run_query(_query(settings)):
        if answer.HasField("document"):
            position = PlainPosition.model_validate(decode_fields(answer.document.fields))
            written += len(as_line(position)) > 0
    return written


def stock(settings: Settings) -> int:
    """Do the same by the stock client, as its manual shows it."""
    found = (PlainPosition.model_validate(snapshot.to_dict()) for snapshot in _streamed(settings))
    return sum(len(as_line(position)) > 0 for position in found)


def dlt(settings: Settings) -> int:
    """Let dlt read by the stock client, validate, and merge by key into a local DuckDB file.

    It has no network and no commit protocol to wait for, which is kinder to it than BigQuery would be.
    """
    import dlt as library  # type: ignore[import-not-found]  # noqa: PLC0415 - no dependency

    def documents() -> Iterator[Mapping[str, Any]]:
        yield from (snapshot.to_dict() or {} for snapshot in _streamed(settings))

    resource = library.resource(
        documents, name="trades", primary_key="position_id", write_disposition="merge", columns=PlainPosition
    )
    with tempfile.TemporaryDirectory() as folder:
        pipeline = library.pipeline(
            "bench",
            pipelines_dir=folder,
            destination=library.destinations.duckdb(f"{folder}/bench.duckdb"),
            dataset_name="trading",
        )
        pipeline.run(resource).raise_on_failed_jobs()
        with pipeline.sql_client() as client:
            return int((client.execute_sql("SELECT COUNT(*) FROM trades") or [[0]])[0][0])


def ours(settings: Settings) -> int:
    """Run the trades job: lease, guard, anti-join, evidence, PENDING stream, intent, commit, verification, record."""
    with redirect_stdout(StringIO()):
        record = run(LOOP, Options(), connect(settings, Log(StringIO())))
    counts = record.counts
    if record.status is not Status.SUCCEEDED or counts.read not in {counts.archived, counts.already}:
        raise WrongOutcomeError(f"the run ended {record.status.value}: {counts} {record.error}")
    return counts.read


CONTENDERS: Mapping[str, Contender] = {
    "drain": drain,
    "floor": floor,
    "stock": stock,
    "dlt": dlt,
    "ours": ours,
    "again": ours,
}
"""`again` is our run over a table that holds everything already."""


def _streamed(settings: Settings) -> Iterator[DocumentSnapshot[Any]]:
    collection = open_firestore(settings).collection(settings.collection(COLLECTION))
    yield from collection.order_by("__name__").stream()


def _query(settings: Settings) -> Any:
    query = StructuredQuery(from_=[{"collection_id": settings.collection(COLLECTION)}])
    query.order_by.add(field={"field_path": "__name__"}, direction=StructuredQuery.ASCENDING)
    return RunQueryRequest(parent=f"{_database(settings)}/documents", structured_query=query)


def _database(settings: Settings) -> str:
    return f"projects/{settings.project}/databases/{settings.firestore_database}"
