"""The same world under Hypothesis, which looks for the shortest history that breaks a promise."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from shared.survey import Options
from tests.simulation.histories import EVERYTHING, PASSING, SIZES, History, Scale
from tests.simulation.network import Fault
from tests.simulation.world import Errand
from tests.sizes import Sizes

SAMPLE, MANY = 40, 5_000
CALLS = st.integers(0, 35)
JOBS = st.sampled_from(EVERYTHING.jobs)
HOURS = st.integers(1, 240)
ACTIONS = (
    "trades close",
    "trades open",
    "trades spoil",
    "trades lack",
    "trades delete",
    "fees coin",
    "fees dollar",
    "fees correct",
    "fees whole",
    "rejected put",
    "rejected spoil",
    "rejected delete",
    "expired put",
    "expired live",
    "expired spoil",
    "expired delete",
    "strategies put",
    "strategies touch",
    "account",
)


class Machine(RuleBasedStateMachine):
    """Everything that can happen, one rule each."""

    @initialize(seed=st.integers(0, 2**16), sizes=st.sampled_from(SIZES))
    def begin(self, seed: int, sizes: Sizes | None) -> None:
        self.history = History(seed, EVERYTHING, scale=Scale(sizes))

    @rule(name=st.sampled_from(ACTIONS))
    def change_a_source(self, name: str) -> None:
        self.history.act(self.history.sources.actions()[name])

    @rule(seconds=st.sampled_from(PASSING))
    def advance_the_clock(self, seconds: float) -> None:
        self.history.sleep(seconds)

    @rule(job=JOBS)
    def run(self, job: str) -> None:
        self.history.send(Errand(job))

    @rule(job=JOBS, ago=HOURS)
    def run_as_of_earlier(self, job: str, ago: int) -> None:
        as_of = self.history.world.time.now() - timedelta(hours=ago)
        self.history.send(Errand(job, Options(as_of=as_of, delete=True)))

    @rule(job=JOBS, since=HOURS, until=HOURS)
    def fill_back(self, job: str, since: int, until: int) -> None:
        days = [(self.history.world.time.now() - timedelta(hours=one)).date() for one in (since, until)]
        self.history.send(Errand(job, Options(since=min(days), until=max(days), delete=True)))

    @rule(job=JOBS, call=CALLS, fault=st.sampled_from(Fault))
    def run_into_a_fault(self, job: str, call: int, fault: Fault) -> None:
        self.history.send(Errand(job, faults={call: fault}))

    @rule(job=JOBS, other=JOBS, pause=CALLS, kill=st.none() | CALLS)
    def run_two_at_once(self, job: str, other: str, pause: int, kill: int | None) -> None:
        faults = {pause: Fault.PAUSED} | ({} if kill is None else {kill: Fault.KILLED_AFTER})
        self.history.send(Errand(job, faults=faults), Errand(other))

    @rule(job=JOBS, pause=CALLS)
    def run_the_same_twice_at_once(self, job: str, pause: int) -> None:
        self.history.send(Errand(job, faults={pause: Fault.PAUSED}), Errand(job))

    @rule()
    def lose_streams(self) -> None:
        self.history.lose_streams()

    @invariant()
    def promises_hold(self) -> None:
        self.history.check()

    def teardown(self) -> None:
        if hasattr(self, "history"):
            self.history.settle_down()


def _search(examples: int, *, again: bool) -> None:
    """Let Hypothesis try so many histories; `again` the same ones every time."""
    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=12,
            deadline=None,
            derandomize=again,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_no_sequence_of_rules_breaks_a_promise(histories: Callable[[int], int]) -> None:
    _search(histories(SAMPLE), again=True)


@pytest.mark.nightly
def test_no_sequence_of_rules_breaks_a_promise_in_very_many_tries(histories: Callable[[int], int]) -> None:
    _search(histories(MANY), again=False)
