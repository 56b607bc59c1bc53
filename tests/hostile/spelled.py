"""Raw values as the JSON that rows and quarantine keep of them, written a second time and apart from the product."""

import base64
import json
import math
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.hostile.values import Message

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def canonical(value: Any) -> str:
    """JSON in which 1 and 1.0, 0.0 and -0.0, and all names and texts differ."""
    return json.dumps(value, sort_keys=True)


def parsed(text: str) -> Any:
    """JSON as strict readers take it: NaN and Infinity are none."""
    return json.loads(text, parse_constant=_refuse)


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")


def spelled(value: Message) -> Any:
    """A raw value, ready for JSON."""
    kind = value.WhichOneof("value_type")
    if kind in {"null_value", None}:
        return None
    content = getattr(value, kind)
    return _SPELLINGS[kind](content) if kind in _SPELLINGS else content


def _map(fields: dict[str, Any]) -> dict[str, Any]:
    """A map that looks like one of the tags is wrapped in one."""
    return {"$map": fields} if len(fields) == 1 and next(iter(fields)).startswith("$") else fields


def _moment(stamp: Any) -> dict[str, str]:
    moment = _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    return {"$timestamp": moment.isoformat().replace("+00:00", "Z")}


def _double(number: float) -> Any:
    if math.isfinite(number):
        return number
    return {"$double": {math.inf: "Infinity", -math.inf: "-Infinity"}.get(number, "NaN")}


_SPELLINGS: Mapping[str, Callable[[Any], Any]] = {
    "map_value": lambda content: _map({name: spelled(item) for name, item in content.fields.items()}),
    "array_value": lambda content: [spelled(item) for item in content.values],
    "timestamp_value": _moment,
    "bytes_value": lambda content: {"$bytes": base64.b64encode(content).decode()},
    "reference_value": lambda content: {"$ref": content},
    "geo_point_value": lambda content: {"$geo": [content.latitude, content.longitude]},
    "double_value": _double,
}
"""Kind of value → how it is written; the others are plain."""
