from dataclasses import fields
from operator import attrgetter
from typing import NamedTuple

import pytest

from tests.protocol.explore import Walk, explore
from tests.protocol.guards import Guards
from tests.protocol.model import Protocol
from tests.protocol.state import Phase, Scenario

AS_DESIGNED = Guards()

# What can happen to the protocol as designed; a step that drops out of here would make its safety an empty claim.
VOCABULARY = {
    "the hot side creates {}",
    "the hot side edits {}",
    "the hot side deletes {}",
    "retire deletes {}",
    "the commit of {}'s stream arrives",
    "the uncommitted stream of {} vanishes",
    "the server forgets the committed stream of {}",
    "the UPDATE of {} to revision 2 arrives",
    "{} takes the lease",
    "{} has no intent to settle",
    "{} finds the intent of A",
    "{} finds the intent of B",
    "{} takes that stream for committed",
    "{} takes that stream for gone",
    "{} clears the intent it found",
    "{} reads the source",
    "{} asks the fact table for its keys",
    "{} appends its new rows",
    "{} writes its intent",
    "{} intends and gets no answer",
    "the unanswered intent of {} lands",
    "{} sees its own intent stand",
    "{} sends its commit",
    "{} takes its stream for committed",
    "{} sends its UPDATE",
    "{} verifies its rows",
    "{} closes",
}

# It takes a document that is new and one that was edited.
EARLY = "{} sends an UPDATE before its commit"


class Bounds(NamedTuple):
    """A scenario that is searched to its end, and how many states that is."""

    sentence: str
    states: int
    scenario: Scenario


class Mutant(NamedTuple):
    """The protocol less some guards, and what becomes of it."""

    sentence: str
    verdict: str
    removed: tuple[str, ...]
    scenario: Scenario = Scenario()


EXHAUSTIVE = [
    Bounds("two attempts, two events, two documents", 145_718, Scenario(attempts=2, events=2, documents=2)),
    Bounds("three attempts, one event, one document", 112_723, Scenario(attempts=3, events=1, documents=1)),
    Bounds("three attempts, two documents at rest", 60_958, Scenario(attempts=3, events=0, documents=2)),
    Bounds("three attempts, two events, one document", 431_696, Scenario(attempts=3, events=2, documents=1)),
    Bounds("two attempts, one event, three documents", 121_013, Scenario(attempts=2, events=1, documents=3)),
    Bounds("three attempts that may start again in process", 127_554, Scenario(attempts=3, retries_in_process=True)),
    Bounds("two attempts that revise before they append", 144_262, Scenario(events=2, documents=2, revises_first=True)),
]

LARGE = [
    Bounds("two attempts, four events, two documents", 1_673_780, Scenario(attempts=2, events=4, documents=2)),
    Bounds("three attempts, one event, two documents", 844_744, Scenario(attempts=3, events=1, documents=2)),
    Bounds("four attempts, one event, one document", 2_820_803, Scenario(attempts=4, events=1, documents=1)),
    Bounds("four attempts, two documents at rest", 1_282_162, Scenario(attempts=4, events=0, documents=2)),
]

HUGE = [
    Bounds("three attempts, two events, two documents", 6_096_965, Scenario(attempts=3, events=2, documents=2)),
    Bounds("five attempts, one document at rest", 6_765_850, Scenario(attempts=5, events=0, documents=1)),
]

BROKEN = [
    Mutant("an attempt that lost its lease still intends", "DUP", ("intend_checks_fence",)),
    Mutant("anybody may intend at any time", "DUP", ("intend_checks_fence", "intend_checks_no_intent")),
    Mutant("the intent is checked and written in two transactions", "DUP", ("intend_is_one_transaction",)),
    Mutant(
        "the fence is taken for mine because my execution holds it again",
        "DUP",
        ("fence_names_attempt",),
        Scenario(attempts=3, executions=(0, 1, 0)),
    ),
    Mutant(
        "an attempt that starts again in process overwrites its intent",
        "DUP",
        ("intend_checks_no_intent",),
        Scenario(retries_in_process=True),
    ),
    Mutant("an unanswered intent is taken for written", "DUP", ("unanswered_intend_is_read_again",)),
    Mutant("a found intent is overwritten", "DUP", ("recovery_happens", "intend_checks_no_intent")),
    Mutant("a found intent is never settled", "STUCK", ("recovery_happens",)),
    Mutant("the intent is cleared before the commit", "DUP", ("commit_before_clear",)),
    Mutant("the fact table is asked before recovery", "DUP", ("known_after_recovery",)),
    Mutant("the fact table is not asked at all", "DUP", ("known_is_asked",)),
    Mutant("the fact table is asked for one partition", "DUP", ("known_covers_all_partitions",)),
    Mutant("a status is believed without counting rows", "DUP", ("commit_is_proved_by_rows",)),
    Mutant(
        "a retried task keeps the fence it finds", "DUP", ("acquire_always_raises_fence",), Scenario(executions=(0, 0))
    ),
    Mutant("recovery strikes the intent out and forgets the stream", "DUP", ("recovery_commits",)),
    Mutant("recovery strikes the intent out, then commits", "DUP", ("recovery_commits_before_clearing",)),
    Mutant("an old UPDATE overwrites a newer row", "LOST", ("update_compares_revision",), Scenario(events=2)),
    Mutant("a revision overwrites the run id", "STUCK", ("update_keeps_run_id",)),
    Mutant("retire deletes an edited document", "LOST", ("retire_has_precondition",)),
    Mutant("any intent is cleared by anybody", "DUP", ("clear_compares_stream", "clear_compares_fence")),
    Mutant("an attempt tidies up after a failed commit", "DUP", ("failure_leaves_intent",)),
    Mutant("a stream is intended before it is finalized", "DUP", ("finalize_before_intend",)),
    Mutant("a stream not found is taken for gone at once", "DUP", ("not_found_waits_a_day",)),
    Mutant("a second commit appends again", "DUP", ("stream_commits_once",)),
    Mutant("two leases guard one table", "DUP", (), Scenario(leases=(0, 1))),
]

REDUNDANT = [
    Mutant("whoever holds the fence meets no intent", "SAFE", ("intend_checks_no_intent",)),
    Mutant("comparing the stream is enough to clear", "SAFE", ("clear_compares_fence",)),
    Mutant("comparing the fence is enough to clear", "SAFE", ("clear_compares_stream",)),
    Mutant("verifying finds nothing that counting rows missed", "SAFE", ("verify_by_key",)),
]


@pytest.mark.parametrize("bounds", EXHAUSTIVE, ids=attrgetter("sentence"))
def test_the_protocol_is_safe_and_converges_with(bounds: Bounds) -> None:
    search = explore(bounds.scenario, AS_DESIGNED)

    assert search.verdict == "SAFE", "\n".join(search.trace)
    assert search.states == bounds.states


@pytest.mark.parametrize(
    "bounds",
    [
        *(pytest.param(bounds, id=bounds.sentence, marks=pytest.mark.slow) for bounds in LARGE),
        *(pytest.param(bounds, id=bounds.sentence, marks=pytest.mark.nightly) for bounds in HUGE),
    ],
)
def test_the_protocol_is_also_safe_and_converges_with(bounds: Bounds) -> None:
    search = explore(bounds.scenario, AS_DESIGNED)

    assert search.verdict == "SAFE", "\n".join(search.trace)
    assert search.states == bounds.states


@pytest.mark.parametrize("mutant", BROKEN, ids=attrgetter("sentence"))
def test_the_protocol_breaks_when(mutant: Mutant) -> None:
    search = explore(mutant.scenario, AS_DESIGNED.without(*mutant.removed))

    assert search.verdict == mutant.verdict, "\n".join(search.trace)


@pytest.mark.parametrize("mutant", REDUNDANT, ids=attrgetter("sentence"))
def test_one_guard_can_be_spared_because(mutant: Mutant) -> None:
    search = explore(Scenario(attempts=3), AS_DESIGNED.without(*mutant.removed))

    assert search.verdict == mutant.verdict, "\n".join(search.trace)


def test_each_guard_has_been_taken_away_alone() -> None:
    alone = {mutant.removed for mutant in [*BROKEN, *REDUNDANT] if len(mutant.removed) == 1}

    assert alone == {(field.name,) for field in fields(Guards)}


def test_all_that_can_happen_does_happen() -> None:
    protocol = Protocol(Scenario(), AS_DESIGNED)

    assert {what for state in Walk(protocol) for what, _, _ in protocol.moves(state)} == VOCABULARY


def test_a_run_with_new_and_older_rows_may_send_an_update_before_its_commit() -> None:
    protocol = Protocol(Scenario(events=2, documents=2), AS_DESIGNED)

    assert any(what == EARLY for state in Walk(protocol) for what, _, _ in protocol.moves(state))


def test_safety_does_not_rest_on_waiting_for_the_lease() -> None:
    protocol = Protocol(Scenario(), AS_DESIGNED)
    first, second, _ = protocol.layout.attempts
    held = [
        s for s in Walk(protocol) if s[first.phase] not in {Phase.IDLE, Phase.DONE} and s[second.phase] == Phase.IDLE
    ]

    assert held
    assert all(any(move[:2] == ("{} takes the lease", "B") for move in protocol.moves(state)) for state in held)


def test_a_counterexample_is_a_story_of_fewest_steps() -> None:
    search = explore(Scenario(), AS_DESIGNED.without("recovery_happens"))

    assert search.trace == (
        "A takes the lease",
        "A has no intent to settle",
        "A reads the source",
        "A asks the fact table for its keys",
        "A appends its new rows",
        "A writes its intent",
        "every attempt is killed",
        "the clean run takes the lease",
        "the clean run has no intent to settle",
        "the clean run reads the source",
        "the clean run asks the fact table for its keys",
        "the clean run appends its new rows",
        "the clean run cannot go on",
    )
