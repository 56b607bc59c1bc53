"""Shards: the parts of a table that several runs fill at once, each under a lease and with a stream of its own.

Which shard a record belongs to is a hash of its key's first column, the id of its document, so no two runs ever insert
the same key. How many shards a table has is written into its lease document (`shared.lease`), for all runs must agree.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass

MOST = 100
"""Shards of a table: each run reads all names of the collection, so more of them cost more than they bring."""


@dataclass(frozen=True)
class Shard:
    """One of `count` parts; by default the whole."""

    index: int = 0
    count: int = 1

    def holds(self, identity: str) -> bool:
        """Whether the document with this id is in it."""
        if self.count == 1:
            return True
        digest = hashlib.sha256(identity.encode(errors="surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.count == self.index

    def of(self, lease: str) -> str:
        """Name the lease of this part of what `lease` guards."""
        return lease if self.count == 1 else f"{lease}-{self.index}"


WHOLE = Shard()


def is_of(lease: str, name: str) -> bool:
    """Whether a lease's name is that of what `lease` guards, or of a part of it in whatever division."""
    whole, _, number = name.rpartition("-")
    return name == lease or (whole == lease and number.isdecimal())


def shards(count: int) -> list[Shard]:
    """List all parts."""
    return [Shard(index, count) for index in range(count)]


def of_task(parts: Iterable[Shard], task: int, tasks: int) -> list[Shard]:
    """List what falls to one of several tasks: shards i, i + n, i + 2n and so on."""
    return [one for one in parts if one.index % tasks == task]
