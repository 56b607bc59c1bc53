"""The ways of moving positions that are held against each other, but for dlt's, which has an environment of its own.

Each moves all of them and says how many.
"""

from collections.abc import Callable, Mapping
from contextlib import redirect_stdout
from io import StringIO
from typing import Any

from infra.bench.documents import COLLECTION
from infra.bench.plain import PlainPosition, as_line
from infra.bench.stock import streamed
from jobs.trades import LOOP
from schemas.run_record import Status
from shared.collecting import collect_seldom
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
    found = (PlainPosition.model_validate(snapshot.to_dict()) for snapshot in streamed(settings))
    return sum(len(as_line(position)) > 0 for position in found)


def ours(settings: Settings) -> int:
    """Run the trades job: lease, guard, anti-join, evidence, PENDING stream, intent, commit, verification, record."""
    collect_seldom()
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
    "ours": ours,
    "again": ours,
}
"""`again` is our run over a table that holds everything already."""


def _query(settings: Settings) -> Any:
    query = StructuredQuery(from_=[{"collection_id": settings.collection(COLLECTION)}])
    query.order_by.add(field={"field_path": "__name__"}, direction=StructuredQuery.ASCENDING)
    return RunQueryRequest(parent=f"{_database(settings)}/documents", structured_query=query)


def _database(settings: Settings) -> str:
    return f"projects/{settings.project}/databases/{settings.firestore_database}"
