"""Being told to stop: SIGTERM becomes an exception in the call in hand, and an end that comes in time."""

import atexit
import os
import signal
import threading
from types import FrameType

GRACE_SECONDS = 7.0
"""How long a stopped run may take to record itself; Cloud Run kills after ten seconds."""
_LOOK_AGAIN_SECONDS = 0.01
_OURS = frozenset({"infra", "jobs", "schemas", "shared"})


class InterruptedRunError(BaseException):
    """The process was told to stop."""


class _Stop:
    """What the process was told, and what of it the run does not know yet."""

    def __init__(self) -> None:
        self.told = ""
        """By which signal; empty once the run knows."""
        self.raised = False
        """Whether an exception said so."""
        self._place: tuple[FrameType | None, int] = (None, 0)

    def tell(self, number: int, frame: FrameType | None) -> None:
        """Hear the signal, once, and see to it that whatever hangs is ended."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        self.told = f"stopped by {signal.Signals(number).name}"
        last_resort = threading.Timer(GRACE_SECONDS, os._exit, [1])
        last_resort.daemon = True
        last_resort.start()
        self.look(number, frame)

    def look(self, _number: int, frame: FrameType | None) -> None:
        """Raise here, if nothing comes to harm by it, or look again soon."""
        before, self._place = self._place, (frame, frame.f_lasti if frame else 0)
        if _is_ours(frame) or self._place == before:
            self.heed()
        elif self.told and not self.raised:
            signal.setitimer(signal.ITIMER_REAL, _LOOK_AGAIN_SECONDS)

    def heed(self) -> None:
        """Raise what was told, once."""
        if self.told and not self.raised:
            self.raised, self._place = True, (None, 0)
            _look_no_more()
            raise InterruptedRunError(self.told)

    def forget(self) -> None:
        """Let the run have heard it."""
        self.told, self.raised, self._place = "", False, (None, 0)


_stop = _Stop()


def stop_on_signals() -> None:
    """Turn SIGTERM and SIGINT into `InterruptedRunError`; whatever hangs is ended after GRACE_SECONDS.

    It is raised in code of ours, or where the main thread stands still and waits, and not in the midst of what a
    library does: `threading.Condition` lets go of its lock in Python code, and an exception on the way there would
    leave a gRPC channel locked for good, with the record and the lease still to be written through it.
    """
    signal.signal(signal.SIGALRM, _stop.look)
    # A process on its way out hears no signal any more: this one would kill it.
    atexit.register(_look_no_more)
    signal.signal(signal.SIGTERM, _stop.tell)
    signal.signal(signal.SIGINT, _stop.tell)


def heed() -> None:
    """Stop here, before a call, if the main thread was told to: among calls that are short nobody stands still."""
    if threading.current_thread() is threading.main_thread():
        _stop.heed()


def acknowledge() -> None:
    """Note that the run knows: from now on an error is an error again, and closing the run may be retried."""
    _stop.forget()


def was_interrupted() -> bool:
    """Tell whether the main thread heard that it must stop and the run does not know: a library ate the exception."""
    return _stop.raised and threading.current_thread() is threading.main_thread()


def _look_no_more() -> None:
    signal.setitimer(signal.ITIMER_REAL, 0)


def _is_ours(frame: FrameType | None) -> bool:
    """Tell whether code of ours was interrupted; not the handler itself, which stands in the midst of anything."""
    name = "" if frame is None else str(frame.f_globals.get("__name__"))
    return frame is None or (name != __name__ and name.partition(".")[0] in _OURS)
