"""Every kind of fault at every call of every job, in a simulated world: then a day of peace, and everything holds."""

from collections.abc import Callable, Iterator

import pytest

from tests.simulation.histories import EVERYTHING, THEMES, BrokenPromiseError, History, Theme
from tests.simulation.network import Fault
from tests.simulation.world import Errand

SHARE = 23
"""The default lane tries one of so many; a prime, so that it is another kind at each call."""
SEEDS = 6
"""Different worlds of the nightly lane."""
TWO_DAYS_S = 2 * 86_400.0


MENDING = Theme(("trades", "price-patch"), ("trades",))


def theme_of(job: str) -> Theme:
    """A theme that a job has a part in."""
    return MENDING if job == "price-patch" else next(one for one in THEMES if job in one.jobs)


def eve(job: str, seed: int) -> History:
    """A world in which a run of the job has something to do: archived records, edited ones, new ones."""
    history = History(seed, theme_of(job))
    for _ in range(8):
        history.change()
    for other in (one for one in history.theme.jobs if one not in {job, "retire"} or one == "trades"):
        history.send(Errand(other))
    history.sleep(TWO_DAYS_S)
    for _ in range(4):
        history.change()
    return history


def calls(job: str, seed: int) -> int:
    """How many calls a run of the job makes there, undisturbed."""
    history, counted = eve(job, seed), list[int]()
    passed = history.world.network.call

    def call(*arguments: object, **named: object) -> object:
        counted.append(1)
        return passed(*arguments, **named)  # type: ignore[arg-type]  # handed on as they come

    history.world.network.call = call  # type: ignore[method-assign,assignment]  # counts, and passes on
    history.send(Errand(job))
    return len(counted)


def every(job: str, seed: int) -> Iterator[tuple[int, Fault]]:
    for place in range(calls(job, seed)):
        for fault in Fault:
            yield place, fault


def stand(job: str, seed: int, place: int, fault: Fault) -> None:
    history = eve(job, seed)
    try:
        history.send(Errand(job, faults={place: fault}))
        history.check()
        history.settle_down()
    except BrokenPromiseError as error:
        raise AssertionError(f"{job}, world {seed}, call {place}, {fault.name}: {error}") from error


@pytest.mark.parametrize("job", EVERYTHING.jobs)
def test_a_job_stands_faults_at_its_calls(job: str) -> None:
    for number, (place, fault) in enumerate(every(job, seed=0)):
        if number % SHARE == 0:
            stand(job, 0, place, fault)


@pytest.mark.nightly
@pytest.mark.parametrize("job", EVERYTHING.jobs)
def test_a_job_stands_every_kind_of_fault_at_every_call(job: str, histories: Callable[[int], int]) -> None:
    tried = 0
    for seed in range(histories(SEEDS)):
        for place, fault in every(job, seed):
            stand(job, seed, place, fault)
            tried += 1
    print(f"{job}: {tried} faults in {histories(SEEDS)} worlds")  # noqa: T201 - pytest -s shows how many
