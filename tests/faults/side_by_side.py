"""Runs side by side, each on a wire of its own, of which one at a time goes on: as far as it is told, or to its end."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Condition

from jobs.registry import all_jobs
from tests.emulator.job_process import let_a_minute_pass
from tests.emulator.wire import PATIENCE_S, Call, Wire
from tests.faults.story import Turn
from tests.faults.victims import Task, Thread
from tests.stack import LocalStack

_NO_LEASE = "of nobody"


class Walker:
    """A run that stops at a call until it may go on."""

    def __init__(self, run: Callable[[], str], wire: Wire) -> None:
        """Let `run` pass along `wire`; it has not begun."""
        self._run = run
        self._wire = wire
        self._moved = Condition()
        self._may: float = 0
        """The number of the call before which it stops; beyond any call: it does not stop."""
        self._at = 0
        self._ended: Future[str] | None = None

    def let_go(self, until: float = float("inf")) -> None:
        """Let it go on to a call, or to its end, and do not wait for it."""
        with self._moved:
            self._may = max(self._may, until)
            self._moved.notify_all()

    def go(self, until: float, threads: ThreadPoolExecutor) -> None:
        """Go on to a call, or to the end; returns when it is there."""
        self.let_go(until)
        if self._ended is None:
            self._wire.set(before=self._stop)
            self._ended = threads.submit(self._run)
            self._ended.add_done_callback(lambda _: self._notify())
        with self._moved:
            there = self._moved.wait_for(lambda: self._done or self._at >= self._may, PATIENCE_S)
        last = self._wire.calls[-1] if self._wire.calls else None
        assert there, f"it neither ended nor came to call {until}; it is at {last}"

    def _stop(self, call: Call) -> None:
        with self._moved:
            self._at = max(self._at, call.number)
            self._moved.notify_all()
            self._moved.wait_for(lambda: self._may > call.number, PATIENCE_S)

    def _notify(self) -> None:
        with self._moved:
            self._moved.notify_all()

    @property
    def _done(self) -> bool:
        return self._ended is not None and self._ended.done()

    @property
    def status(self) -> str:
        """How it ended."""
        assert self._ended is not None
        return self._ended.result(PATIENCE_S)


class SideBySide:
    """Some runs and the wires they are on."""

    def __init__(self, tasks: Sequence[Task], stack: LocalStack, wires: Sequence[Wire]) -> None:
        """Prepare one run per task."""
        self._tasks = tasks
        self._stack = stack
        self._wires = wires
        self._walkers = [Walker(Thread(task, stack, wire).run, wire) for task, wire in zip(tasks, wires, strict=False)]

    def take(self, turns: Sequence[Turn]) -> list[str]:
        """Take turns; the last ones bring every run to its end. Tells how they ended."""
        with ThreadPoolExecutor(len(self._tasks)) as threads:
            try:
                for turn in turns:
                    self._wait(turn)
                    self._walkers[turn.run].go(turn.until or float("inf"), threads)
                return [walker.status for walker in self._walkers]
            finally:
                for walker in self._walkers:
                    walker.let_go()

    def _wait(self, turn: Turn) -> None:
        """Let the transactions of those that wait be rolled back, and, some of the time, their leases expire.

        A lease expires for all that share it: then the one that goes on has lost its transaction, too, or its lock
        would keep the lease as it is.
        """
        for number, wire in enumerate(self._wires[: len(self._tasks)]):
            if number != turn.run or turn.expires:
                let_a_minute_pass(self._stack, wire, _NO_LEASE)
        others = {all_jobs()[task.job].lease for number, task in enumerate(self._tasks) if number != turn.run}
        for lease in others if turn.expires else ():
            let_a_minute_pass(self._stack, Wire(), lease)
