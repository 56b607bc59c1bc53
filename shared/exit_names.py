"""How the trading engine names the orders that close a position: the position's id and a suffix. Pure."""

import re
from collections.abc import Iterator

_SUFFIX = re.compile(r"[-_](?:x|exit|tp|sl|scale)[0-9_\-]*[A-Za-z]?", re.ASCII | re.IGNORECASE)


def named_after(client_order_id: str) -> Iterator[str]:
    """Yield the ids of the positions after which an order may be named, the longest first.

    `A-x1-x` is an exit of a position `A-x1` or of a position `A`: the name alone does not tell.
    """
    for end in range(len(client_order_id) - 1, 0, -1):
        if _SUFFIX.fullmatch(client_order_id, end):
            yield client_order_id[:end]
