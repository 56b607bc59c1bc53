"""Every kind of fault at every call of every job, in a simulated world: then a day of peace, and everything holds.

A failure ends with the command that replays it alone, which names job, world, call and kind.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

import pytest

from tests.replay import replayed_by
from tests.simulation.histories import EVERYTHING, ONE_BY_ONE, THEMES, BrokenPromiseError, History, Scale, Theme
from tests.simulation.network import Fault
from tests.simulation.world import Errand

SHARE, SHARE_OF_MANY = 23, 47
"""The default lane tries one of so many; primes, so that it is another kind at each call."""
SEEDS = 6
"""Different worlds of the nightly lane."""
TWO_DAYS_S = 2 * 86_400.0
REPLAY = "pytest tests/simulation/test_every_call.py --fault"

SCALES: Mapping[str, Scale] = {"whole": Scale(), "pages": Scale(ONE_BY_ONE)}
"""How much the runs of a world take at once."""
PAGED = ("strategies", "trades", "rejected-signals", "expired-signals", "job-runs", "retire")
"""Jobs that read page by page."""
SEED_OF_MANY = 1
"""A world in which most of them append several times."""
MENDING = Theme(("trades", "price-patch"), ("trades",))


class Strike(NamedTuple):
    """A kind of fault at one call of a job, by its place among the calls of a run in a world."""

    job: str
    seed: int
    scale: str
    place: int
    fault: Fault

    def __str__(self) -> str:
        """Write it as `--fault` takes it."""
        return f"{self.job}/{self.seed}/{self.scale}/{self.place}/{self.fault.name}"

    @classmethod
    def read(cls, written: str) -> "Strike":
        job, seed, scale, place, fault = written.split("/")
        return cls(job, int(seed), scale, int(place), Fault[fault])


@pytest.fixture
def replayed(pytestconfig: pytest.Config) -> Strike | None:
    """The fault that the command line asks for."""
    asked: str | None = pytestconfig.getoption("--fault")
    return None if asked is None else Strike.read(asked)


def theme_of(job: str) -> Theme:
    """A theme that a job has a part in."""
    return MENDING if job == "price-patch" else next(one for one in THEMES if job in one.jobs)


def eve(job: str, seed: int, scale: str) -> History:
    """A world in which a run of the job has something to do: archived records, edited ones, new ones.

    Where a run takes one document at once, there are more of each.
    """
    history = History(seed, theme_of(job), scale=SCALES[scale])
    history.sleep(history.theme.later.total_seconds())
    more = 4 if SCALES[scale].sizes else 0
    for _ in range(8 + more):
        history.change()
    for other in (one for one in history.theme.jobs if one not in {job, "retire"} or one == "trades"):
        history.send(Errand(other))
    history.sleep(TWO_DAYS_S)
    for _ in range(4 + more):
        history.change()
    return history


def calls(job: str, seed: int, scale: str) -> int:
    """How many calls a run of the job makes there, undisturbed."""
    history, counted = eve(job, seed, scale), list[int]()
    passed = history.world.network.call

    def call(*arguments: object, **named: object) -> object:
        counted.append(1)
        return passed(*arguments, **named)  # type: ignore[arg-type]  # handed on as they come

    history.world.network.call = call  # type: ignore[method-assign,assignment]  # counts, and passes on
    history.send(Errand(job))
    return len(counted)


def every(job: str, seed: int, scale: str) -> Iterator[Strike]:
    for place in range(calls(job, seed, scale)):
        for fault in Fault:
            yield Strike(job, seed, scale, place, fault)


def stand(strike: Strike) -> None:
    with replayed_by(f"{REPLAY} {strike}"):
        history = eve(strike.job, strike.seed, strike.scale)
        history.send(Errand(strike.job, faults={strike.place: strike.fault}))
        history.check()
        history.settle_down()


def stand_all(job: str, seeds: int, scale: str) -> None:
    tried = 0
    for seed in range(seeds):
        for strike in every(job, seed, scale):
            stand(strike)
            tried += 1
    print(f"{job}, {scale}: {tried} faults in {seeds} worlds")  # noqa: T201 - pytest -s shows how many


@pytest.mark.parametrize("job", EVERYTHING.jobs)
def test_a_job_stands_faults_at_its_calls(job: str, replayed: Strike | None) -> None:
    if replayed and replayed.job != job:
        pytest.skip("another job's fault is replayed")
    strikes: Iterable[Strike] = [replayed] if replayed else islice(every(job, 0, "whole"), 0, None, SHARE)
    for strike in strikes:
        stand(strike)


@pytest.mark.parametrize("job", PAGED)
def test_a_job_that_goes_page_by_page_stands_faults_at_its_calls(job: str, replayed: Strike | None) -> None:
    if replayed:
        pytest.skip("one fault is replayed")
    for strike in islice(every(job, SEED_OF_MANY, "pages"), 0, None, SHARE_OF_MANY):
        stand(strike)


def test_a_job_that_does_not_stand_a_fault_says_how_to_replay_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def unkept(history: History) -> None:
        raise BrokenPromiseError(f"a row is missing from world {history.seed}")

    monkeypatch.setattr(History, "settle_down", unkept)
    strike = Strike("fee-patch", 1, "whole", 0, Fault.REFUSED)

    with pytest.raises(BrokenPromiseError, match="a row is missing from world 1") as broken:
        stand(strike)

    assert broken.value.__notes__ == [f"replay: {REPLAY} fee-patch/1/whole/0/REFUSED"]
    assert Strike.read(str(strike)) == strike


@pytest.mark.nightly
@pytest.mark.parametrize("job", EVERYTHING.jobs)
def test_a_job_stands_every_kind_of_fault_at_every_call(job: str, histories: Callable[[int], int]) -> None:
    stand_all(job, histories(SEEDS), "whole")


@pytest.mark.nightly
@pytest.mark.parametrize("job", PAGED)
def test_a_job_that_goes_page_by_page_stands_every_kind_of_fault_at_every_call(
    job: str, histories: Callable[[int], int]
) -> None:
    stand_all(job, histories(SEEDS), "pages")
