"""How fast a run may call the broker: so many calls a minute, over all hosts and accounts together."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

WINDOW_S = 60.001
"""A minute, and a millisecond for clocks that round."""


@dataclass(frozen=True)
class Clock:
    """Time as the machine tells it; every reading is in seconds."""

    monotonic: Callable[[], float] = time.monotonic
    epoch: Callable[[], float] = time.time
    """Since 1970, UTC; may jump."""
    sleep: Callable[[float], None] = time.sleep
    """Ends early only with an exception, such as that of a signal."""


REAL = Clock()


class Pace:
    """A sliding window: no minute, wherever it begins, sees more calls start than allowed.

    A bucket that is refilled while it is emptied would let nearly twice as many start in some minutes.
    """

    def __init__(self, per_minute: int, clock: Clock = REAL) -> None:
        """Allow `per_minute` starts in any 60 s."""
        self._clock = clock
        self._starts: deque[float] = deque(maxlen=per_minute)

    def wait(self) -> None:
        """Wait until one more call may start, which is now; not a moment longer."""
        if len(self._starts) == self._starts.maxlen:
            early = self._starts[0] + WINDOW_S - self._clock.monotonic()
            if early > 0:
                self._clock.sleep(early)
        self._starts.append(self._clock.monotonic())
