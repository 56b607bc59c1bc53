"""What every source document was at every moment, read off the store by the oracle itself."""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any

from infra.local.firestore.messages import Document, Value
from tests.simulation.firestore import RecordingStore

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY = timedelta(days=1)


class Moment:
    """A document as one commit left it."""

    def __init__(self, path: str, at: datetime, body: bytes | None) -> None:
        self.path = path
        self.at = at
        self._body = body

    @property
    def deletes(self) -> bool:
        return self._body is None

    @cached_property
    def fields(self) -> Mapping[str, Any] | None:
        """What it held, read when first asked for; None: it was deleted."""
        if self._body is None:
            return None
        return {name: _plain(value) for name, value in Document.FromString(self._body).fields.items()}

    @property
    def collection(self) -> str:
        return self.path.partition("/")[0]

    @property
    def id(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def spoilt(self) -> bool:
        """Whether the contract wants it in quarantine."""
        fields = self.fields or {}
        return not self.ignored and any(isinstance(one, float) and math.isnan(one) for one in fields.values())

    @property
    def ignored(self) -> bool:
        """Whether it is no job's business as it stands."""
        fields = self.fields or {}
        match self.collection:
            case "live_positions":
                return fields.get("status") == "OPEN"
            case "live_signals":
                return fields.get("status") != "EXPIRED"
            case "job_metadata":
                return fields.get("status") == "RUNNING"
            case _:
                return False

    def due(self, now: datetime) -> bool:
        """Whether a valid document must be archived by now."""
        fields = self.fields or {}
        match self.collection:
            case "live_positions":
                return not self.ignored and _instant(fields["exit_time"]) <= now
            case "rejected_signals":
                return _instant(fields["created_at"]) + 7 * _DAY <= now
            case "live_signals":
                return not self.ignored and _instant(fields["valid_until"]) + _DAY <= now
            case _:
                return not self.ignored


class Versions:
    """The whole past, extended as it goes on."""

    def __init__(self, store: RecordingStore) -> None:
        self._store = store
        self._read = 0
        self.of: dict[str, list[Moment]] = {}
        """Path → its moments, oldest first."""

    def extend(self) -> list[Moment]:
        """Read what was committed since the last time."""
        fresh = [moment_of(*one) for one in self._store.history[self._read :]]
        self._read = len(self._store.history)
        for one in fresh:
            self.of.setdefault(one.path, []).append(one)
        return fresh

    def at(self, path: str, when: datetime) -> Moment | None:
        """The moment that a revision names."""
        return next((one for one in self.of.get(path, ()) if one.at == when), None)

    def now(self, collection: str) -> Iterator[Moment]:
        """The documents that a collection holds."""
        for moments in self.of.values():
            if moments[-1].collection == collection and not moments[-1].deletes:
                yield moments[-1]


def moment_of(name: str, micros: int, body: bytes | None) -> Moment:
    """Read one version of the store."""
    path = name.partition("/documents/")[2]
    return Moment(path, _EPOCH + timedelta(microseconds=micros), body)


def _plain(value: Value) -> Any:
    match value.WhichOneof("value_type"):
        case "timestamp_value":
            stamp = value.timestamp_value
            return _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
        case "null_value" | None:
            return None
        case "map_value":
            return {key: _plain(one) for key, one in value.map_value.fields.items()}
        case "array_value":
            return [_plain(one) for one in value.array_value.values]
        case kind:
            return getattr(value, kind)


def _instant(value: Any) -> datetime:
    return value if isinstance(value, datetime) else datetime.fromisoformat(value)
