"""Random histories: sources change; runs come, fail, die and overlap; then there is peace, and everything holds."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from random import Random
from typing import NamedTuple

from jobs.registry import loops
from schemas.run_record import RunRecord
from shared.shards import Shard
from shared.survey import Options
from tests.simulation.network import Fault
from tests.simulation.oracle import OF_RUNS, Oracle
from tests.simulation.sources import Sources
from tests.simulation.world import Ended, Errand, World, statuses
from tests.sizes import Sizes

_DAY = timedelta(days=1)
PASSING = (2, 90, 6 * 3600, 30 * 3600, 3 * 86_400)
"""Seconds that pass at once."""
_LAST_CALL, _LAST_OF_MANY = 35, 70
"""Few runs make more calls; by small sizes they make twice as many."""
_ALIKE = 0.8
"""How often runs that overlap are of one job."""
_LOOKED_AT_TWICE = 0.25
"""How often the end is run a second time, which costs as much as the history."""
_HELD_BEFORE = 0.5
"""How often a history begins with what its first two jobs have done."""
_DISTURBED = {
    "BrokerError",
    "Forbidden",
    "LeaseLostError",
    "PermissionDenied",
    "ServiceUnavailable",
    "UndecidedError",
    "Aborted",
    "InvalidArgument",
    "SchemaDriftError",
    "NotFound",
}
"""What may end a run that met a fault or another run."""


class Theme(NamedTuple):
    """What a history is about: which jobs run, and which actions happen."""

    jobs: tuple[str, ...]
    actions: tuple[str, ...]
    later: timedelta = timedelta(0)
    """By how much later than the world it begins, so that some documents are due and others are not."""


THEMES = (
    Theme(("trades",), ("trades",)),
    Theme(("trades", "fee-patch"), ("trades close", "fees")),
    Theme(("trades", "fee-patch", "price-patch", "retire"), ("trades", "fees")),
    Theme(("rejected-signals", "retire"), ("rejected",), timedelta(days=6, hours=12)),
    Theme(("expired-signals", "retire"), ("expired",), timedelta(hours=3)),
    Theme(("strategies", "account-snapshot"), ("strategies", "account")),
    Theme(("strategies", "job-runs"), ("strategies",)),
)

EVERYTHING = Theme(
    (
        "strategies",
        "trades",
        "rejected-signals",
        "expired-signals",
        "account-snapshot",
        "fee-patch",
        "price-patch",
        "retire",
        "job-runs",
    ),
    ("",),
)


class Scale(NamedTuple):
    """How much a run takes at once, and into how many shards the tables are split."""

    sizes: Sizes | None = None
    """None: as much as it usually does, which is all that there is here."""
    shards: int = 1

    @classmethod
    def drawn(cls, seed: int) -> "Scale":
        """Draw one, from a chance of its own: with all at once a history goes as it would without this."""
        chance = Random(f"scale {seed}")  # noqa: S311 - a seed that replays
        return cls(chance.choice(SIZES), chance.choices((1, 2, 3), (6, 1, 1))[0])


ONE_BY_ONE = Sizes(page=1, query=2, tried=1, portion=1)
SIZES = (None, None, ONE_BY_ONE, Sizes(page=2, query=3, tried=2, portion=2), Sizes(page=3, query=5, tried=1, portion=3))
"""What a history may draw. Runs look three pages ahead, so only of more than three are some not read yet when others
are appended."""


class BrokenPromiseError(AssertionError):
    """A history in which a promise was broken, told step by step."""


class History:
    """One history; its seed decides everything."""

    def __init__(self, seed: int, theme: Theme | None = None, *, lean: bool = True, scale: Scale | None = None) -> None:
        self.seed = seed
        self.scale = scale or Scale.drawn(seed)
        self.world = World(seed, lean=lean, sizes=self.scale.sizes)
        self.chance = self.world.chance
        self.sources = Sources(self.world, many=self.scale.sizes is not None)
        self.oracle = Oracle(self.world, self.sources)
        self.theme = theme or self.chance.choice(THEMES)
        self.told: list[str] = []
        self._split()

    def _split(self) -> None:
        """Split every table that is filled, before anything is in it."""
        self._tell(f"at once: {self.scale.sizes or 'everything'}; shards: {self.scale.shards}")
        if self.scale.shards > 1:
            for job in self.theme.jobs:
                if job in loops():
                    self.world.split(job, self.scale.shards)

    def unfold(self) -> None:
        """Live through it.

        Raises:
            BrokenPromiseError: Something that the contract promises did not hold.
        """
        with self.world.governed():
            self._unfold()

    def _unfold(self) -> None:
        self.world.time.sleep(self.theme.later.total_seconds())
        for _ in range(self.chance.randint(*((6, 12) if self.scale.sizes else (2, 4)))):
            self.change()
        if len(self.theme.jobs) > 1 and self.chance.random() < _HELD_BEFORE:
            self.archive()
        for _ in range(self.chance.randint(2, 5)):
            self.chance.choices(
                (self.change, self.pass_time, self.run, self.crowd, self.lose_streams), (4, 2, 4, 3, 1)
            )[0]()
            self.check()
        self.settle_down()

    def check(self) -> None:
        """Hold what must hold at any moment."""
        self._report(self.oracle.broken())

    def change(self) -> None:
        """Let something happen to the sources."""
        self.act(self._action())

    def act(self, action: Callable[[], str]) -> None:
        """Let this happen to them."""
        self._tell(action())

    def pass_time(self) -> None:
        """Let time pass."""
        self.sleep(self.chance.choice(PASSING))

    def sleep(self, seconds: float) -> None:
        """Let so much of it pass."""
        self.world.time.sleep(seconds)
        self._tell(f"{seconds} s pass")

    def run(self) -> None:
        """Run one job, perhaps among faults: all its shards, one after the other."""
        job = self.chance.choice(self.theme.jobs)
        for shard in self.world.shards(job):
            self.send(self._errand(job, shard))

    def crowd(self) -> None:
        """Run several at once, while the sources go on."""
        self.change()
        first = self.chance.choice(self.theme.jobs)
        again = [first if self.chance.random() < _ALIKE else self.chance.choice(self.theme.jobs) for _ in "12"]
        jobs = [first, *again[: self.chance.randint(1, 2)]]
        errands = [self._errand(job, self._any_shard(job), asleep=0.5) for job in jobs]
        self.world.network.interludes = [partial(self.act, self._action()) for _ in range(self.chance.randint(0, 2))]
        self.send(*errands)
        self.world.network.interludes = []

    def send(self, *errands: Errand) -> None:
        """Run these, at once if they are several."""
        self._hold_ends(self.world.run(*errands, restlessness=self.chance.choice((0, 0.02, 0.1, 0.5))))

    def archive(self) -> None:
        """Let a table hold for a while what others may then patch, read or delete."""
        for errand in (one for job in self.theme.jobs[:2] for one in self.whole(job)):
            self.send(errand)
        self.sleep(_DAY.total_seconds() + 1)
        self.check()

    def lose_streams(self) -> None:
        """Let the warehouse forget streams, or do at last what nobody waits for."""
        for stream in self.world.dataset.streams.values():
            stream.forgotten |= self.chance.random() < 0.3
        self.deliver(self.chance.randint(0, 2))
        self._tell("streams are forgotten")

    def deliver(self, at_most: int) -> None:
        """Let late calls arrive."""
        late = self.world.network.late
        for _ in range(min(at_most, len(late))):
            self.world.network.deliver_late()

    def settle_down(self) -> None:
        """A day later, with nothing in the way: the jobs run and all is well; once more, and there is nothing to do.

        Late calls arrive before that, or among and after the first of these runs, or never.
        """
        when = self.chance.choice(("before", "between", "never"))
        if when == "before":
            self.deliver(99)
        if when == "never":
            self.world.network.late.clear()
        self.world.time.sleep(_DAY.total_seconds() + 3600)
        jobs = [job for job in ("price-patch", *self.theme.jobs) if job in self.theme.jobs and job != "retire"]
        jobs = list(dict.fromkeys(jobs))
        self._all_succeed(jobs)
        if when == "between":
            self.deliver(99)
            self._all_succeed(jobs)
        self._report(self.oracle.broken_at_rest(set(jobs)))
        if self.chance.random() < _LOOKED_AT_TWICE:
            self._stay_as_it_is(jobs)

    def _stay_as_it_is(self, jobs: list[str]) -> None:
        """Run once more: nothing may change."""
        before = self._rows()
        # Records of runs come with every run.
        ended = [record for record in self._all_succeed(jobs) if record.table != OF_RUNS]
        found = [record for record in ended if record.counts.archived or record.counts.revised]
        self._report([f"{one.job} found something to do once more: {one.counts}" for one in found])
        self._report(self.oracle.broken_at_rest(set(jobs)))
        self._report(["rows changed though nothing had happened"] if self._rows() != before else [])

    def _rows(self) -> list[dict[str, object]]:
        tables = self.world.dataset.tables.items()
        return [dict(row) for name, table in tables if not name.endswith(f".{OF_RUNS}") for row in table.rows]

    def _all_succeed(self, jobs: list[str]) -> list[RunRecord]:
        records = []
        for errand in (one for job in jobs for one in self.whole(job)):
            (ended,) = self.world.run(errand)
            self._tell(f"undisturbed {errand}: {statuses([ended])}")
            if ended.record is None or ended.record.status.value not in {"SUCCEEDED", "PARTIAL"}:
                self._report([f"{errand} did not succeed undisturbed: {ended.record and ended.record.error}"])
            else:
                records.append(ended.record)
            self.check()
        return records

    def whole(self, job: str) -> list[Errand]:
        """One undisturbed run of a job, or one for each shard of its table."""
        return [Errand(job, Options(delete=True, shard=shard)) for shard in self.world.shards(job)]

    def _any_shard(self, job: str) -> Shard:
        """Choose one; nothing is drawn where there is but one."""
        found = self.world.shards(job)
        return self.chance.choice(found) if len(found) > 1 else found[0]

    def _action(self) -> Callable[[], str]:
        actions = self.sources.actions()
        return actions[self.chance.choice([name for name in actions if name.startswith(self.theme.actions)])]

    def _errand(self, job: str, shard: Shard, asleep: float = 0.0) -> Errand:
        return Errand(job, replace(self._options(), shard=shard), self._faults(asleep))

    def _options(self) -> Options:
        if self.chance.random() < 0.85:
            return Options(delete=True)
        now = self.world.time.now()
        day = (now - self.chance.randint(0, 3) * _DAY).date()
        return self.chance.choice(
            (
                Options(as_of=now - self.chance.randint(1, 40) * timedelta(hours=1), delete=True),
                Options(since=day, delete=True),
                Options(until=day, delete=True),
                Options(limit=1, delete=True),
                Options(dry_run=False, refresh=True, delete=True),
            )
        )

    def _faults(self, asleep: float) -> dict[int, Fault]:
        number = self.chance.choices((0, 1, 2, 5), (3, 5, 2, 1))[0]
        last = _LAST_OF_MANY if self.scale.sizes else _LAST_CALL
        faults = {self.chance.randrange(last): self.chance.choice(tuple(Fault)) for _ in range(number)}
        if self.chance.random() < asleep:
            faults[self.chance.randrange(3, last)] = Fault.PAUSED
        return faults

    def _hold_ends(self, ended: list[Ended]) -> None:
        """A run that fails must have met something, and must fail for a reason that this explains."""
        for one in ended:
            faults = {call: fault.name for call, fault in sorted(one.errand.faults.items())}
            self._tell(f"run {one.errand} {faults}: {statuses([one])} {one.record and one.record.error}")
            error = one.record.error.type if one.record and one.record.error else None
            if error and error not in (_DISTURBED if one.disturbed else {"UndecidedError"}):
                self._report([f"{one.errand.job} failed: {one.record and one.record.error}"])

    def _tell(self, what: str) -> None:
        self.told.append(f"{self.world.time.now():%m-%d %H:%M:%S} {what}")

    def _report(self, broken: list[str]) -> None:
        if broken:
            raise BrokenPromiseError("\n".join([*broken, "after:", *self.told]))
