"""The run that a fault befalls: in this process where it can be, as a process of its own where it must be."""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from threading import Event
from typing import Protocol

from jobs.registry import all_jobs
from shared.broker import Broker
from shared.broker_calls import Caller
from shared.jobs import Job
from shared.pacing import Clock
from shared.parts import Parts
from shared.run import run
from shared.survey import Options
from tests.emulator.job_process import errors_of, let_a_minute_pass, start_job
from tests.emulator.wire import PATIENCE_S, Wire
from tests.stack import LocalStack

EXIT_STATUS = {0: "ENDED", 1: "FAILED"}
"""What is known of how a process ended; its record says more."""


class Task(Protocol):
    """What a run is told."""

    @property
    def job(self) -> str:
        """Its name."""

    @property
    def as_of(self) -> str:
        """When it takes place, by its own account."""

    @property
    def arguments(self) -> Sequence[str]:
        """What its command line needs besides."""


class _Overtaken:
    """A run whose lease expires while it is held, so that another one comes and goes."""

    def __init__(self, world: Task, stack: LocalStack, wire: Wire) -> None:
        """Run the job of a world whose servers are on the wire."""
        self.world = world
        self.stack = stack
        self.wire = wire

    @property
    def job(self) -> Job:
        """The job."""
        return all_jobs()[self.world.job]

    def overtake(self) -> None:
        """Let another run go from start to end; it must not fail."""
        let_a_minute_pass(self.stack, self.wire, self.job.lease)
        record = self.stack.run(self.world.job, self.world.as_of)
        assert record.status in {"SUCCEEDED", "PARTIAL"}, record.error


class Thread(_Overtaken):
    """A run in this process."""

    def run(self, **settings: str) -> str:
        """Run to the end and tell the record's status."""
        parts = impatient(self.stack.changed(**self.wire.environment).parts(**settings))
        options = Options(as_of=datetime.fromisoformat(self.world.as_of), delete=True)
        return run(self.job, options, parts).status.value

    def kill(self) -> None:
        """Nobody can."""
        raise AssertionError("a thread cannot be killed")

    terminate = freeze = thaw = kill


class Process(_Overtaken):
    """A run in a process of its own."""

    def __init__(self, world: Task, stack: LocalStack, wire: Wire, output: Path) -> None:
        """Write its output to a file."""
        super().__init__(world, stack, wire)
        self._output = output
        self._started = Event()
        self._process: ForkServerProcess | None = None

    def run(self, **settings: str) -> str:
        """Run to the end and tell how it exited: a status, or the signal that ended it."""
        stack = self.stack.changed(**self.wire.environment, **settings)
        module = f"jobs.{self.world.job.replace('-', '_')}"
        arguments = ("--as-of", self.world.as_of, *self.world.arguments)
        self._process = start_job(stack, self._output, *arguments, module=module)
        self._started.set()
        self._process.join(PATIENCE_S)
        code = self._process.exitcode
        if code is None:
            self._process.kill()
            self._process.join()
        return EXIT_STATUS.get(code, str(code)) if code is not None else "it never ended"

    @property
    def errors(self) -> str:
        """What it wrote to standard error."""
        return errors_of(self._output).read_text(encoding="utf-8")

    def kill(self) -> None:
        """SIGKILL."""
        self._now().kill()

    def terminate(self) -> None:
        """SIGTERM."""
        self._now().terminate()

    def freeze(self) -> None:
        """SIGSTOP."""
        os.kill(self._pid, SIGSTOP)

    def thaw(self) -> None:
        """SIGCONT."""
        os.kill(self._pid, SIGCONT)

    @property
    def _pid(self) -> int:
        pid = self._now().pid
        assert pid is not None
        return pid

    def _now(self) -> ForkServerProcess:
        assert self._started.wait(PATIENCE_S)
        assert self._process is not None
        return self._process


def impatient(parts: Parts) -> Parts:
    """The same parts, but for waits between attempts that nothing but time would fill."""
    no_wait: Callable[[float], None] = lambda _seconds: None  # noqa: E731 - said twice below
    caller = Caller(parts.settings, clock=Clock(sleep=no_wait))
    return replace(parts, broker=Broker(parts.settings, caller), pause=no_wait)
