"""Time in whole microseconds since the epoch, the resolution that Firestore stores."""

import time
from collections.abc import Callable

from infra.local.firestore.messages import Timestamp

_MICROS = 1_000_000


def wall_micros() -> int:
    """Now, by the machine's clock."""
    return time.time_ns() // 1_000


def to_timestamp(micros: int) -> Timestamp:
    """The protobuf form of an instant."""
    seconds, rest = divmod(micros, _MICROS)
    return Timestamp(seconds=seconds, nanos=rest * 1_000)


def to_micros(timestamp: Timestamp) -> int:
    """An instant from its protobuf form; digits below a microsecond are cut off."""
    return timestamp.seconds * _MICROS + timestamp.nanos // 1_000


class Clock:
    """Orders reads and commits: a commit is later than every read and every commit before it.

    `wall` may stand still or step back; what is handed out never does. Callers hold the store's lock, so that nobody is
    given an instant to read at while a commit before it is still being applied.
    """

    def __init__(self, wall: Callable[[], int] = wall_micros, last: int = 0) -> None:
        self._wall = wall
        self._last = last

    def read(self) -> int:
        """An instant at which everything committed so far is visible and nothing later ever will be."""
        self._last = max(self._last, self._wall())
        return self._last

    def commit(self) -> int:
        """A commit time, given to nobody else."""
        self._last = max(self._last + 1, self._wall())
        return self._last
