"""What lies between a run and its servers: every call passes here, and here it may meet with a fault."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from enum import Enum, auto
from random import Random
from typing import Protocol, TypeVar

import grpc
from google.api_core.exceptions import GoogleAPIError

from tests.simulation.turns import Turns
from tests.simulation.virtual_time import VirtualTime

T = TypeVar("T")

_PAUSE_S = 150.0
"""Longer than a lease lives."""
_LONG_SLEEP = 60
"""Calls of others; a run and a half."""
_LIVELINESS = 0.5
"""How likely a beat that is due comes before the next call rather than later."""


class Fault(Enum):
    """What may happen to one call."""

    KILLED_BEFORE = auto()
    KILLED_AFTER = auto()
    """The server did what it was asked for; the process died before it heard so."""
    REFUSED = auto()
    LOST = auto()
    """The server did what it was asked for; the answer was lost."""
    LATE = auto()
    """No answer came; the server does it some time later."""
    TORN = auto()
    """Half of the answer came."""
    DENIED = auto()
    """Refused for good."""
    PAUSED = auto()
    """The process stood still before the call for longer than its lease lives."""


class Trouble(Enum):
    """What a client is told."""

    UNAVAILABLE = auto()
    DENIED = auto()


class DiedError(BaseException):
    """The process was killed: nothing of it goes on, so nothing may catch this."""


class Pulse(Protocol):
    """What a process does beside its work, now and then."""

    @property
    def due(self) -> bool:
        """Whether its time has come."""

    def beat(self) -> None:
        """Do it once."""


@dataclass
class Process:
    """A run as the network sees it."""

    faults: Mapping[int, Fault]
    """By the number of the call, from 0."""
    calls: int = 0
    dead: bool = False
    met: int = 0
    """Faults met so far."""
    pulse: Pulse | None = None

    def next_fault(self) -> Fault | None:
        found = self.faults.get(self.calls)
        self.calls += 1
        self.met += found is not None
        return found


class Network:
    """Passes calls on."""

    def __init__(self, time: VirtualTime, chance: Random) -> None:
        self.time = time
        self.turns = Turns(chance)
        self.late: list[Callable[[], object]] = []
        """Calls that nobody waits for any more and that the servers still will do."""
        self.interludes: list[Callable[[], object]] = []
        """What shall happen to the sources while a run is under way."""
        self._chance = chance
        self._local = threading.local()

    @property
    def _process(self) -> Process | None:
        return getattr(self._local, "process", None)

    @contextmanager
    def of(self, process: Process | None) -> Iterator[None]:
        """Take the calls of this thread for those of a process; those of none pass untouched."""
        before, self._local.process = self._process, process
        try:
            yield
        finally:
            self._local.process = before

    def call(self, effect: Callable[[], T], fail: Callable[[Trouble], T], tear: Callable[[T], T] | None = None) -> T:
        """Pass one call on: `effect` is what the server does, `fail` what the client gets instead of its answer."""
        process = self._process
        if process is None:
            return effect()
        self._let_others_go_on(process)
        if process.pulse and process.pulse.due and self._chance.random() < _LIVELINESS:
            process.pulse.beat()
        match fault := process.next_fault():
            case None:
                return effect()
            case Fault.KILLED_BEFORE | Fault.KILLED_AFTER:
                return self._kill(process, effect if fault is Fault.KILLED_AFTER else None)
            case Fault.PAUSED:
                self.time.sleep(_PAUSE_S)
                self.turns.sleep(self._chance.randint(1, _LONG_SLEEP))
                return effect()
            case Fault.TORN if tear:
                return tear(effect())
            case Fault.LOST | Fault.TORN:
                self._unheard(effect)
            case Fault.LATE:
                self.late.append(effect)
            case Fault.DENIED:
                return fail(Trouble.DENIED)
        return fail(Trouble.UNAVAILABLE)

    def listen_to(self, pulse: Pulse) -> None:
        """Let this thread's process have a pulse from now on."""
        if self._process:
            self._process.pulse = pulse

    def wait(self, seconds: float) -> None:
        """Wait for another process; alone, until time has passed."""
        self.time.sleep(seconds / 4 if self.turns.yield_to_another() else seconds)

    def deliver_late(self) -> None:
        """Let the servers do one of the calls that nobody waits for."""
        self._unheard(self.late.pop(self._chance.randrange(len(self.late))))

    def _unheard(self, effect: Callable[[], object]) -> None:
        """Let the server do this or refuse it; nobody hears of either."""
        with self.of(None), suppress(grpc.RpcError, GoogleAPIError):
            effect()

    def _kill(self, process: Process, effect: Callable[[], object] | None) -> T:  # type: ignore[type-var]  # returns nothing, ever
        if effect:
            self._unheard(effect)
        process.dead = True
        raise DiedError

    def _let_others_go_on(self, process: Process) -> None:
        self.turns.step()
        if process.dead:
            raise DiedError
        self.time.sleep(self._chance.uniform(0.001, 0.02))
        if self.late and self._chance.random() < 0.1:
            self.deliver_late()
        if self.interludes and self._chance.random() < 0.1:
            with self.of(None):
                self.interludes.pop()()
