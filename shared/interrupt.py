"""Being told to stop: SIGTERM becomes an exception in the call in hand, and an end that comes in time."""

import os
import signal
import threading
from types import FrameType

GRACE_SECONDS = 7.0
"""How long a stopped run may take to record itself; Cloud Run kills after ten seconds."""
_LOOK_AGAIN_SECONDS = 0.01
_OURS = frozenset({"infra", "jobs", "schemas", "shared"})

_stopped = threading.Event()


class InterruptedRunError(BaseException):
    """The process was told to stop."""


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGINT into `InterruptedRunError`, once; whatever hangs is ended after GRACE_SECONDS.

    It is raised in code of ours, or where the main thread stands still and waits, and not in the midst of what a
    library does: `threading.Condition` lets go of its lock in Python code, and an exception on the way there would
    leave a gRPC channel locked for good, with the record and the lease still to be written through it.
    """
    place: tuple[FrameType | None, int] = (None, 0)
    told = ""

    def stop(number: int, frame: FrameType | None) -> None:
        nonlocal told
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        told = f"stopped by {signal.Signals(number).name}"
        last_resort = threading.Timer(GRACE_SECONDS, os._exit, [1])
        last_resort.daemon = True
        last_resort.start()
        look(number, frame)

    def look(_number: int, frame: FrameType | None) -> None:
        nonlocal place
        before, place = place, (frame, frame.f_lasti if frame else 0)
        if _is_ours(frame) or place == before:
            place = (None, 0)
            _stopped.set()
            raise InterruptedRunError(told)
        signal.setitimer(signal.ITIMER_REAL, _LOOK_AGAIN_SECONDS)

    signal.signal(signal.SIGALRM, look)
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def acknowledge() -> None:
    """Note that the run knows: from now on an error is an error again, and closing the run may be retried."""
    _stopped.clear()


def was_interrupted() -> bool:
    """Tell whether the main thread was told to stop and nobody noticed yet: a library may have eaten the exception."""
    return _stopped.is_set() and threading.current_thread() is threading.main_thread()


def _is_ours(frame: FrameType | None) -> bool:
    """Tell whether code of ours was interrupted; not the handler itself, which stands in the midst of anything."""
    name = "" if frame is None else str(frame.f_globals.get("__name__"))
    return frame is None or (name != __name__ and name.partition(".")[0] in _OURS)
