"""Being told to stop: SIGTERM becomes an exception in the call in hand, and an end that comes in time."""

import os
import signal
import threading
from types import FrameType

GRACE_SECONDS = 7.0
"""How long a stopped run may take to record itself; Cloud Run kills after ten seconds."""

_stopped = threading.Event()


class InterruptedRunError(BaseException):
    """The process was told to stop."""


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGINT into `InterruptedRunError`, once; whatever hangs is ended after GRACE_SECONDS."""

    def stop(number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        _stopped.set()
        last_resort = threading.Timer(GRACE_SECONDS, os._exit, [1])
        last_resort.daemon = True
        last_resort.start()
        raise InterruptedRunError(f"stopped by {signal.Signals(number).name}")

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def acknowledge() -> None:
    """Note that the run knows: from now on an error is an error again, and closing the run may be retried."""
    _stopped.clear()


def was_interrupted() -> bool:
    """Tell whether the main thread was told to stop and nobody noticed yet: a library may have eaten the exception."""
    return _stopped.is_set() and threading.current_thread() is threading.main_thread()
