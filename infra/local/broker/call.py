"""What a handler is given, and what guards it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from werkzeug.wrappers import Request

from infra.local.broker.conduct import Conduct
from infra.local.broker.errors import ApiError, bad_request, forbidden, unauthorized, unprocessable
from infra.local.broker.ledger import Ledger
from infra.local.broker.query import Query
from infra.local.broker.store import Store

_KEY_HEADERS = ("APCA-API-KEY-ID", "APCA-API-SECRET-KEY")
_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True)
class Call:
    """One request that was let in.

    Attributes:
        store: For the administration; everybody else reads `ledger`.
        conduct: For the administration.
        ledger: The state when the request arrived.
        query: Its parameters.
        name: The variable part of the path, empty where there is none.
        body: Its body, unread.
        now: The venue's clock, aware UTC.
    """

    store: Store
    conduct: Conduct
    ledger: Ledger
    query: Query
    name: str
    body: bytes
    now: datetime


Handler = Callable[[Call], Any]


@dataclass(frozen=True)
class Door:
    """How one of the venue's hosts lets requests in and refuses them.

    Attributes:
        host: Whose rate limit counts; None for none.
        refusal: The answer to a request without keys; None where none are needed.
        complaint: The answer to a parameter that cannot be understood.
    """

    host: str | None
    refusal: Callable[[], ApiError] | None
    complaint: Callable[[str], ApiError]

    def admit(self, request: Request) -> str:
        """The key of whoever asks, empty if none was needed; any pair of keys will do.

        Raises:
            ApiError: A key is missing, or the administration was called from another machine.
        """
        if self is ADMIN and request.remote_addr not in _LOOPBACK:
            raise forbidden()
        keys = [request.headers.get(name, "").strip() for name in _KEY_HEADERS]
        if self.refusal is not None and not all(keys):
            raise self.refusal()
        return keys[0]


TRADING = Door("trading", unauthorized, unprocessable)
DATA = Door("data", forbidden, bad_request)
OPEN_DATA = Door("data", None, bad_request)
ADMIN = Door(None, None, bad_request)
