"""Run records: written when a run starts, closed when it ends, abandoned ones closed by the next run."""

from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from schemas.run_record import RunRecord, Status
from shared.retrying import persistently, retrying
from shared.settings import Settings

COLLECTION = "job_metadata"


class Runs:
    """The `job_metadata` collection."""

    def __init__(self, client: firestore.Client, settings: Settings) -> None:
        """Write through `client`."""
        self._collection = client.collection(COLLECTION)
        self._seconds = settings.retry_seconds
        self._timeout = settings.call_timeout_s

    def put(self, record: RunRecord) -> None:
        """Write a record whole."""
        reference = self._collection.document(record.run_id)
        fields = storable(record.model_dump())
        persistently(self._seconds, lambda: reference.set(fields, retry=None, timeout=self._timeout))

    def abandon(self, lease: str, by: str, now: datetime) -> list[str]:
        """Close records that still say RUNNING although `by` now holds their lease. Returns their ids."""
        query = self._collection.where(filter=FieldFilter("lease", "==", lease)).where(
            filter=FieldFilter("status", "==", Status.RUNNING.value)
        )
        left = [s.id for s in query.stream(retry=retrying(self._seconds), timeout=self._timeout) if s.id != by]
        for run_id in left:
            fields = {"status": Status.ABANDONED.value, "finished_at": now}
            self._collection.document(run_id).update(fields, retry=None, timeout=self._timeout)
        return left

    def recent(self, limit: int, job: str | None = None) -> Iterator[dict[str, Any]]:
        """Yield the newest records first."""
        newest = self._collection.order_by("started_at", direction=firestore.Query.DESCENDING)
        shown = 0
        for snapshot in newest.stream(retry=retrying(self._seconds), timeout=self._timeout):
            record = snapshot.to_dict() or {}
            if job in {None, record.get("job")}:
                yield record
                shown += 1
            if shown == limit:
                return

    def get(self, run_id: str) -> dict[str, Any] | None:
        """Find one record."""
        snapshot = self._collection.document(run_id).get(retry=retrying(self._seconds), timeout=self._timeout)
        found: dict[str, Any] | None = snapshot.to_dict()
        return found


def storable(value: Any) -> Any:
    """Turn a record into values that Firestore holds: decimals and dates become text."""
    match value:
        case dict():
            return {key: storable(item) for key, item in value.items()}
        case list() | tuple():
            return [storable(item) for item in value]
        case Enum():
            return value.value
        case Decimal():
            return f"{value:f}"
        case datetime():
            return value
        case date():
            return value.isoformat()
        case _:
            return value
