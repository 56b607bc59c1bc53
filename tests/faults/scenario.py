"""One fault at one call of one job, and what must be true afterwards."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from tests.emulator.job_process import AT_ONCE, let_a_minute_pass
from tests.emulator.moments import commits
from tests.emulator.wire import Call, Wire, cut
from tests.faults.kinds import SHORT_S, Kind
from tests.faults.oracle import Oracle, afterwards, always, fingerprint
from tests.faults.rows import remembered
from tests.faults.sites import at, sites
from tests.faults.victims import Process, Thread
from tests.faults.worlds import SIZES, WORLDS, World
from tests.stack import LocalStack

ENDED_WELL = frozenset({"SUCCEEDED", "PARTIAL"})
HASTY = {"CALL_TIMEOUT_S": str(SHORT_S), "RETRY_SECONDS": "30"}
"""Settings of a client that waits briefly, and is patient with a busy machine nevertheless."""
REPLAY = "pytest tests/faults/test_every_site.py --fault"


@dataclass(frozen=True)
class Fault:
    """A kind of fault at a site of the job of a world."""

    world: str
    site: str
    kind: Kind

    def __str__(self) -> str:
        """Write it as `--fault` takes it."""
        return f"{self.world}/{self.site}/{self.kind.name}"


class Course:
    """One world that goes from fault to fault; the stores of one corner serve a number of rounds."""

    def __init__(self, name: str, stack: LocalStack, wire: Wire, directory: Path) -> None:
        """Begin nowhere; the first fault finds a corner."""
        self._name = name
        self._sizes = SIZES.get(name)
        self._stack = stack
        if self._sizes:
            self._stack = stack.changed(PAGE_SIZE=str(self._sizes.page), **{AT_ONCE: str(self._sizes)})
        self._wire = wire
        self._directory = directory
        self._left = 0
        self._corner: LocalStack = stack
        self._world: World
        self._oracle: Oracle

    def sites(self) -> dict[str, Call]:
        """Run once without a fault and name the calls."""
        with self._sized():
            self._next_round()
            self._wire.set()
            assert Thread(self._world, self._corner, self._wire).run() in ENDED_WELL
        return sites(self._wire.calls)

    def wrongs(self, fault: Fault) -> list[str]:
        """Inject a fault and tell everything that it broke; a corner that it broke is left behind."""
        with self._sized():
            self._next_round()
            found = [f"{fault}: {wrong}\n    {REPLAY} '{fault}'" for wrong in self._wrongs(fault)]
        if found:
            self._left = 0
        return found

    def _sized(self) -> AbstractContextManager[None]:
        """Let runs of this process take as much at once as those of this world do."""
        return self._sizes.in_force() if self._sizes else nullcontext()

    def _next_round(self) -> None:
        if not self._left:
            self._corner = self._stack.fresh()
            directory = self._directory / self._corner.environment["BIGQUERY_DATASET"]
            self._world = WORLDS[self._name](self._corner, directory)
            self._oracle = Oracle(self._corner.environment)
            self._world.begin()
            self._left = self._world.rounds
        self._left -= 1
        if self._world.rounds > 1:
            self._world.go_on()
        if self._world.undecided:
            self._wire.set(before=cut(commits))
            assert Thread(self._world, self._corner, self._wire).run() == "FAILED"

    def _wrongs(self, fault: Fault) -> Iterator[str]:
        yield from self._befall(fault)
        yield from self._world.lost()
        yield from self._clean_run()
        look = self._oracle.stores.look()
        yield from always(look, self._oracle.memory)
        yield from afterwards(look, self._oracle.as_of, self._world.refused)
        yield from self._world.amiss()
        self._oracle.memory = remembered(look)
        before = fingerprint(look)
        yield from self._clean_run()
        after = self._oracle.fingerprint()
        yield from (f"one more run changed {name}" for name in after if after[name] != before[name])

    def _befall(self, fault: Fault) -> Iterator[str]:
        """Run the job with the fault on its way, and let a minute pass."""
        victim = self._victim(fault.kind)
        struck: list[Call] = []
        comes = at(fault.site, self._wire)

        def moment(call: Call) -> bool:
            if found := comes(call):
                struck.append(call)
            return found

        before, after = fault.kind.steps(moment, victim)
        self._wire.set(before=before, after=after)
        status = victim.run(**(HASTY if fault.kind.hasty else {}))
        yield from judged(status, fault.kind, reached=bool(struck))
        let_a_minute_pass(self._corner, self._wire, victim.job.lease)

    def _victim(self, kind: Kind) -> Thread | Process:
        if kind.process:
            return Process(self._world, self._corner, self._wire, self._directory / "output")
        return Thread(self._world, self._corner, self._wire)

    def _clean_run(self) -> Iterator[str]:
        record = self._corner.run(self._world.job, self._world.as_of)
        if record.status not in ENDED_WELL:
            yield f"a clean run is {record.status}: {record.error}"


def judged(status: str, kind: Kind, *, reached: bool) -> Iterator[str]:
    """Tell what is wrong with how the struck run ended."""
    if not reached:
        yield f"the call never came; the run is {status}"
    if kind.passing and status not in ENDED_WELL:
        yield f"the run is {status} after a fault that passes"
