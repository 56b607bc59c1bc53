"""Heartbeats by virtual time: what a run starts as a thread beats between two of its calls, once its time has come.

`Heartbeats` stands in for the module `threading` where leases are kept. A real heartbeat waits for what its run does
under their common mutex; this one is not due meanwhile.
"""

from collections.abc import Callable
from typing import Any, Self

from tests.simulation.network import Network


class Mutex:
    """Held by a run, or by nobody: no two threads of one run go on at once here."""

    def __init__(self) -> None:
        self.held = False

    def __enter__(self) -> Self:
        assert not self.held
        self.held = True
        return self

    def __exit__(self, *_: object) -> None:
        self.held = False


class Stop:
    """Stands in for the event that ends a heartbeat; waiting for it asks when the next beat is due."""

    def __init__(self) -> None:
        self.interval = 0.0
        """Seconds between beats."""
        self.allowed = 0
        """Beats that may come before the loop has to leave."""
        self.asked = 0
        self.over = False

    def set(self) -> None:
        self.over = True

    def wait(self, seconds: float) -> bool:
        self.interval, self.asked = seconds, self.asked + 1
        self.allowed -= 1
        return self.over or self.allowed < 0


class Heart:
    """Stands in for a heartbeat's thread."""

    def __init__(self, network: Network, target: Callable[[Stop], None], stop: Stop) -> None:
        self._network = network
        self._target = target
        self._stop = stop
        self._mutex: Mutex = target.__self__._mutex  # type: ignore[attr-defined]  # noqa: SLF001 - a lease's own
        self._last = network.time.monotonic()
        self._beating = False

    def start(self) -> None:
        self._target(self._stop)
        self._network.listen_to(self)

    @property
    def due(self) -> bool:
        """Whether it could beat now."""
        waited = self._network.time.monotonic() - self._last >= self._stop.interval
        return waited and not (self._stop.over or self._mutex.held or self._beating)

    def beat(self) -> None:
        """Beat once."""
        self._beating, self._stop.allowed, self._stop.asked = True, 1, 0
        try:
            self._target(self._stop)
        finally:
            self._beating, self._last = False, self._network.time.monotonic()
        # Whoever does not ask for the next one has given up.
        self._stop.over |= self._stop.asked < 2


class Heartbeats:
    """As much of `threading` as a lease needs."""

    Lock = Mutex
    Event = Stop

    def __init__(self, network: Network) -> None:
        self._network = network

    def Thread(self, *, target: Callable[[Stop], None], args: tuple[Stop], **_: Any) -> Heart:  # noqa: N802 - threading's
        """Make a heart instead of a thread."""
        return Heart(self._network, target, *args)
