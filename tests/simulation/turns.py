"""Several runs at once, one step at a time: threads that hand a baton over, in an order that a seed decides."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from random import Random

_STUCK_S = 300.0
"""Real seconds; a history takes a fraction of one."""


def _nobodys() -> threading.Lock:
    """A baton that nobody has been given: a bare lock costs a fraction of a semaphore."""
    baton = threading.Lock()
    baton.acquire()
    return baton


@dataclass(eq=False)
class _Runner:
    task: Callable[[], None]
    baton: threading.Lock = field(default_factory=_nobodys)
    done: bool = False
    asleep_until: int = 0
    error: BaseException | None = None


class Turns:
    """Only who holds the baton runs."""

    def __init__(self, chance: Random) -> None:
        self._chance = chance
        self._restlessness = 0.0
        self._runners: list[_Runner] = []
        self._holder: _Runner | None = None
        self._over = _nobodys()
        self._steps = 0

    def run(self, tasks: Sequence[Callable[[], None]], restlessness: float) -> None:
        """Run tasks to their ends; at each of their steps another one goes on with this probability."""
        self._restlessness = restlessness
        self._runners = [_Runner(task) for task in tasks]
        threads = [threading.Thread(target=self._run, args=(one,)) for one in self._runners]
        for thread in threads:
            thread.start()
        self._give(self._runners[0])
        self._over.acquire()
        for thread in threads:
            thread.join()
        errors = [one.error for one in self._runners if one.error]
        self._runners, self._holder = [], None
        if errors:
            raise errors[0]

    def step(self) -> None:
        """Stand where another one may go on."""
        self._steps += 1
        if self._runners and self._chance.random() < self._restlessness:
            self.yield_to_another()

    def yield_to_another(self) -> bool:
        """Let another one go on, if one is awake; tells whether one was."""
        me, awake = self._holder, [one for one in self._others() if one.asleep_until <= self._steps]
        if me is None or not awake:
            return False
        self._give(self._chance.choice(awake))
        if not me.baton.acquire(timeout=_STUCK_S):
            raise RuntimeError("whoever has the baton waits for something that a waiting one holds")
        return True

    def sleep(self, steps: int) -> None:
        """Let others go on for so many steps, or to their ends."""
        if self._holder:
            self._holder.asleep_until = self._steps + steps
        self.yield_to_another()

    def _others(self) -> list[_Runner]:
        return [one for one in self._runners if not one.done and one is not self._holder]

    def _give(self, runner: _Runner) -> None:
        self._holder = runner
        runner.baton.release()

    def _run(self, runner: _Runner) -> None:
        runner.baton.acquire()
        try:
            runner.task()
        except BaseException as error:  # noqa: BLE001 - raised again by whoever started the runners
            runner.error = error
        runner.done = True
        if others := self._others():
            self._give(self._chance.choice(others))
        else:
            self._over.release()
