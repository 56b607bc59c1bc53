"""Hostile Firestore values, drawn from a seeded generator, as the raw messages that the service sends."""

import math
from collections.abc import Callable
from random import Random
from typing import Any

from google.cloud.firestore_v1.types import document as messages
from google.protobuf.struct_pb2 import NullValue
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.latlng_pb2 import LatLng

from tests.hostile.corpus import INJECTIONS, NAMES, NUMBERS, TIMES, UNICODE, WORDS

Value = messages.Value.pb()
Message = Any
"""A raw `Value`."""

_DOUBLES = (math.nan, math.inf, -math.inf, 0.0, -0.0, 5e-324, 1e308, -1e308, 1e-9, 4e-10, 0.1, 1e28, 1e29, 1.5, -1.0)
_INTEGERS = (0, 1, -1, 2, 2**31, 2**53 + 1, 2**63 - 1, -(2**63), 1630454400, 1630454400000)
_FIRST, _LAST = -62_135_596_800, 253_402_300_799
"""Seconds since 1970 of the first and the last moment that Firestore holds."""
_SECONDS = (_FIRST, _LAST, 0, -1, 946_684_799, 946_684_800, 1_630_454_400, 4_102_444_799, 4_102_444_800, 1_636_264_800)
_NANOS = (0, 1, 999, 1000, 500_000_000, 999_999_000, 999_999_999)
_MIB = 2**20
_DEEPEST = 20
"""Levels of maps and arrays that Firestore takes; the parser of messages stops before 50."""


def text(random: Random) -> str:
    """A text that is a trap, or trash."""
    corpus = random.choice((NUMBERS, TIMES, UNICODE, INJECTIONS, WORDS))
    match random.randrange(8):
        case 0:
            return random.choice(corpus) + random.choice(UNICODE)
        case 1:
            return random.choice(UNICODE).join(random.choice(corpus) for _ in range(2))
        case 2:
            return "".join(map(chr, _code_points(random)))
        case _:
            return random.choice(corpus)


def _code_points(random: Random) -> list[int]:
    """Anything but surrogates, which no message can hold."""
    drawn = (random.randrange(random.choice((0x80, 0x800, 0x10000, 0x110000))) for _ in range(random.randrange(12)))
    return [point for point in drawn if not 0xD800 <= point <= 0xDFFF]


def name(random: Random) -> str:
    """A field name that Firestore takes."""
    drawn = random.choice(NAMES) if random.random() < 0.8 else text(random)[:200]
    return drawn if drawn and not (drawn.startswith("__") and drawn.endswith("__")) else "note"


def huge(random: Random, largest: int = _MIB) -> Message:
    """A text of up to `largest` bytes."""
    unit = random.choice(("#", "\x00", "é", "😀", "'", "\\"))
    return Value(string_value=unit * (random.randrange(1, largest) // len(unit.encode())))


def value(random: Random, depth: int = 0) -> Message:
    """Any value of any kind."""
    return random.choice(_KINDS)(random, depth)


def _time(random: Random, _depth: int) -> Message:
    return Value(timestamp_value=Timestamp(seconds=random.choice(_SECONDS), nanos=random.choice(_NANOS)))


def _array(random: Random, depth: int) -> Message:
    length = random.randrange(4) if depth < _DEEPEST else 0
    # An array holds no array in Firestore.
    return Value(array_value={"values": [value(random, depth + 1) for _ in range(length)]})


def _map(random: Random, depth: int) -> Message:
    length = random.randrange(4) if depth < _DEEPEST else 0
    return Value(map_value={"fields": {name(random): value(random, depth + 1) for _ in range(length)}})


def _deep(random: Random, depth: int) -> Message:
    """As deep as Firestore takes, maps and arrays in turn."""
    found = Value(string_value="bottom")
    for level in range(_DEEPEST - depth - 1):
        inner = {"values": [found]} if level % 2 else None
        found = Value(array_value=inner) if inner else Value(map_value={"fields": {name(random): found}})
    return found


def _vector(random: Random, _depth: int) -> Message:
    numbers = [Value(double_value=random.choice(_DOUBLES)) for _ in range(3)]
    kind = Value(string_value="__vector__")
    return Value(map_value={"fields": {"__type__": kind, "value": Value(array_value={"values": numbers})}})


def _point(random: Random, _depth: int) -> Message:
    return Value(geo_point_value=LatLng(latitude=random.uniform(-90, 90), longitude=random.choice((-180, 0, 180))))


def _reference(random: Random, _depth: int) -> Message:
    found = random.choice(("live_positions/other", "a/b/c/d", "a/'; --", "a/日本"))
    return Value(reference_value=f"projects/p/databases/(default)/documents/{found}")


_KINDS: tuple[Callable[[Random, int], Message], ...] = (
    lambda _random, _depth: Value(null_value=NullValue.NULL_VALUE),
    lambda random, _depth: Value(boolean_value=random.random() < 0.5),
    lambda random, _depth: Value(integer_value=random.choice(_INTEGERS)),
    lambda random, _depth: Value(double_value=random.choice(_DOUBLES)),
    lambda random, _depth: Value(bytes_value=random.randbytes(random.randrange(6))),
    *(lambda random, _depth: Value(string_value=text(random)),) * 8,
    *(_time,) * 2,
    *(_array, _map, _deep, _vector, _point, _reference),
)
