"""BigQuery: questions, guarded updates and table definitions. New rows arrive through `shared.stream`."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain
from typing import Any, TypeVar, cast

import pyarrow as pa
from google.api_core.client_options import ClientOptions
from google.api_core.exceptions import RetryError
from google.api_core.retry import Retry
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from schemas.bigquery import Column, columns
from schemas.table import ArchivedRow
from shared import sql
from shared.batching import sized_batches
from shared.fingerprint import Fingerprint
from shared.retrying import ONCE, is_transient, persistently
from shared.settings import Settings

R = TypeVar("R", bound=ArchivedRow)

MAX_KEYS = 10_000
MAX_KEY_BYTES = 8_000_000
"""Keys per question, and their bytes in it; BigQuery takes requests of 10 MB."""
ASKED_AHEAD = 3
"""Questions on their way while the answer to one is worked on: BigQuery takes a second or two for each, however small,
and working on an answer takes less."""
MAX_REVISIONS = 200
MAX_REVISION_BYTES = 5_000_000
"""Rows and bytes per UPDATE, likewise."""
MAX_PATCHES = 4000
MAX_PATCH_BYTES = 8_000_000
"""Rows and bytes per UPDATE of some columns, likewise."""
MAX_JOB_S = 600.0
"""How long a statement may run, seconds; each call about it has a deadline of its own."""

FIXED_BYTES = 8000
"""Bytes of a revision's short columns in JSON, names and types included."""
FIXED_PATCH_BYTES = 1500
"""The same of a patch, which sets a few columns."""


@dataclass(frozen=True)
class Stored:
    """What the table says about one key."""

    key: tuple[Any, ...]
    ds: date
    source_rev: datetime


Held = Mapping[Any, Sequence[Stored]]
"""What the table holds, by first key column."""
Asked = Callable[[], Held]
"""A question on its way to its answer; the call waits for it."""


def open_bigquery(settings: Settings) -> bigquery.Client:
    """Connect to BigQuery, or to the emulator that the settings name."""
    host = settings.bigquery_emulator_host
    return bigquery.Client(
        project=settings.project,
        location=None if host else settings.location,
        credentials=AnonymousCredentials() if host else None,
        client_options=ClientOptions(api_endpoint=f"http://{host}") if host else None,
    )


class Warehouse:
    """One dataset."""

    def __init__(self, client: bigquery.Client, settings: Settings) -> None:
        """Ask through `client` with the deadlines of `settings`."""
        self.client = client
        self.dataset = f"{settings.project}.{settings.dataset}"
        self._settings = settings
        self.bytes_billed = 0
        """Bytes billed by queries so far."""

    def table(self, row: type[ArchivedRow]) -> str:
        """Quote the full name of a table."""
        return sql.table_id(self._settings.project, self._settings.dataset, row)

    def rows(self, statement: str, parameters: Sequence[Any] = ()) -> Iterator[dict[str, Any]]:
        """Run a question and yield its rows, page by page."""
        yield from _records(self._run(statement, parameters))

    def answer(self, statement: str, parameters: Sequence[Any] = ()) -> tuple[list[str], Iterator[dict[str, Any]]]:
        """Run a question; name its columns, which an answer without rows has as well, and yield its rows."""
        result = self._run(statement, parameters)
        return [column.name for column in result.schema], _records(result)

    def arrow(self, statement: str, parameters: Sequence[Any] = ()) -> pa.Table:
        """Run a question and hold its whole answer, with the types of its columns also where all of it is NULL."""
        return self._run(statement, parameters).to_arrow(create_bqstorage_client=False)

    def change(self, statement: str, parameters: Sequence[Any] = ()) -> None:
        """Run one idempotent DML statement."""
        self._run(statement, parameters)

    def _run(self, statement: str, parameters: Sequence[Any]) -> Any:
        """Run one statement to its end."""
        return self._begun(statement, parameters)()

    def _begun(self, statement: str, parameters: Sequence[Any]) -> Callable[[], Any]:
        """Begin one statement, without the query cache; what comes back waits for its end.

        It is sent again as a whole when it fails on the way.
        """
        config = bigquery.QueryJobConfig(
            query_parameters=list(parameters), use_query_cache=False, default_dataset=self.dataset
        )
        seconds, timeout = self._settings.retry_seconds, self._settings.call_timeout_s

        def begin() -> bigquery.QueryJob:
            return self.client.query(statement, job_config=config, retry=ONCE, job_retry=None, timeout=timeout)

        begun = [persistently(seconds, begin)]

        def once() -> tuple[bigquery.QueryJob, Any]:
            job = begun.pop() if begun else begin()
            return job, self._awaited(job)

        def finish() -> Any:
            job, result = persistently(seconds, once)
            self.bytes_billed += job.total_bytes_billed or 0
            return result

        return finish

    def _awaited(self, job: bigquery.QueryJob) -> Any:
        """Wait for a job, which may run for longer than one call; a call that is not answered is another matter."""
        until = time.monotonic() + MAX_JOB_S
        pages = Retry(predicate=is_transient, timeout=self._settings.retry_seconds)
        while True:
            try:
                return job.result(retry=pages, job_retry=None, timeout=self._settings.call_timeout_s)
            except TimeoutError as error:
                # Without a cause it was the client that stopped asking whether the job is done.
                if error.__cause__ is not None or time.monotonic() >= until:
                    raise

    def stored(self, row: type[ArchivedRow], identities: Sequence[Any]) -> Held:
        """Look up first key columns over all partitions: identity → what the table holds for it."""
        return self.asked(row, identities)()

    def asked(self, row: type[ArchivedRow], identities: Sequence[Any]) -> Asked:
        """Begin to look keys up, as `stored` does: what is done until the answer is wanted costs no time."""
        statement = sql.stored(self.table(row), row)
        begun = [
            self._begun(statement, [bigquery.ArrayQueryParameter("identities", "STRING", some)])
            for some in in_questions(identities)
        ]
        return lambda: _held(row, chain.from_iterable(_records(finish()) for finish in begun))

    def fetch(self, row: type[R], stored: Sequence[Stored]) -> list[R]:
        """Read whole rows back as they are: what a revision takes over from a row must not depend on its validity."""
        result: list[R] = []
        for some in sized_batches(stored, MAX_KEYS, MAX_KEY_BYTES, lambda one: key_bytes(one.key[0])):
            parameter = bigquery.ArrayQueryParameter("identities", "STRING", [one.key[0] for one in some])
            statement = sql.rows_of(self.table(row), row, (one.ds for one in some))
            result.extend(cast("R", row.model_construct(**record)) for record in self.rows(statement, [parameter]))
        return result

    def count_run(self, row: type[ArchivedRow], run_id: str) -> int:
        """Count the rows that a run inserted, over all partitions."""
        parameter = bigquery.ScalarQueryParameter("run_id", "STRING", run_id)
        return int(next(self.rows(sql.count_run(self.table(row)), [parameter]))["n"])

    def fingerprint(self, row: type[ArchivedRow], run_id: str) -> Fingerprint:
        """Fingerprint the rows that a run inserted, over all partitions."""
        parameter = bigquery.ScalarQueryParameter("run_id", "STRING", run_id)
        found = next(self.rows(sql.fingerprint(self.table(row), row), [parameter]))
        return Fingerprint(int(found["n"]), int(found["digest"] or 0))

    def revise(self, row: type[R], revisions: Iterable[tuple[R, R]]) -> None:
        """Overwrite older revisions; pairs of (stored row, new row).

        A row that meanwhile holds a newer revision, or that a patch touched since it was read, is left alone.
        """
        for some in sized_batches(revisions, MAX_REVISIONS, MAX_REVISION_BYTES, lambda pair: request_bytes(pair[1])):
            statement = sql.revise(self.table(row), row, (old.ds for old, _ in some))
            parameter = bigquery.ArrayQueryParameter("rows", "STRUCT", [_struct(row, old, new) for old, new in some])
            self.change(statement, [parameter])

    def unsettled(self, row: type[R], done: str, again: date, days: tuple[date, date]) -> list[R]:
        """Read the rows between two days that a patch is not done with, and all of day `again` or later."""
        statement = sql.unsettled(self.table(row), row, done, again, days)
        return [cast("R", row.model_construct(**record)) for record in self.rows(statement)]

    def held_since(
        self, row: type[ArchivedRow], identities: Sequence[Any], before: datetime
    ) -> set[tuple[tuple[Any, ...], datetime]]:
        """Find keys, with the revision held, of rows that hold it since before a moment."""
        found: set[tuple[tuple[Any, ...], datetime]] = set()
        for some in in_questions(identities):
            parameters = [
                bigquery.ArrayQueryParameter("identities", "STRING", some),
                bigquery.ScalarQueryParameter("before", "TIMESTAMP", before),
            ]
            for record in self.rows(sql.held_since(self.table(row), row), parameters):
                found.add((tuple(record[name] for name in row.TABLE.key), record["source_rev"]))
        return found

    def kin(self, row: type[R], shared: Sequence[str], of: Sequence[R], has_kin: Callable[[R], bool]) -> list[R]:
        """Read the other rows, over all partitions, that share a value of some columns with those that have kin."""
        held = {tuple(getattr(one, name) for name in row.TABLE.key) for one in of}
        having = filter(has_kin, of)
        values = sorted({value for one in having for name in shared if (value := getattr(one, name)) is not None})
        found: dict[tuple[Any, ...], Stored] = {}
        for some in in_questions(values):
            parameter = bigquery.ArrayQueryParameter("shared", "STRING", some)
            for record in self.rows(sql.kin(self.table(row), row, shared), [parameter]):
                key = tuple(record[name] for name in row.TABLE.key)
                found[key] = Stored(key, record["ds"], record["source_rev"])
        return self.fetch(row, [one for key, one in found.items() if key not in held])

    def patch(self, row: type[R], columns_set: Sequence[str], patches: Iterable[tuple[R, Mapping[str, Any]]]) -> None:
        """Set columns of rows to absolute values; pairs of (row as it was read, values).

        A row that was revised meanwhile, that holds a newer reading, or that holds equal values is left alone.
        """
        for some in sized_batches(patches, MAX_PATCHES, MAX_PATCH_BYTES, lambda pair: patch_bytes(*pair)):
            statement = sql.patch(self.table(row), row, columns_set, (old.ds for old, _ in some))
            structs = [_patch_struct(row, columns_set, old, values) for old, values in some]
            self.change(statement, [bigquery.ArrayQueryParameter("rows", "STRUCT", structs)])


def _records(result: Iterable[Any]) -> Iterator[dict[str, Any]]:
    try:
        for record in result:
            # By name: the row's own items() copies every value deeply.
            yield {name: record[name] for name in record.keys()}  # noqa: SIM118 - iterating a row yields values
    except RetryError as error:
        raise error.cause or error from None


def _held(row: type[ArchivedRow], records: Iterable[Mapping[str, Any]]) -> Held:
    found: dict[Any, list[Stored]] = {}
    for record in records:
        key = tuple(record[name] for name in row.TABLE.key)
        found.setdefault(key[0], []).append(Stored(key, record["ds"], record["source_rev"]))
    return found


def in_questions(keys: Iterable[str]) -> Iterator[list[str]]:
    """Cut keys into lists that fit a question."""
    return sized_batches(keys, MAX_KEYS, MAX_KEY_BYTES, key_bytes)


def key_bytes(key: str) -> int:
    """Bound a key's share of a request: JSON spells a byte in six letters at most, and its element has braces."""
    return 6 * len(key.encode()) + len('{"value": ""}, ')


def _patch_struct(
    row: type[ArchivedRow], columns_set: Sequence[str], old: ArchivedRow, values: Mapping[str, Any]
) -> bigquery.StructQueryParameter:
    by_name = {column.name: column for column in columns(row)}
    named = {**{name: getattr(old, name) for name in (*row.TABLE.key, "source_rev")}, **values}
    fields = [_scalar(name, by_name[name], named[name]) for name in (*row.TABLE.key, "source_rev", *columns_set)]
    return bigquery.StructQueryParameter(None, *fields)


def patch_bytes(old: ArchivedRow, values: Mapping[str, Any]) -> int:
    """Bound a patched row's share of a request: its key and what texts it is given, and its other columns."""
    named = (*(getattr(old, name) for name in old.TABLE.key), *values.values())
    return FIXED_PATCH_BYTES + sum(key_bytes(text) for text in named if isinstance(text, str))


def request_bytes(row: ArchivedRow) -> int:
    """Estimate a new row's share of a request: its texts, which alone can be long, and its other columns."""
    texts = (value for value in vars(row).values() if isinstance(value, str))
    return FIXED_BYTES + sum(len(text.encode()) * 2 for text in texts)


def _struct(row: type[ArchivedRow], old: ArchivedRow, new: ArchivedRow) -> bigquery.StructQueryParameter:
    written = {column.name: column for column in sql.revised_columns(row)}
    keys = {column.name: column for column in columns(row) if column.name in row.TABLE.key}
    fields = [_scalar(column.name, column, getattr(new, column.name)) for column in (*keys.values(), *written.values())]
    if stamp := row.TABLE.patch_stamp:
        fields.append(_scalar(sql.seen(stamp), written[stamp], getattr(old, stamp)))
    return bigquery.StructQueryParameter(None, *fields)


def _scalar(name: str, column: Column, value: Any) -> bigquery.ScalarQueryParameter:
    if column.mode == "REPEATED":
        raise TypeError(f"{name}: a table with a repeated column is append-only and cannot be revised")
    return bigquery.ScalarQueryParameter(name, "STRING" if column.type == "JSON" else column.type, value)
