"""Interleaved repeats on one stack, so that what the machine does besides meets every contender alike."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.bench.measured import Measured, measure
from infra.bench.source import fill
from infra.local.emulators import Firestore
from infra.local.stack import Stack
from shared.settings import load

NAMES = ("drain", "floor", "stock", "dlt", "ours", "again")
"""In the order of measuring: `again` finds what `ours` wrote."""


@dataclass(frozen=True)
class Plan:
    """What to measure."""

    documents: int
    repeats: int
    contenders: Sequence[str]
    firestore: Firestore | None
    """Which emulator; None means the first one found."""
    seed: int = 1
    profiles: Path | None = None
    """Folder for a profile of each measurement of the last repeat."""


def measured(plan: Plan, say: Callable[[str], None]) -> list[list[Measured]]:
    """Measure every contender once per repeat, on a stack of its own. One list per repeat.

    Raises:
        MeasurementError: A contender failed.
        StackError: The stack did not start.
        NoEmulatorError: The Firestore asked for is not on this machine.
    """
    with _filled(plan, say) as environment:
        return [_repeat(plan, environment, number, say) for number in range(plan.repeats)]


@contextmanager
def _filled(plan: Plan, say: Callable[[str], None]) -> Iterator[dict[str, str]]:
    with tempfile.TemporaryDirectory(prefix="golden-thread-bench-") as folder:
        stack = Stack(Path(folder) / "stack")
        try:
            environment = stack.up(plan.firestore, say=say).environment()
            say(f"writing {plan.documents} documents")
            fill(load(environment), Path(folder) / "market", plan.documents, plan.seed)
            yield environment
        finally:
            stack.stop()


def _repeat(plan: Plan, environment: dict[str, str], number: int, say: Callable[[str], None]) -> list[Measured]:
    """Measure once, with a dataset that nothing was written to."""
    fresh = {**environment, "BIGQUERY_DATASET": f"bench_{number}"}
    found = []
    for name in plan.contenders:
        say(f"repeat {number + 1}: {name}")
        last = plan.profiles if number == plan.repeats - 1 else None
        found.append(measure(name, fresh, last / f"{name}.prof" if last else None))
    return found
