"""A run that is told to stop: SIGTERM at one of its calls. It has eight seconds, and must say what became of it."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

from tests.emulator import moments
from tests.emulator.wire import Call, Moment, Step, Wire, go_on
from tests.faults.kinds import KINDS
from tests.faults.stores import Fields
from tests.faults.story import IN_PASSING, Strike
from tests.faults.victims import Process, Task
from tests.stack import LocalStack

GRACE_S = 8
"""What Cloud Run leaves of its ten seconds."""


@dataclass
class Told:
    """What came of it."""

    at: Call | None
    """Where it was told; None: it ended before."""
    closing: bool
    """Whether it was writing its record, or giving its lease back, and may have ended as it would have anyway."""
    seconds: float
    status: str
    before: frozenset[str]
    """Runs on record by then."""

    def wrongs(self, runs: Sequence[Fields], statuses: Counter[str]) -> Iterator[str]:
        """Tell what it should have done and did not; `runs` are the records since."""
        if self.seconds > GRACE_S:
            yield f"told to stop at {self.at}, it took {self.seconds:.1f} s"
        if self.status not in {"FAILED", "ENDED"}:
            yield f"told to stop at {self.at}, it exited with {self.status}"
        own = [run["status"] for run in runs if run["run_id"] not in self.before]
        statuses.update(own or ["NO RECORD"])
        if own != ["INTERRUPTED"] and not self.closing:
            yield f"told to stop at {self.at}, its record says {own}"


class _Timed(Process):
    """A process that knows when it was told."""

    told_at = 0.0

    def terminate(self) -> None:
        """SIGTERM."""
        self.told_at = monotonic()
        super().terminate()


def told_to_stop(strike: Strike, task: Task, stack: LocalStack, wire: Wire, output: Path) -> Told:
    """Start a run and tell it to stop at a call."""
    victim = _Timed(task, stack, wire, output)
    struck: list[Call] = []

    def moment(call: Call) -> bool:
        if struck or call.number < strike.number:
            return False
        struck.append(call)
        return True

    known = frozenset(one.id for one in stack.firestore.collection("job_metadata").list_documents())
    before, after = _steps(strike, moment, victim)
    wire.set(before=before, after=after)
    status = victim.run()
    at = struck[0] if struck else None
    return Told(at, bool(at) and _closes(struck[0], wire), monotonic() - victim.told_at, status, known)


def _steps(strike: Strike, moment: Moment, victim: Process) -> tuple[Step, Step]:
    if strike.kind != IN_PASSING:
        return KINDS[strike.kind].steps(moment, victim)

    def tell(call: Call) -> None:
        if moment(call):
            victim.terminate()

    return tell, go_on


def _closes(call: Call, wire: Wire) -> bool:
    earlier = wire.calls[: call.number - 1]
    return any(map(moments.releases, [*earlier, call])) or sum(map(moments.records, [*earlier, call])) > 1
