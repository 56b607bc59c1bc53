"""A history takes its course on real servers; whatever it breaks is told in sentences."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from pathlib import Path

from jobs.registry import all_jobs
from schemas.run_record import RunRecord
from tests.emulator.job_process import let_a_minute_pass
from tests.emulator.wire import Call, CutError, Step, Wire
from tests.faults.accounts_of_runs import at_rest
from tests.faults.double_fire import fire_processes, fire_threads, refuted
from tests.faults.kinds import KINDS, SHORT_S
from tests.faults.oracle import AS_OF, Oracle, afterwards, always, fingerprint
from tests.faults.rows import remembered
from tests.faults.side_by_side import SideBySide
from tests.faults.stopping import told_to_stop
from tests.faults.stores import Look
from tests.faults.story import Day, Errand, Fired, Story, Strike
from tests.faults.surroundings import Surroundings
from tests.faults.victims import Process, Thread
from tests.stack import LocalStack

ENDED_WELL = frozenset({"SUCCEEDED", "PARTIAL"})


@dataclass
class Met:
    """What histories met, in figures."""

    histories: int = 0
    struck: Counter[str] = field(default_factory=Counter)
    """Faults that befell a call, by kind."""
    statuses: Counter[str] = field(default_factory=Counter)
    """How the runs ended that something happened to."""
    runs: int = 0
    """Clean ones."""


@dataclass(frozen=True)
class Task:
    """What a run is told."""

    job: str
    as_of: str
    arguments: Sequence[str] = ()


@dataclass
class Course:
    """One history."""

    story: Story
    stack: LocalStack
    wires: Sequence[Wire]
    directory: Path
    met: Met = field(default_factory=Met)
    _overheard: list[str] = field(default_factory=list)

    def broken(self) -> Iterator[str]:
        """Live through all days, and tell what is wrong after each."""
        look = Look()
        for day in self.story.days:
            yield from (f"day {day.number}: {wrong}" for wrong in self._live(day))
            yield from self._clean_runs(day)
            look = self.oracle.stores.look()
            yield from (f"day {day.number}: {wrong}" for wrong in self._wrongs(look, day))
        before = fingerprint(look)
        yield from self._clean_runs(self.story.days[-1])
        after = self.oracle.fingerprint()
        yield from (f"one more clean run changed {name}" for name in after if after[name] != before.get(name))

    @cached_property
    def oracle(self) -> Oracle:
        """Who looks at the stores."""
        return Oracle(self.stack.environment)

    @cached_property
    def around(self) -> Surroundings:
        """The engine and the broker."""
        return Surroundings(self.stack, self.oracle.stores, self.directory)

    def _live(self, day: Day) -> Iterator[str]:
        self.around.begin(day)
        if day.ages and "retire" in self.story.jobs:
            self.around.age()
        for errand in day.errands:
            self._run(errand, day)
        if day.together:
            self._run_together(day)
        if day.fired:
            yield from self._fire(day.fired, day)
        if day.stopped:
            yield from self._stop(day.stopped, day)

    def _run(self, errand: Errand, day: Day) -> None:
        wire, kinds = self.wires[0], [KINDS[strike.kind] for strike in errand.strikes]
        task = _task(errand.job, day)
        slow = any(kind.process for kind in kinds)
        victim = Process(task, self.stack, wire, self.directory / "output") if slow else Thread(task, self.stack, wire)
        steps = [self._steps(strike, victim) for strike in errand.strikes]
        before, after = zip(*steps, strict=True)
        wire.set(before=_all([self._meanwhile(errand), *before]), after=_all(after))
        settings = {"CALL_TIMEOUT_S": str(SHORT_S)} if any(kind.hasty for kind in kinds) else {}
        self.met.statuses[victim.run(**settings)] += 1
        let_a_minute_pass(self.stack, wire, all_jobs()[errand.job].lease)

    def _steps(self, strike: Strike, victim: Process | Thread) -> tuple[Step, Step]:
        kind = KINDS[strike.kind]
        struck: list[Call] = []

        def moment(call: Call) -> bool:
            if struck or call.number < strike.number or not kind.applies(call):
                return False
            struck.append(call)
            self.met.struck[kind.name] += 1
            return True

        before, after = kind.steps(moment, victim)
        return self._heard(before), self._heard(after)

    def _heard(self, step: Step) -> Step:
        """Keep what a step finds wrong, for a relay would take it for a broken connection."""

        def heard(call: Call) -> None:
            try:
                step(call)
            except AssertionError as error:
                self._overheard.append(f"at {call}: {error}")
                raise CutError from None

        return heard

    def _meanwhile(self, errand: Errand) -> Step:
        left = [errand.meanwhile]

        def step(call: Call) -> None:
            if left and call.number >= errand.at:
                self.around.write(left.pop())

        return step

    def _run_together(self, day: Day) -> None:
        tasks = [_task(job, day) for job in day.together]
        runs = SideBySide(tasks, self.stack, self.wires)
        self.met.statuses.update(runs.take(day.turns))

    def _fire(self, fired: Fired, day: Day) -> Iterator[str]:
        """Start a job twice at once; one of the two must do the work, and neither may fail."""
        fire = fire_processes if fired.processes else fire_threads
        statuses = sorted(fire(_task(fired.job, day), self.stack, self.directory))
        self.met.statuses.update(statuses)
        yield from refuted(statuses)
        look = self.oracle.stores.look()
        yield from always(look, self.oracle.memory)
        yield from at_rest(look)
        again = self.stack.run(fired.job, _as_of(day))
        if again.counts.archived or again.counts.revised:
            yield f"a third run of {fired.job} found work left: {again.counts}"

    def _stop(self, errand: Errand, day: Day) -> Iterator[str]:
        """Tell a run to stop at one of its calls."""
        (strike,) = errand.strikes
        told = told_to_stop(strike, _task(errand.job, day), self.stack, self.wires[0], self.directory / "output")
        let_a_minute_pass(self.stack, self.wires[0], all_jobs()[errand.job].lease)
        if told.at:
            self.met.struck[strike.kind] += 1
            look = self.oracle.stores.look()
            yield from always(look, self.oracle.memory)
            yield from told.wrongs(look.runs, self.met.statuses)

    def _clean_runs(self, day: Day) -> Iterator[str]:
        for job in self.story.jobs:
            record: RunRecord = self.stack.run(job, _as_of(day))
            self.met.runs += 1
            if record.status not in ENDED_WELL:
                yield f"day {day.number}: a clean run of {job} is {record.status}: {record.error}"

    def _wrongs(self, look: Look, day: Day) -> Iterator[str]:
        yield from self._overheard
        self._overheard.clear()
        yield from always(look, self.oracle.memory)
        yield from afterwards(look, AS_OF + timedelta(days=day.number), self.around.refused(look))
        yield from self.around.lost(look)
        self.oracle.memory |= remembered(look)


def _task(job: str, day: Day) -> Task:
    return Task(job, _as_of(day), ("--delete",) if job == "retire" else ())


def _as_of(day: Day) -> str:
    return (AS_OF + timedelta(days=day.number)).isoformat()


def _all(steps: Sequence[Step]) -> Step:
    def step(call: Call) -> None:
        for one in steps:
            one(call)

    return step
