"""A job that is started twice at once, as a scheduler does when it hears no answer."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

from tests.emulator.job_process import start_job
from tests.emulator.wire import PATIENCE_S
from tests.faults.victims import EXIT_STATUS, Task
from tests.stack import LocalStack

_BOTH = 2


def fire_threads(task: Task, stack: LocalStack, _directory: Path) -> list[str]:
    """Run a job on two threads that start together; how both ended."""
    starters = Barrier(_BOTH)

    def run() -> str:
        starters.wait(PATIENCE_S)
        return stack.run(task.job, task.as_of).status.value

    with ThreadPoolExecutor(_BOTH) as threads:
        return [future.result() for future in [threads.submit(run) for _ in range(_BOTH)]]


def fire_processes(task: Task, stack: LocalStack, directory: Path) -> list[str]:
    """Run a job as two processes; how both exited, which is alike for all good ends."""
    module = f"jobs.{task.job.replace('-', '_')}"
    arguments = ("--as-of", task.as_of, *task.arguments)
    both = [start_job(stack, directory / f"fired-{one}", *arguments, module=module) for one in range(_BOTH)]
    for process in both:
        process.join(PATIENCE_S)
    return [EXIT_STATUS.get(process.exitcode or 0, str(process.exitcode)) for process in both]


def refuted(statuses: Sequence[str]) -> Iterator[str]:
    """Tell what is wrong with how the two ended."""
    if not set(statuses) <= {"SUCCEEDED", "PARTIAL", "SKIPPED", "ENDED"}:
        yield f"two runs started together ended {statuses}"
    if set(statuses) == {"SKIPPED"}:
        yield "two runs started together left the work to each other"
