"""A fingerprint of rows: how many, and a digest of which documents at which revisions, whatever their order.

What was streamed and what the table holds are compared by it, so nobody has to remember a million keys. The table
computes the same in SQL (`shared.sql.fingerprint`).
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import xor

from schemas.table import ArchivedRow
from shared.values import EPOCH

DIGITS = 15
"""Hexadecimal digits of a hash that count: as many as a signed 64-bit integer holds."""
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True)
class Fingerprint:
    """Of rows whose first key columns all differ: equal ones have cancelled each other out."""

    rows: int = 0
    digest: int = 0

    def including(self, rows: Iterable[ArchivedRow]) -> "Fingerprint":
        """Add rows."""
        hashes = [_hash(getattr(row, row.TABLE.key[0]), row.source_rev) for row in rows]
        return Fingerprint(self.rows + len(hashes), reduce(xor, hashes, self.digest))


def _hash(identity: str, revision: datetime) -> int:
    """Hash one row: SHA-256 of `identity/microseconds since 1970`, cut to DIGITS."""
    text = f"{identity}/{(revision - EPOCH) // _MICROSECOND}"
    return int(hashlib.sha256(text.encode()).hexdigest()[:DIGITS], 16)
