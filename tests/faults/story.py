"""A history as a value: a seed makes its jobs, its days, what strikes which run, and what happens in between."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random

from tests.faults.kinds import KINDS
from tests.faults.universe import SIZE, Universe, Write

SOURCES = {
    "strategies": "dim_strategies",
    "price-patch": "live_positions",
    "trades": "live_positions",
    "rejected-signals": "rejected_signals",
    "expired-signals": "live_signals",
    "account-snapshot": None,
    "fee-patch": "live_positions",
    "retire": "live_positions",
}
"""Job → where its documents are; in the order in which clean runs go."""
NEEDS = {"fee-patch": "trades", "retire": "trades", "price-patch": "trades"}
"""Job → the job without which it has nothing to do."""
DAYS = 2
CALLS = 45
"""About as many as a run makes."""
TIMES = 5
"""Double fires, or stops, of one history."""
CALLS_OF = {"trades": 35, "rejected-signals": 22, "expired-signals": 22, "account-snapshot": 25, "strategies": 22}
"""About as many calls as these make when they have work."""
IN_PASSING = "told_to_stop_in_passing"
"""SIGTERM, and the call goes on as if nothing had happened."""
STOPS = ("told_to_stop_before", "told_to_stop", IN_PASSING)
_SWIFT = [kind.name for kind in KINDS.values() if not kind.process and not kind.hasty]
_SLOW = [kind.name for kind in KINDS.values() if kind.process or kind.hasty]


@dataclass(frozen=True)
class Strike:
    """A fault at the first call it can befall from a number on."""

    kind: str
    number: int


@dataclass(frozen=True)
class Errand:
    """A run that something happens to."""

    job: str
    strikes: tuple[Strike, ...]
    meanwhile: tuple[Write, ...]
    """What the engine writes while it runs."""
    at: int
    """At which of its calls."""


@dataclass(frozen=True)
class Turn:
    """One of several runs goes on until a call, or to its end."""

    run: int
    until: int | None
    expires: bool
    """Whether the leases of the others, which wait, run out before."""


@dataclass(frozen=True)
class Fired:
    """A job that is started twice at once."""

    job: str
    processes: bool
    """Whether as two processes; else as two threads."""


@dataclass(frozen=True)
class Day:
    """What happens on a day; in its evening every job has a clean run."""

    number: int
    writes: tuple[Write, ...]
    charged: tuple[int, ...]
    """Positions whose fees the broker posts."""
    ages: bool
    """Whether all that is archived grows old enough to be retired."""
    errands: tuple[Errand, ...] = ()
    together: tuple[str, ...] = ()
    """Jobs that run side by side."""
    turns: tuple[Turn, ...] = ()
    fired: Fired | None = None
    stopped: Errand | None = None


@dataclass(frozen=True)
class Story:
    """A whole history."""

    seed: int
    jobs: tuple[str, ...]
    days: tuple[Day, ...]


def of_faults(seed: int) -> Story:
    """A history of runs that faults befall, several each."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    jobs, universe = _cast(random)
    days = []
    for number in range(DAYS):
        day = _day(random, universe, number)
        errands = tuple(_errand(random, universe, jobs) for _ in range(random.randint(1, 2)))
        days.append(Day(**{**vars(day), "errands": errands}))
    return Story(seed, jobs, tuple(days))


def of_overlaps(seed: int) -> Story:
    """A history of runs that wait for each other at any of their calls."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    jobs, universe = _cast(random)
    days = []
    for number in range(DAYS):
        together = tuple(random.choices(jobs, k=random.choice([2, 2, 3])))
        if random.random() < 0.5:
            together = tuple(together[:1] * len(together))
        turns = tuple(_turns(random, len(together)))
        days.append(Day(**{**vars(_day(random, universe, number)), "together": together, "turns": turns}))
    return Story(seed, jobs, tuple(days))


def of_double_fires(seed: int) -> Story:
    """A history in which every day a job is started twice at once."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    jobs, universe = _cast(random)
    days = []
    for number in range(TIMES):
        fired = Fired(random.choice(jobs), processes=random.random() < 0.2)
        days.append(Day(**{**vars(_day(random, universe, number)), "fired": fired}))
    return Story(seed, jobs, tuple(days))


def of_stops(seed: int) -> Story:
    """A history in which every day a run is told to stop."""
    random = Random(seed)  # noqa: S311 - reproducible, not secret
    jobs, universe = _cast(random)
    days = []
    for number in range(TIMES):
        job = random.choice(jobs)
        strike = Strike(random.choice(STOPS), random.randint(1, CALLS_OF.get(job, 15)))
        days.append(Day(**{**vars(_day(random, universe, number)), "stopped": Errand(job, (strike,), (), 0)}))
    return Story(seed, jobs, tuple(days))


def _cast(random: Random) -> tuple[tuple[str, ...], Universe]:
    """Choose one or two jobs, and those that they need."""
    chosen = {random.choice(list(SOURCES)) for _ in range(random.randint(1, 2))}
    chosen |= {NEEDS[job] for job in chosen if job in NEEDS}
    jobs = tuple(job for job in SOURCES if job in chosen)
    collections = tuple(sorted({source for job in jobs if (source := SOURCES[job])}))
    return jobs, Universe(random, collections or ("dim_strategies",))


def _day(random: Random, universe: Universe, number: int) -> Day:
    charged = tuple(one for one in range(1, SIZE + 1) if random.random() < 0.4)
    return Day(number, universe.live(random.randint(2, 6)), charged, ages=random.random() < 0.5)


def _errand(random: Random, universe: Universe, jobs: Sequence[str]) -> Errand:
    pool = _SLOW if random.random() < 0.12 else _SWIFT
    strikes = [Strike(random.choice(pool), random.randint(1, CALLS))]
    strikes += [Strike(random.choice(_SWIFT), random.randint(1, CALLS)) for _ in range(random.randint(0, 3))]
    meanwhile = universe.live(random.randint(1, 3)) if random.random() < 0.4 else ()
    return Errand(random.choice(jobs), tuple(strikes), meanwhile, random.randint(1, CALLS))


def _turns(random: Random, runs: int) -> Iterator[Turn]:
    """Each run is held once or twice, at any call, while others go on; in the end each goes to its end."""
    for _ in range(random.randint(runs, runs * 2)):
        yield Turn(random.randrange(runs), random.randint(1, CALLS), expires=random.random() < 0.7)
    for run in random.sample(range(runs), runs):
        yield Turn(run, None, expires=random.random() < 0.7)
