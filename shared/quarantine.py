"""Refused documents: one record per document path in Firestore, updated when seen again, resolved when healed."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from schemas.columns import is_text
from schemas.reasons import Reason
from shared.batching import batches, sized_batches
from shared.retrying import documents_of, persistently
from shared.settings import Settings
from shared.values import RawDocument, to_json_anyway

COLLECTION = "quarantine"
MAX_PAYLOAD = 1_000_000
"""Bytes of payload kept; a Firestore document holds 1 MiB in all."""
MAX_ERRORS = 50
RESOLVED_KEPT = timedelta(days=90)
"""How long the record of a healed document stays; the database deletes it some time after."""
PAGE = 1000
"""Records per query."""
MAX_BATCH = 200
MAX_BATCH_BYTES = 9_000_000
"""Records and bytes per commit; the service takes 10 MiB."""


_AN_ID = re.compile(r"[0-9a-f]{64}")
"""As `record_id` makes them; what else people type may not even name a document."""


@dataclass(frozen=True)
class Fault:
    """One thing wrong with a document. Never carries a value."""

    field: str
    code: str
    message: str


@dataclass(frozen=True)
class Reject:
    """A document that may not enter the warehouse, and why."""

    source: RawDocument
    reason: Reason
    faults: tuple[Fault, ...]


def record_id(path: str) -> str:
    """Derive the record's id from the document's path: seen again means updated, never doubled."""
    return hashlib.sha256(path.encode()).hexdigest()


def is_about(record: str, path: object) -> bool:
    """Tell whether the record with this id is about this document; what somebody left there by hand is about none."""
    return isinstance(path, str) and record == record_id(path)


class Quarantine:
    """The `quarantine` collection."""

    def __init__(self, client: firestore.Client, settings: Settings) -> None:
        """Write through `client`."""
        self._client = client
        self._collection = client.collection(settings.collection(COLLECTION))
        self._seconds = settings.retry_seconds
        self._timeout = settings.call_timeout_s

    def put(self, job: str, run_id: str, rejects: Sequence[Reject], now: datetime) -> None:
        """Record refused documents, each once, with when it was first seen and how often."""
        for some in batches(rejects, MAX_BATCH):
            known = self._known(some)
            records = (record_of(reject, job, run_id, now, known) for reject in some)
            for group in sized_batches(records, MAX_BATCH, MAX_BATCH_BYTES, _payload_bytes):
                batch = self._client.batch()
                for record in group:
                    batch.set(self._reference(record["path"]), record)
                self._commit(batch)

    def waiting(self, job: str, run_id: str) -> Iterator[str]:
        """Yield the paths of documents that a job holds in quarantine and that this run has not refused again."""
        for snapshot in self._open(job):
            fields = snapshot.to_dict() or {}
            if is_about(snapshot.id, fields.get("path")) and fields.get("run_id") != run_id:
                yield fields["path"]

    def _open(self, job: str) -> Iterator[Any]:
        """Yield a job's unresolved records without their payload, page by page."""
        query = (
            self._collection.where(filter=FieldFilter("job", "==", job))
            .where(filter=FieldFilter("resolved_at", "==", None))
            .order_by("__name__")
            .select(["path", "run_id"])
            .limit(PAGE)
        )
        page = self._all(query)
        yield from page
        while len(page) == PAGE:
            page = self._all(query.start_after(page[-1]))
            yield from page

    def resolve(self, run_id: str, paths: Sequence[str], now: datetime) -> None:
        """Mark records of healed documents as resolved."""
        for some in batches(paths, MAX_BATCH):
            batch = self._client.batch()
            fields = {"resolved_at": now, "resolved_by": run_id, "expires_at": now + RESOLVED_KEPT}
            for path in some:
                batch.update(self._reference(path), fields)
            self._commit(batch)

    def records(self, job: str | None = None, *, unresolved_only: bool = True) -> list[dict[str, Any]]:
        """Read records without their payload, each with its `id`."""
        query: Any = self._collection
        if job:
            query = query.where(filter=FieldFilter("job", "==", job))
        if unresolved_only:
            query = query.where(filter=FieldFilter("resolved_at", "==", None))
        fields = ["path", "job", "reason", "errors", "first_seen", "last_seen", "attempts", "run_id", "resolved_at"]
        found = [{"id": snapshot.id, **snapshot.to_dict()} for snapshot in self._all(query.select(fields))]
        return [record for record in found if is_about(record["id"], record.get("path"))]

    def record(self, name: str) -> dict[str, Any] | None:
        """Find one whole record by its id or by the path of the document; half a character names neither."""
        if not is_text(name):
            return None
        for document_id in (name, record_id(name)) if _AN_ID.fullmatch(name) else (record_id(name),):
            reference = self._collection.document(document_id)
            snapshot = persistently(self._seconds, partial(reference.get, retry=None, timeout=self._timeout))
            if snapshot.exists:
                return {"id": snapshot.id, **(snapshot.to_dict() or {})}
        return None

    def _commit(self, batch: Any) -> None:
        persistently(self._seconds, lambda: batch.commit(retry=None, timeout=self._timeout))

    def _all(self, query: Any) -> list[Any]:
        return documents_of(query, self._seconds, self._timeout)

    def _reference(self, path: str) -> Any:
        return self._collection.document(record_id(path))

    def _known(self, rejects: Iterable[Reject]) -> dict[str, Mapping[str, Any]]:
        references = [self._reference(reject.source.path) for reject in rejects]

        def once() -> dict[str, Mapping[str, Any]]:
            found = self._client.get_all(
                references, field_paths=["first_seen", "attempts"], retry=None, timeout=self._timeout
            )
            return {snapshot.id: snapshot.to_dict() or {} for snapshot in found if snapshot.exists}

        return persistently(self._seconds, once)


def record_of(
    reject: Reject, job: str, run_id: str, now: datetime, known: Mapping[str, Mapping[str, Any]]
) -> dict[str, Any]:
    """Describe a refused document; `known` holds what records say already, by their id."""
    before = known.get(record_id(reject.source.path), {})
    payload, truncated = _payload(reject.source.fields)
    return {
        "path": reject.source.path,
        "job": job,
        "reason": reject.reason.value,
        "errors": [vars(fault) for fault in reject.faults[:MAX_ERRORS]],
        "errors_total": len(reject.faults),
        "payload": payload,
        "payload_truncated": truncated,
        "source_rev": reject.source.update_time,
        "first_seen": before.get("first_seen", now),
        "last_seen": now,
        "attempts": _number(before.get("attempts")) + 1,
        "run_id": run_id,
        "resolved_at": None,
        "resolved_by": None,
        "expires_at": None,
    }


def _number(stated: object) -> int:
    """Take the number of attempts from a record, in which somebody may have written anything."""
    return stated if isinstance(stated, int) else 0


def _payload_bytes(record: Mapping[str, Any]) -> int:
    return len(record["payload"].encode())


def _payload(fields: Mapping[str, Any]) -> tuple[str, bool]:
    """Write the document as JSON text, cut at MAX_PAYLOAD bytes; the document itself stays in its collection."""
    try:
        text = to_json_anyway(fields)
    except RecursionError:
        return "", True
    data = text.encode()
    if len(data) <= MAX_PAYLOAD:
        return text, False
    return data[:MAX_PAYLOAD].decode(errors="ignore"), True
