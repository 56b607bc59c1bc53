"""Requests a minute, counted for each key and host as the venue does."""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

WINDOW_S = 60
USUAL_LIMIT = 200


@dataclass(frozen=True)
class Allowance:
    """Where a key stands in its minute."""

    limit: int
    remaining: int
    reset: int
    exceeded: bool

    def headers(self) -> dict[str, str]:
        """The venue's headers; the reset is in seconds since 1970."""
        return {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(self.remaining),
            "X-RateLimit-Reset": str(self.reset),
        }


class RateLimit:
    """A fixed window of a minute that begins with a key's first request."""

    def __init__(self, per_minute: int | None, clock: Callable[[], float]) -> None:
        """Take the limit, or None for a venue that never refuses and always says there is room left."""
        self._per_minute = per_minute
        self._clock = clock
        self._windows: dict[tuple[str, str], tuple[float, int]] = {}
        self._lock = Lock()

    def take(self, host: str, key: str) -> Allowance:
        """Count one request of the key at the host."""
        now = self._clock()
        if self._per_minute is None:
            return Allowance(USUAL_LIMIT, USUAL_LIMIT - 1, int(now) + WINDOW_S, exceeded=False)
        with self._lock:
            began, used = self._windows.get((host, key), (now, 0))
            if now - began >= WINDOW_S:
                began, used = now, 0
            self._windows[host, key] = began, used + 1
        remaining = self._per_minute - used - 1
        return Allowance(self._per_minute, max(0, remaining), int(began) + WINDOW_S, exceeded=remaining < 0)
