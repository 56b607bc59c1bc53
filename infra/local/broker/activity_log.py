"""Account activities in the order they were created."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from infra.local.broker.rows import instant_of
from infra.local.exact_json import JsonObject

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Activity(NamedTuple):
    """One row with what it is sorted by."""

    created: datetime
    id: str
    row: JsonObject

    @property
    def type(self) -> str:
        """The activity type, such as FILL or CFEE."""
        return str(self.row.get("activity_type", ""))


def by_creation(rows: Iterable[JsonObject]) -> tuple[Activity, ...]:
    """The rows, oldest first.

    A trade row has no `created_at` and counts as created when it was executed; a row with neither, at the start of
    its `date`.
    """
    return tuple(sorted(_activity(row) for row in rows))


def _activity(row: JsonObject) -> Activity:
    created = instant_of(row, "created_at", "transaction_time", "date")
    return Activity(created or _EPOCH, str(row["id"]), row)
