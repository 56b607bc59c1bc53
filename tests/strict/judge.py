"""The judge: sees every request that could change or read something, remembers what matters, and refuses.

It is handed the clock and the tables, so it needs no server; `tests.strict.server` puts it in front of the emulator.
"""

import re
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import pyarrow as pa

from tests.strict import appends, parameters, statements, streamed_rows
from tests.strict.definition import TableName, Tables
from tests.strict.refusal import Refusal

MAX_REQUEST = 10 * 1024 * 1024
"""Bytes of a REST request (https://cloud.google.com/bigquery/quotas: query request and HTTP request, 10 MB)."""
STREAMED_FOR_S = 30 * 60
"""How long rows count as streamed (docs/data-manipulation-language, "Limitations")."""

_PROJECT = re.compile(r"/projects/([^/]+)")
_JOBS = re.compile(r"/bigquery/v2/projects/[^/]+/jobs")
_INSERT_ALL = re.compile(r"/bigquery/v2/projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)/insertAll")
_STREAM = re.compile(r"projects/([^/]+)/datasets/([^/]+)/tables/([^/]+)/")


@dataclass(frozen=True)
class Noted:
    """A refusal, and whose it was."""

    project: str
    rule: str
    message: str
    what: str
    """The request: its statement, or method and path."""
    blamed: bool


class Judge:
    """Judges the requests of one server."""

    def __init__(self, tables: Tables = lambda _: None, clock: Callable[[], float] = time.monotonic) -> None:
        self.tables = tables
        self.noted: list[Noted] = []
        self._clock = clock
        self._jobs: set[tuple[str, str]] = set()
        self._streamed: dict[TableName, float] = {}

    def rest(self, method: str, path: str, body: bytes) -> Refusal | None:
        """Judge one REST request that has a body."""
        found = _PROJECT.search(path)
        project = found.group(1) if found else ""
        refusal = next(self._rest(project, path, body), None)
        return refusal and self._note(project, refusal, f"{method} {path} {body[:2000].decode(errors='replace')}")

    def append(self, stream: str, request: bytes, rows: pa.RecordBatch | None) -> Refusal | None:
        """Judge one AppendRows request and the rows that it carries."""
        found = _STREAM.match(stream)
        name = TableName(*found.groups()) if found else TableName("", "", "")
        refusal = next(self._append(name, request, rows), None)
        return refusal and self._note(name.project, refusal, f"AppendRows {stream}")

    def _note(self, project: str, refusal: Refusal, what: str) -> Refusal:
        self.noted.append(Noted(project, refusal.rule, refusal.message, what, refusal.blamed))
        return refusal

    def _append(self, name: TableName, request: bytes, rows: pa.RecordBatch | None) -> Iterator[Refusal]:
        yield from appends.too_large(request)
        if rows is not None and (table := self.tables(name)):
            yield from appends.bad_batch(rows, table)

    def _rest(self, project: str, path: str, body: bytes) -> Iterator[Refusal]:
        if len(body) > MAX_REQUEST:
            yield Refusal("request size", f"Request payload size exceeds the limit: {MAX_REQUEST} bytes.", status=413)
        try:
            content: Any = orjson.loads(body) if body else {}
        except orjson.JSONDecodeError as error:
            yield Refusal("request JSON", f"Invalid JSON payload received. {error}", "parseError")
            return
        if found := _INSERT_ALL.fullmatch(path):
            yield from self._insert_all(TableName(*found.groups()), content)
        elif _JOBS.fullmatch(path):
            yield from self._job(project, content)

    def _insert_all(self, name: TableName, content: dict[str, Any]) -> Iterator[Refusal]:
        if table := self.tables(name):
            yield from streamed_rows.bad_rows(content, table)
            self._streamed[name] = self._clock()

    def _job(self, project: str, content: dict[str, Any]) -> Iterator[Refusal]:
        configuration = content["configuration"]
        if not configuration.get("dryRun"):
            yield from self._reused(project, content.get("jobReference", {}).get("jobId", ""))
        if "query" in configuration:
            yield from self._query(project, configuration["query"])

    def _reused(self, project: str, job: str) -> Iterator[Refusal]:
        """A job id names one job for ever (docs/running-jobs, "Generate a job ID"); nobody is to blame for a resend."""
        if job and (project, job) in self._jobs:
            yield Refusal("job id", f"Already Exists: Job {project}:{job}", "duplicate", 409, blamed=False)
        self._jobs.add((project, job))

    def _query(self, project: str, query: dict[str, Any]) -> Iterator[Refusal]:
        sql: str = query["query"]
        if query.get("useLegacySql", True):
            yield Refusal(
                "legacy SQL", "useLegacySql defaults to true: this would be read as legacy SQL", "invalidQuery"
            )
        yield from statements.text_too_long(sql)
        values = query.get("queryParameters") or []
        yield from parameters.bad_parameters(values)
        named = query.get("defaultDataset") or {}
        default = (named.get("projectId", project), named.get("datasetId", ""))
        for statement in statements.parsed(sql):
            yield from statements.without_where(statement)
            yield from statements.without_partition_filter(statement, self.tables, default)
            yield from statements.on_streamed_rows(statement, self._recent(), default)
            yield from parameters.ambiguous_sources(statement, values)

    def _recent(self) -> set[TableName]:
        oldest = self._clock() - STREAMED_FOR_S
        return {name for name, moment in self._streamed.items() if moment > oldest}
