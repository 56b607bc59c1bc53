"""Firestore values in JSON: what JSON cannot say is written as an object with one `$` key.

`{"$timestamp": RFC 3339}`, `{"$bytes": base64}`, `{"$ref": path}`, `{"$geo": [latitude, longitude]}`,
`{"$double": "NaN" | "Infinity" | "-Infinity"}`, and `{"$map": {…}}` for a map that would read as one of these.
Everything else is plain: an integer is an integer, a number with a fraction or an exponent is a double, text stays
text.
"""

import base64
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from google.cloud.firestore import GeoPoint

from infra.local import rfc3339

_INTEGERS = range(-(2**63), 2**63)
_NOT_NUMBERS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


class FixtureError(ValueError):
    """A fixture directory says something that cannot be loaded; the message names the place."""


@dataclass(frozen=True, slots=True)
class Reference:
    """A Firestore reference, by path relative to the database; whoever seeds turns it into the client's own type."""

    path: str


def decode(value: Any, field: str) -> Any:
    """The Firestore value that parsed JSON stands for.

    Args:
        value: What `json.loads` made of it.
        field: Where it stands in the document, for the error.

    Raises:
        FixtureError: An unknown or malformed `$` object, or an integer that does not fit 64 bits.
    """
    match value:
        case {"$map": dict(fields)} if len(value) == 1:
            return {name: decode(item, f"{field}.{name}") for name, item in fields.items()}
        case dict() if (tag := _tag(value)) is not None:
            return _decode_tagged(tag, value[tag], field)
        case dict():
            return {name: decode(item, f"{field}.{name}") for name, item in value.items()}
        case list():
            return [decode(item, f"{field}[{index}]") for index, item in enumerate(value)]
        case int():
            return _fitting(value, field)
        case _:
            return value


def encode(value: Any, field: str) -> Any:
    """The inverse of `decode`: JSON-ready data for a Firestore value.

    Raises:
        FixtureError: The value is of a type that Firestore does not hold (a Decimal, a naive time).
    """
    match value:
        case None | bool() | str():
            return value
        case int():
            return _fitting(value, field)
        case float():
            return value if math.isfinite(value) else {"$double": _name_of(value)}
        case Mapping():
            return _encode_map(value, field)
        case list() | tuple():
            return [encode(item, f"{field}[{index}]") for index, item in enumerate(value)]
        case _:
            return _encode_tagged(value, field)


def _tag(value: Mapping[str, Any]) -> str | None:
    """The only key of the map, when it starts with `$`."""
    if len(value) != 1:
        return None
    (name,) = value
    return name if name.startswith("$") else None


def _decode_tagged(tag: str, content: Any, field: str) -> Any:
    decoder = _DECODERS.get(tag)
    if decoder is None:
        raise FixtureError(f"{field}: {tag} is not one of {', '.join(_DECODERS)}")
    try:
        return decoder(content)
    except (KeyError, TypeError, ValueError) as error:
        raise FixtureError(f"{field}: {tag} cannot be {content!r} ({error})") from error


def _encode_map(value: Mapping[str, Any], field: str) -> dict[str, Any]:
    encoded = {name: encode(item, f"{field}.{name}") for name, item in value.items()}
    return encoded if _tag(encoded) is None else {"$map": encoded}


def _encode_tagged(value: Any, field: str) -> dict[str, Any]:
    match value:
        case datetime() if value.tzinfo is not None:
            return {"$timestamp": rfc3339.render(value)}
        case bytes():
            return {"$bytes": base64.b64encode(value).decode()}
        case Reference():
            return {"$ref": value.path}
        case GeoPoint():
            return {"$geo": [value.latitude, value.longitude]}
        case _:
            raise FixtureError(f"{field}: {value!r} is not a Firestore value")


def _fitting(value: int, field: str) -> int:
    if value not in _INTEGERS:
        raise FixtureError(f"{field}: {value} does not fit Firestore's 64-bit integer")
    return value


def _name_of(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _reference(content: Any) -> Reference:
    if not isinstance(content, str) or not content:
        raise TypeError("expected a document path")
    return Reference(content)


def _geo_point(content: Any) -> GeoPoint:
    latitude, longitude = content
    return GeoPoint(float(latitude), float(longitude))


_DECODERS: Mapping[str, Callable[[Any], Any]] = {
    "$timestamp": rfc3339.parse,
    "$bytes": lambda content: base64.b64decode(content, validate=True),
    "$ref": _reference,
    "$geo": _geo_point,
    "$double": _NOT_NUMBERS.__getitem__,
}
