"""Run records: written when a run starts, closed when it ends, abandoned ones closed by the next run."""

from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any

from google.cloud import firestore
from google.cloud.firestore_v1.base_query import FieldFilter

from schemas.run_record import RunRecord, Status
from shared.retrying import documents_of, persistently
from shared.settings import Settings
from shared.shards import Shard, is_of, shards

COLLECTION = "job_metadata"


class Runs:
    """The `job_metadata` collection."""

    def __init__(self, client: firestore.Client, settings: Settings) -> None:
        """Write through `client`."""
        self._collection = client.collection(settings.collection(COLLECTION))
        self._seconds = settings.retry_seconds
        self._timeout = settings.call_timeout_s

    def put(self, record: RunRecord, seconds: float | None = None) -> None:
        """Write a record whole, in `seconds` at most where given."""
        reference = self._collection.document(record.run_id)
        fields = storable(record.model_dump())
        timeout = self._timeout if seconds is None else seconds
        budget = self._seconds if seconds is None else seconds
        persistently(budget, lambda: reference.set(fields, retry=None, timeout=timeout))

    def abandon(self, lease: str, shard: Shard, by: str, now: datetime) -> list[str]:
        """Close records that still say RUNNING although `by` now holds this shard's lease. Returns their ids.

        A table is split or joined only while none of its leases is held, so whoever says it runs under a lease that
        the division of today does not have is dead, too, and no other run would ever close it.
        """
        others = {one.of(lease) for one in shards(shard.count)} - {shard.of(lease)}
        left = [run_id for run_id, held in self.running(lease).items() if held not in others and run_id != by]
        for run_id in left:
            self._abandon(run_id, {"status": Status.ABANDONED.value, "finished_at": now})
        return left

    def running(self, lease: str) -> dict[str, str]:
        """List the records that say RUNNING for a lease, or for a part of what it guards: id → the lease's name."""
        query = self._collection.where(filter=FieldFilter("status", "==", Status.RUNNING.value)).select(["lease"])
        found = {snapshot.id: str((snapshot.to_dict() or {}).get("lease")) for snapshot in self._all(query)}
        return {run_id: name for run_id, name in found.items() if is_of(lease, name)}

    def recent(self, limit: int, job: str | None = None) -> list[dict[str, Any]]:
        """Read the newest records, newest first."""
        if job is None:
            newest = self._collection.order_by("started_at", direction=firestore.Query.DESCENDING).limit(limit)
            return [snapshot.to_dict() for snapshot in self._all(newest)]
        # Sorted here: filter and order together would need a composite index for one command.
        mine = [s.to_dict() for s in self._all(self._collection.where(filter=FieldFilter("job", "==", job)))]
        return sorted(mine, key=lambda record: record["started_at"], reverse=True)[:limit]

    def get(self, run_id: str) -> dict[str, Any] | None:
        """Find one record."""
        reference = self._collection.document(run_id)
        found: dict[str, Any] | None = persistently(
            self._seconds, lambda: reference.get(retry=None, timeout=self._timeout).to_dict()
        )
        return found

    def _abandon(self, run_id: str, fields: dict[str, Any]) -> None:
        reference = self._collection.document(run_id)
        persistently(self._seconds, lambda: reference.update(fields, retry=None, timeout=self._timeout))

    def _all(self, query: Any) -> list[Any]:
        return documents_of(query, self._seconds, self._timeout)


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
