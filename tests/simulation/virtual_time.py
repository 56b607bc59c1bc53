"""Time that passes only when somebody lets it."""

import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from random import Random

from google.api_core.retry import retry_base, retry_unary

from infra.local.firestore import locks
from shared import documents
from shared.pacing import Clock
from tests.simulation.substitution import substituted

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_KEEPERS = (retry_base, retry_unary, documents, locks)
"""Modules that look at the machine's clock by themselves."""


class VirtualTime:
    """One clock for everybody; it also stands in for the module `time`."""

    def __init__(self, start: datetime) -> None:
        self._micros = (start - _EPOCH) // timedelta(microseconds=1)

    def now(self) -> datetime:
        return _EPOCH + timedelta(microseconds=self._micros)

    def micros(self) -> int:
        return self._micros

    def monotonic(self) -> float:
        return self._micros / 1e6

    def sleep(self, seconds: float) -> None:
        self._micros += max(round(seconds * 1e6), 1)

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=self.monotonic, epoch=self.monotonic, sleep=self.sleep)

    @contextlib.contextmanager
    def governing(self, chance: Random) -> Iterator[None]:
        """Let libraries wait by this clock, retries and patience with a lock alike, and draw from this chance."""
        clocks = [(module, "time", self) for module in _KEEPERS]
        with substituted([(retry_base, "random", chance), *clocks]):
            yield
