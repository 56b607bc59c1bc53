"""The hops of a check: how long each took, what came of it, and what to do about one that is broken."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import StrEnum


class State(StrEnum):
    """How a hop went."""

    GOOD = "good"
    SLOW = "slow"
    """As it should be, but over its target."""
    BROKEN = "broken"
    """It could not be passed: something refused, failed, or did not answer."""
    DIFFERS = "differs"
    """It was passed, and what arrived is not what was sent."""
    NOT_CHECKED = "not checked"
    """The settings leave it out."""
    NOT_REACHED = "not reached"
    """An earlier hop is broken."""


class HopError(Exception):
    """A hop did not do what it should; says what was expected, what was found, and what to do."""

    state = State.BROKEN

    def __init__(self, expected: str, found: str, advice: str = "") -> None:
        """Without advice, that of the hop stands."""
        super().__init__(f"expected {expected}; found {found}")
        self.expected = expected
        self.found = found
        self.advice = advice


class DiffersError(HopError):
    """What arrived is not what was sent."""

    state = State.DIFFERS


class NotCheckedError(Exception):
    """The settings leave this hop out; says why."""


@dataclass(frozen=True)
class Told:
    """What a hop says of itself."""

    detail: str
    seconds: float | None = None
    """What to hold against the target, where it is not the time that the whole hop took."""


@dataclass(frozen=True)
class Hop:
    """One hop that was taken, or not."""

    name: str
    state: State
    detail: str = ""
    seconds: float | None = None
    target_s: float | None = None
    expected: str = ""
    found: str = ""
    advice: str = ""


@dataclass
class Hops:
    """Takes hops, one after the other, and keeps what came of each."""

    stopwatch: Callable[[], float]
    """Seconds since some moment, never falling."""
    redacted: Callable[[str], str]
    """Takes secrets out of a text that came from elsewhere."""
    taken: list[Hop] = field(default_factory=list)

    def take(self, name: str, work: Callable[[], Told], advice: str, target_s: float | None = None) -> bool:
        """Take one hop; whether those behind it can be taken is the answer."""
        began = self.stopwatch()
        try:
            told = work()
        except NotCheckedError as why:
            return self._keep(Hop(name, State.NOT_CHECKED, str(why)))
        except HopError as error:
            took, found = self.stopwatch() - began, self.redacted(error.found)
            advice = error.advice or advice
            return self._keep(Hop(name, error.state, "", took, target_s, error.expected, found, advice))
        except Exception as error:  # noqa: BLE001 - whatever happened is a broken hop, and the exit code says so
            took, found = self.stopwatch() - began, self.redacted(f"{type(error).__name__}: {error}".splitlines()[0])
            return self._keep(Hop(name, State.BROKEN, "", took, target_s, "an answer", found, advice))
        took = self.stopwatch() - began if told.seconds is None else told.seconds
        slow = target_s is not None and took > target_s
        return self._keep(Hop(name, State.SLOW if slow else State.GOOD, told.detail, took, target_s))

    def pass_over(self, name: str, why: str) -> None:
        """Note a hop that cannot be taken because of an earlier one."""
        self._keep(Hop(name, State.NOT_REACHED, why))

    def leave_out(self, name: str, why: str) -> None:
        """Note a hop that the settings leave out."""
        self._keep(Hop(name, State.NOT_CHECKED, why))

    def _keep(self, hop: Hop) -> bool:
        self.taken.append(hop)
        return hop.state in {State.GOOD, State.SLOW}
