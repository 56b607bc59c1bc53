"""Where a job calls out: every call by server, route and turn, named alike in every run that does the same work."""

import json
import re
from functools import lru_cache
from typing import Any

from google.cloud.firestore_v1.types import (
    BatchGetDocumentsRequest,
    CommitRequest,
    RunAggregationQueryRequest,
    RunQueryRequest,
)

from tests.emulator.wire import Call, Moment, Wire

_TABLE = re.compile(r"\b(?:fact_\w+|snapshot_accounts|dim_strategies)\b")
_NAMED = re.compile(r"(/(?:queries|jobs|orders|contracts|tables|datasets|projects)/)[^/]+")


def sites(calls: list[Call]) -> dict[str, Call]:
    """Name the calls of a run: the n-th of a route is `route #n`."""
    turns: dict[str, int] = {}
    found = {}
    for call in calls:
        route = route_of(call)
        turns[route] = turns.get(route, 0) + 1
        found[f"{route} #{turns[route]}"] = call
    return found


def at(site: str, wire: Wire) -> Moment:
    """The moment at which the call of a site comes."""
    route, _, turn = site.rpartition(" #")

    def comes(call: Call) -> bool:
        return route_of(call) == route and int(turn) == sum(route_of(one) == route for one in wire.calls[: call.number])

    return comes


def route_of(call: Call) -> str:
    """Name what a call asks for, without anything that differs from run to run."""
    return _route(call.server, call.name, call.request)


@lru_cache(8192)
def _route(server: str, name: str, request: bytes) -> str:
    about = {"firestore": _firestore, "bigquery": _bigquery}.get(server, _plain)(name, request)
    return f"{server} {about}".rstrip()


def _plain(name: str, request: bytes) -> str:
    found = _TABLE.findall(request.decode(errors="ignore"))
    return f"{_anonymous(name)} {found[0] if found and not name.startswith('GET') else ''}"


def _anonymous(path: str) -> str:
    return _NAMED.sub(r"\1*", path)


def _firestore(name: str, request: bytes) -> str:
    match name:
        case "BatchGetDocuments":
            about = {_collection(path) for path in BatchGetDocumentsRequest.deserialize(request).documents}
        case "RunQuery":
            about = _queried(RunQueryRequest.deserialize(request).structured_query)
        case "RunAggregationQuery":
            query = RunAggregationQueryRequest.deserialize(request).structured_aggregation_query
            about = _queried(query.structured_query)
        case "Commit":
            about = {_write(write) for write in CommitRequest.deserialize(request).writes}
        case _:
            about = set()
    return f"{name} {', '.join(sorted(about))}"


def _queried(query: Any) -> set[str]:
    return {one.collection_id for one in query.from_}


def _write(write: Any) -> str:
    """Name a write by its collection and, of a few fields, these fields."""
    fields = [*write.update_mask.field_paths, *(one.field_path for one in write.update_transforms)]
    top = sorted({path.split(".")[0] for path in fields})
    changed = f".{'+'.join(top)}" if 0 < len(top) <= 4 else ""
    return f"delete {_collection(write.delete)}" if write.delete else f"{_collection(write.update.name)}{changed}"


def _collection(path: str) -> str:
    return path.split("/documents/", 1)[1].split("/", 1)[0]


def _bigquery(name: str, request: bytes) -> str:
    method, _, path = name.partition(" ")
    if not request or not path.endswith(("/jobs", "/queries")):
        tables = _TABLE.findall(path)
        return f"{method} {tables[0] if tables else '/'.join(_anonymous(path).split('/')[-2:])}"
    body = json.loads(request)
    statement: str = body.get("query") or body["configuration"]["query"]["query"]
    tables = _TABLE.findall(statement)
    return f"{statement.split(maxsplit=1)[0]} {tables[0] if tables else ''}"
