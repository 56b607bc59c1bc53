"""Raw values as the JSON that rows and quarantine keep of them, written a second time and apart from the product."""

import base64
import json
import math
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
    match kind:
        case "map_value":
            return _map({name: spelled(item) for name, item in value.map_value.fields.items()})
        case "array_value":
            return [spelled(item) for item in value.array_value.values]
        case "timestamp_value":
            return {"$timestamp": _moment(value.timestamp_value)}
        case "bytes_value":
            return {"$bytes": base64.b64encode(value.bytes_value).decode()}
        case "reference_value":
            return {"$ref": value.reference_value}
        case "geo_point_value":
            return {"$geo": [value.geo_point_value.latitude, value.geo_point_value.longitude]}
        case "double_value" if not math.isfinite(value.double_value):
            return {"$double": {math.inf: "Infinity", -math.inf: "-Infinity"}.get(value.double_value, "NaN")}
        case "null_value" | None:
            return None
        case _:
            return getattr(value, kind)


def _map(fields: dict[str, Any]) -> dict[str, Any]:
    """A map that looks like one of the tags is wrapped in one."""
    return {"$map": fields} if len(fields) == 1 and next(iter(fields)).startswith("$") else fields


def _moment(stamp: Any) -> str:
    moment = _EPOCH + timedelta(seconds=stamp.seconds, microseconds=stamp.nanos // 1000)
    return moment.isoformat().replace("+00:00", "Z")
