"""A digest of a set that does not depend on its order: equal numbers cannot hide that one thing took another's place.

The digest is the sum, modulo 2**128, of the first 16 bytes of SHA-256 over the JSON array of an entry's values, times
as RFC 3339. Sums, unlike exclusive-or, do not cancel what occurs twice; parts add up to the whole.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from shared.values import rfc3339

_MODULUS = 2**128


@dataclass(frozen=True)
class Digest:
    """The digest of some entries."""

    value: int = 0

    @classmethod
    def of(cls, entries: Iterable[tuple[Any, ...]]) -> "Digest":
        """Digest some entries."""
        return sum(map(_digest, entries), start=cls())

    def __add__(self, other: "Digest") -> "Digest":
        return Digest((self.value + other.value) % _MODULUS)

    def __str__(self) -> str:
        return f"{self.value:032x}"


def _digest(entry: tuple[Any, ...]) -> Digest:
    texts = [rfc3339(part) if isinstance(part, datetime) else str(part) for part in entry]
    return Digest(int.from_bytes(hashlib.sha256(orjson.dumps(texts)).digest()[:16], "big"))
