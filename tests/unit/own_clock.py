"""A clock of the test's own: time passes when somebody sleeps, and when the test says so."""

from collections.abc import Callable
from dataclasses import dataclass, field

from shared.pacing import Clock


@dataclass
class OwnClock:
    """Seconds, on both the steady clock and the calendar's."""

    now: float = 1_000.0
    epoch_ahead: float = 1_790_000_000.0
    slept: list[float] = field(default_factory=list)

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds

    @property
    def clock(self) -> Clock:
        return Clock(monotonic=lambda: self.now, epoch=lambda: self.now + self.epoch_ahead, sleep=self.sleep)


def always(draw: float) -> Callable[[], float]:
    """A source of chance that is none."""
    return lambda: draw
