"""Firestore values as Python values, and as JSON that loses nothing."""

import base64
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_AS_IT_IS = frozenset({"string_value", "double_value", "integer_value", "boolean_value", "bytes_value"})
_STRICTLY = (
    orjson.OPT_SORT_KEYS
    | orjson.OPT_PASSTHROUGH_DATETIME
    | orjson.OPT_PASSTHROUGH_DATACLASS
    | orjson.OPT_PASSTHROUGH_SUBCLASS
)
NEW_YORK = ZoneInfo("America/New_York")
"""The broker's clock."""


class NoRevisionError(Exception):
    """The service told no update time of a document, so nothing can tell which revision of it this is."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A reference to another document, by its full name."""

    path: str


@dataclass(frozen=True, slots=True)
class GeoPoint:
    """A point on earth, degrees."""

    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class RawDocument:
    """One document as it was read."""

    path: str
    """Path below the database: collection/id."""
    id: str
    update_time: datetime
    """Server-assigned revision, UTC."""
    fields: dict[str, Any]
    size: int
    """Serialized size, bytes."""


def moment(stamp: Any) -> datetime:
    """Turn a protobuf timestamp into UTC; digits below the microsecond are dropped, as Firestore itself does."""
    return EPOCH + timedelta(0, stamp.seconds, stamp.nanos // 1000)


def decode(value: Any) -> Any:
    """Turn one raw `Value` message into Python."""
    kind = value.WhichOneof("value_type")
    if kind in _AS_IT_IS:
        return getattr(value, kind)
    if kind == "timestamp_value":
        return moment(value.timestamp_value)
    if kind == "map_value":
        return decode_fields(value.map_value.fields)
    if kind == "array_value":
        return [decode(item) for item in value.array_value.values]
    if kind == "reference_value":
        return Reference(value.reference_value)
    if kind == "geo_point_value":
        return GeoPoint(value.geo_point_value.latitude, value.geo_point_value.longitude)
    if kind in {"null_value", None}:
        return None
    return getattr(value, kind)


def decode_fields(fields: Any) -> dict[str, Any]:
    """Turn a raw field map into a dict."""
    # By name: items() is a generator in Python, which costs a third of all decoding.
    return {name: decode(fields[name]) for name in fields}


def decode_document(document: Any) -> RawDocument:
    """Turn a raw `Document` message into a `RawDocument`.

    Raises:
        NoRevisionError: It has no update time.
    """
    # Below projects/P/databases/D/documents; a database may be called documents, too.
    path = document.name.split("/", 5)[5]
    revision = moment(document.update_time)
    # Asking the message whether it has one costs far more than this.
    if revision == EPOCH:
        raise NoRevisionError(f"{path} was answered without its update time")
    return RawDocument(
        path=path,
        id=path.rsplit("/", 1)[1],
        update_time=revision,
        fields=decode_fields(document.fields),
        size=document.ByteSize(),
    )


def rfc3339(instant: datetime) -> str:
    """Write a UTC time as RFC 3339 with Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def to_json(value: Any) -> str:
    """Write a value as canonical JSON (sorted keys). Types JSON lacks are tagged, for instance {"$timestamp": …}."""
    text = _json_as_it_stands(value)
    return orjson.dumps(tagged(value), option=orjson.OPT_SORT_KEYS).decode() if text is None else text


def _json_as_it_stands(value: Any) -> str | None:
    """Write a value in which nothing is to be tagged, as most are; None where the careful way must look at it.

    What JSON lacks is refused here, but for NaN and infinities, which become null, and maps that look tagged: where
    either may be, the text shows it.
    """
    try:
        text = orjson.dumps(value, option=_STRICTLY)
    except orjson.JSONEncodeError:
        return None
    return None if b"null" in text or b'{"$' in text else text.decode()


def _looks_tagged(fields: Mapping[Any, Any]) -> bool:
    return len(fields) == 1 and str(next(iter(fields))).startswith("$")


def to_json_for_hash(value: Any) -> str:
    """Write a value as `to_json` does, except that a map {"$ref": …} stays one: hashes on record were made of this."""
    return orjson.dumps(tagged(value, lookalikes=False), option=orjson.OPT_SORT_KEYS).decode()


def to_json_anyway(value: Any) -> str:
    """Write a value as `to_json` does, and what that refuses too: half characters and integers of any size.

    Raises:
        RecursionError: It is nested hundreds of levels deep, as no document of Firestore's can be.
    """
    try:
        return to_json(value)
    except orjson.JSONEncodeError:
        return json.dumps(tagged(value), sort_keys=True, separators=(",", ":"))


def tagged(value: Any, *, lookalikes: bool = True) -> Any:
    """Replace every value that JSON cannot hold by a tagged object; the tags are those of fixture directories.

    Maps that look like a tagged object are tagged too, unless `lookalikes` says otherwise.
    """
    if isinstance(value, dict):
        fields = {str(key): tagged(item, lookalikes=lookalikes) for key, item in value.items()}
        return _untagged(fields) if lookalikes else fields
    if isinstance(value, list | tuple):
        return [tagged(item, lookalikes=lookalikes) for item in value]
    return _tagged_scalar(value)


def _untagged(fields: dict[str, Any]) -> dict[str, Any]:
    """Put a map that would read back as a tagged object into one of its own: {"$map": {"$ref": …}}."""
    return {"$map": fields} if _looks_tagged(fields) else fields


def _tagged_scalar(value: Any) -> Any:
    match value:
        case datetime():
            return {"$timestamp": rfc3339(value)}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case Reference():
            return {"$ref": value.path}
        case GeoPoint():
            return {"$geo": [value.latitude, value.longitude]}
        case float() if not math.isfinite(value):
            return {"$double": "NaN" if math.isnan(value) else f"{'-' if value < 0 else ''}Infinity"}
        case Decimal():
            return str(value)
        case _:
            return value
