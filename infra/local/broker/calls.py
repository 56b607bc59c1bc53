"""What was asked of the venue since it was last reset."""

from collections.abc import Mapping
from threading import Lock

from infra.local.exact_json import JsonObject


class CallLog:
    """Requests in the order they arrived: path, query and status, never headers or keys. Safe for several threads."""

    def __init__(self) -> None:
        self._calls: list[JsonObject] = []
        self._lock = Lock()

    def arrived(self, path: str, query: Mapping[str, str]) -> JsonObject:
        """Note a request; its status is null until it is answered, and stays so when it never is."""
        call: JsonObject = {"path": path, "query": dict(query), "status": None}
        with self._lock:
            self._calls.append(call)
        return call

    def answered(self, call: JsonObject, status: int) -> None:
        """Note the answer to a request that arrived."""
        with self._lock:
            call["status"] = status

    def all(self) -> list[JsonObject]:
        """Every request so far."""
        with self._lock:
            return [dict(call) for call in self._calls]

    def clear(self) -> None:
        """Forget them."""
        with self._lock:
            self._calls = []
