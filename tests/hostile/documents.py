"""Hostile documents: good ones of each collection, with anything at all done to their fields, from a seed."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

from google.cloud.firestore_v1 import _helpers
from google.cloud.firestore_v1.types import document as messages
from google.protobuf.timestamp_pb2 import Timestamp

from jobs.registry import loops
from tests.emulator.builders import DOCUMENTS, KEYS
from tests.hostile import values
from tests.hostile.corpus import NUMBERS, TIMES, WORDS
from tests.hostile.values import Message, Value
from tests.unit.fields import FIELDS

Fields = dict[str, Message]
"""Field name → raw value."""

POSITIONS = 200
"""How many numbers of positions the broker knows."""
_REVISED = datetime(2021, 12, 1, tzinfo=UTC)
_LONGEST_ID = 1500
_Document = messages.Document.pb()
_ROOT = "projects/p/databases/(default)/documents"


def page(job: str, seed: int, size: int) -> dict[str, Fields]:
    """Hostile documents of a job's collection: id → fields, every second one with an id of its own making."""
    random = Random(f"{job} {seed}")  # noqa: S311 - repeatable, not secret
    found: dict[str, Fields] = {}
    for _ in range(size):
        document_id, fields = _document(job, random)
        found[document_id] = fields
    return found


def message(job: str, document_id: str, fields: Fields, revision: int = 0) -> Any:
    """A document as the service sends it."""
    stamp = Timestamp()
    stamp.FromDatetime(_REVISED + timedelta(microseconds=revision))
    return _Document(name=f"{_ROOT}/{loops()[job].source}/{document_id}", fields=fields, update_time=stamp)


def raw(fields: Mapping[str, Any]) -> Fields:
    """Fields as raw values."""
    encoded = _helpers.encode_dict(fields)
    return {name: messages.Value.pb(value) for name, value in encoded.items()}


def _document(job: str, random: Random) -> tuple[str, Fields]:
    key = KEYS[loops()[job].source]
    good = DOCUMENTS[job](random.randrange(1, POSITIONS))
    fields = raw(good)
    document_id = _own_id(random) if random.random() < 0.5 else str(good[key])
    fields[key] = Value(string_value=document_id)
    kinds = FIELDS[loops()[job].document]
    for _ in range(random.choice((0, 1, 1, 1, 1, 2, 2, 3))):
        _spoil(fields, kinds, random)
    if random.random() < 1 / 300:
        fields[random.choice([*kinds, "chart"])] = values.huge(random)
    return document_id, fields


def _own_id(random: Random) -> str:
    """An id that Firestore takes."""
    text = values.text(random) if random.random() < 0.95 else random.choice("x'é日😀") * _LONGEST_ID
    text = text.replace("/", "_").encode()[:_LONGEST_ID].decode(errors="ignore")
    return text if text.strip(".") and not (text.startswith("__") and text.endswith("__")) else "an id"


def _spoil(fields: Fields, kinds: Mapping[str, str], random: Random) -> None:
    """Do one thing to a document."""
    match random.randrange(10):
        case 0:
            fields.pop(random.choice(list(fields or ["nothing"])), None)
        case 1 | 2 | 3:
            fields[values.name(random)] = values.value(random)
        case 4 | 5:
            fields[random.choice(list(kinds))] = values.value(random)
        case 6:
            fields[f"{random.choice(list(kinds))}".swapcase()] = values.value(random)
        case _:
            name = random.choice(list(kinds))
            fields[name] = _LIKELY.get(kinds[name], values.value)(random)


def _part(random: Random) -> Message:
    """A partial exit, one of whose fields is anything."""
    part = raw({"qty": "0.5", "price": 101, "timestamp": "2021-09-01T05:00:00Z"})
    part[random.choice([*part, values.name(random)])] = values.value(random, 2)
    return Value(map_value={"fields": part})


def _stated(random: Random) -> Message:
    return Value(string_value=random.choice(NUMBERS))


def _text(random: Random) -> Message:
    return Value(string_value=values.text(random))


_LIKELY: Mapping[str, Callable[[Random], Message]] = {
    "text": _text,
    "optional text": _text,
    "enum": lambda random: Value(string_value=random.choice(WORDS)),
    **dict.fromkeys(("number", "positive", "fill", "whole"), _stated),
    **dict.fromkeys(("time", "day"), lambda random: Value(string_value=random.choice(TIMES))),
    "map": lambda random: Value(map_value={"fields": {values.name(random): values.value(random, 1)}}),
    "texts": lambda random: Value(array_value={"values": [_text(random) for _ in range(random.randrange(3))]}),
    "parts": lambda random: Value(array_value={"values": [_part(random) for _ in range(random.randrange(3))]}),
}
"""Kind of field → something that looks like its kind, and may even pass."""
