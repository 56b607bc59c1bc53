"""Each guard of the lease by itself: the real client, the wire, and the embedded Firestore with a clock to move."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Semaphore

import pytest
from google.api_core.exceptions import GoogleAPIError
from google.cloud import firestore

from shared.lease import Lease, LeaseLostError, Leases
from tests.emulator import moments
from tests.emulator.facts_lease import LIFE, Clock, document, lose, race, take
from tests.emulator.wire import PATIENCE_S, Call, RefusedError, Wire, once

pytest_plugins = ["tests.emulator.lease_fixtures"]

Write = Callable[[], object]


def intended(client: firestore.Client) -> str | None:
    """The stream that an intent names."""
    return (document(client).get("intent") or {}).get("stream")


def test_the_first_take_makes_the_lease(leases: Leases, client: firestore.Client, clock: Clock) -> None:
    lease = take(leases)

    held = document(client)
    assert (held["fence"], held["owner"], lease.fence, lease.found_intent) == (1, "run-1", 1, None)
    assert timedelta(0) <= held["expires_at"] - (clock.now + LIFE) < timedelta(milliseconds=1)


def test_every_take_raises_the_fence_even_for_the_same_owner(leases: Leases, client: firestore.Client) -> None:
    fences = [take(leases).fence, take(leases).fence]
    take(leases).release()
    fences.append(take(leases, "run-2").fence)

    assert fences == [1, 2, 4]
    assert document(client)["fence"] == 4


@pytest.mark.parametrize(("later", "taken"), [(timedelta(0), False), (LIFE / 2, False), (LIFE, True)])
def test_a_lease_is_held_until_it_expires(leases: Leases, clock: Clock, *, later: timedelta, taken: bool) -> None:
    take(leases)
    clock.now += later

    assert (leases.acquire("facts", "run-2") is not None) == taken


def test_a_held_lease_is_not_touched_by_whom_it_is_refused_to(leases: Leases, client: firestore.Client) -> None:
    take(leases)
    before = document(client)

    assert leases.acquire("facts", "run-2") is None
    assert document(client) == before


def test_leases_of_other_tables_are_free(leases: Leases) -> None:
    take(leases)

    other = leases.acquire("others", "run-2")
    assert other is not None
    assert other.fence == 1


def test_a_look_at_a_lease_says_what_is_written_and_writes_nothing(leases: Leases, line: Wire, clock: Clock) -> None:
    nothing = leases.peek("facts")
    assert (nothing.fence, nothing.owner, nothing.expires_at, nothing.intent) == (0, None, None, None)
    take(leases).intend("s1", 3)
    line.set()

    state = leases.peek("facts")

    assert (state.fence, state.owner) == (1, "run-1")
    assert state.intent is not None
    assert (state.intent.stream, state.intent.run_id, state.intent.n) == ("s1", "run-1", 3)
    assert abs(state.intent.created_at - clock.now) < timedelta(milliseconds=1)
    assert not any(call.name == "Commit" for call in line.calls)


def test_the_next_holder_finds_the_intent(leases: Leases, clock: Clock) -> None:
    take(leases).intend("s1", 3)

    found = lose(leases, clock).found_intent

    assert found is not None
    assert (found.stream, found.run_id, found.n) == ("s1", "run-1", 3)


def test_an_intent_under_an_old_fence_is_refused(leases: Leases, client: firestore.Client, clock: Clock) -> None:
    lease = take(leases)
    lose(leases, clock)

    with pytest.raises(LeaseLostError, match="the lease facts was taken by another run, or holds another intent"):
        lease.intend("s1", 3)
    assert intended(client) is None


def test_an_owner_that_took_its_lease_again_cannot_write_under_its_first_fence(leases: Leases) -> None:
    first = take(leases)
    take(leases)

    with pytest.raises(LeaseLostError):
        first.intend("s1", 3)


def test_an_intent_takes_the_place_of_no_other(leases: Leases, client: firestore.Client) -> None:
    lease = take(leases)
    lease.intend("s1", 3)
    before = document(client)

    with pytest.raises(LeaseLostError):
        lease.intend("s2", 4)
    assert document(client) == before


def test_an_intent_that_is_written_again_stays_as_it_was(leases: Leases, client: firestore.Client) -> None:
    lease = take(leases)
    lease.intend("s1", 3)
    before = document(client)

    lease.intend("s1", 3)

    assert document(client) == before


@dataclass
class Race:
    """A write of a lease that expired, and another run that wants the lease before the write is done."""

    wrote: bool
    """Whether the write found the lease its own."""
    taken: Lease | None


def raced(leases: Leases, clock: Clock, line: Wire, write: Write) -> Race:
    """Let another run try to take the lease, half a life later, while `write` is on its way."""

    def take_it() -> Lease | None:
        clock.now += LIFE / 2
        return leases.acquire("facts", "run-2")

    clock.now += LIFE
    writing, taking = race(line, write, take_it)
    return Race(
        wrote=writing.exception() is None and writing.result() is not False,
        taken=None if taking.exception() else taking.result(),
    )


def test_nobody_takes_the_lease_between_the_look_at_the_fence_and_the_intent(
    leases: Leases, client: firestore.Client, clock: Clock, line: Wire
) -> None:
    lease = take(leases)

    ended = raced(leases, clock, line, lambda: lease.intend("s1", 3))

    assert ended.wrote == (intended(client) is not None)
    if ended.taken is not None:
        assert (ended.taken.found_intent is not None) == ended.wrote, "an intent under a lost fence"


def test_nobody_takes_the_lease_between_the_look_at_the_fence_and_the_clearing(
    leases: Leases, clock: Clock, line: Wire
) -> None:
    lease = take(leases)
    lease.intend("s1", 3)

    ended = raced(leases, clock, line, lambda: lease.clear("s1"))

    if ended.taken is not None:
        assert (ended.taken.found_intent is None) == ended.wrote, "an intent was cleared that another run settles"


def test_nobody_s_lease_is_given_back_by_who_lost_it_on_the_way(
    leases: Leases, client: firestore.Client, clock: Clock, line: Wire
) -> None:
    lease = take(leases)

    ended = raced(leases, clock, line, lease.release)

    assert ended.taken is None or document(client)["owner"] == "run-2"


def test_nobody_s_lease_is_shortened_by_who_lost_it_on_the_way(
    leases: Leases, client: firestore.Client, clock: Clock, line: Wire
) -> None:
    lease = take(leases)

    ended = raced(leases, clock, line, lease.renew)

    if ended.taken is not None:
        assert abs(document(client)["expires_at"] - (clock.now + LIFE)) < timedelta(milliseconds=1)


def test_a_cleared_intent_is_gone(leases: Leases, client: firestore.Client) -> None:
    lease = take(leases)
    lease.intend("s1", 3)

    lease.clear("s1")

    assert intended(client) is None
    lease.intend("s2", 4)


def test_clearing_one_stream_leaves_the_intent_of_another(leases: Leases, client: firestore.Client) -> None:
    lease = take(leases)
    lease.intend("s1", 3)

    lease.clear("s2")

    assert intended(client) == "s1"


def test_clearing_under_an_old_fence_leaves_the_intent(leases: Leases, client: firestore.Client, clock: Clock) -> None:
    lease = take(leases)
    lease.intend("s1", 3)
    lose(leases, clock)

    with pytest.raises(LeaseLostError):
        lease.clear("s1")
    assert intended(client) == "s1"


def test_a_released_lease_is_free_at_once_and_keeps_its_fence_and_intent(
    leases: Leases, client: firestore.Client
) -> None:
    lease = take(leases)
    lease.intend("s1", 3)

    lease.release()

    left = document(client)
    assert (left["owner"], left["expires_at"], left["fence"], intended(client)) == (None, None, 1, "s1")
    take(leases, "run-2")


def test_a_lease_that_was_lost_is_not_released(leases: Leases, client: firestore.Client, clock: Clock) -> None:
    lease = take(leases)
    lose(leases, clock)
    before = document(client)

    lease.release()

    assert document(client) == before


def test_a_renewed_lease_lives_on_from_now(leases: Leases, client: firestore.Client, clock: Clock) -> None:
    lease = take(leases)
    clock.now += LIFE / 2

    assert lease.renew()

    held = document(client)
    assert abs(held["expires_at"] - (clock.now + LIFE)) < timedelta(milliseconds=1)
    assert (held["fence"], held["owner"]) == (1, "run-1")


def test_a_lease_that_was_lost_is_not_renewed(leases: Leases, client: firestore.Client, clock: Clock) -> None:
    lease = take(leases)
    lose(leases, clock)
    before = document(client)

    assert not lease.renew()
    assert document(client) == before


def test_a_lease_is_required_until_it_is_lost(leases: Leases, clock: Clock) -> None:
    lease = take(leases)
    lease.require_held()
    lose(leases, clock)

    with pytest.raises(LeaseLostError):
        lease.require_held()


def test_the_time_of_a_lease_is_the_server_s(leases: Leases, clock: Clock) -> None:
    lease = take(leases)

    assert abs(lease.now() - clock.now) < timedelta(milliseconds=1)


WRITES: dict[str, Callable[[Lease], object]] = {
    "intend": lambda lease: lease.intend("s1", 3),
    "clear": lambda lease: lease.clear("s0"),
    "release": lambda lease: lease.release(),
}


def prepared(leases: Leases, write: str) -> Lease:
    """A lease in the state that a write expects."""
    lease = take(leases)
    if write == "clear":
        lease.intend("s0", 1)
    return lease


def fail_commits(call: Call) -> None:
    """An error on which the client does not send again by itself."""
    if call.name == "Commit":
        raise RefusedError("INTERNAL")


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_happened_counts_although_its_answer_was_lost(
    leases: Leases, client: firestore.Client, line: Wire, write: str
) -> None:
    lease = prepared(leases, write)
    before = document(client)
    line.set(after=fail_commits)

    WRITES[write](lease)

    assert document(client) != before


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_never_happened_fails(leases: Leases, client: firestore.Client, line: Wire, write: str) -> None:
    lease = prepared(leases, write)
    before = document(client)
    line.set(before=fail_commits)

    with pytest.raises(GoogleAPIError):
        WRITES[write](lease)
    assert document(client) == before


def test_a_lease_taken_without_an_answer_is_held(leases: Leases, client: firestore.Client, line: Wire) -> None:
    take(leases, "run-0").intend("s0", 1)
    take(leases, "run-0").release()
    line.set(after=fail_commits)

    lease = take(leases)

    # One more for every attempt that there was time for.
    assert lease.fence == document(client)["fence"] >= 3
    assert lease.found_intent is not None
    lease.require_held()


def test_a_lease_that_could_not_be_asked_for_fails(leases: Leases, line: Wire) -> None:
    line.set(before=fail_commits)

    with pytest.raises(GoogleAPIError):
        leases.acquire("facts", "run-1")


def test_a_write_in_the_way_is_waited_for(leases: Leases, client: firestore.Client, line: Wire) -> None:
    leases.retry_seconds = PATIENCE_S
    lease = take(leases)

    def abort(_call: Call) -> None:
        raise RefusedError("ABORTED")

    line.set(before=once(lambda call: call.name == "Commit", lambda: abort(line.calls[-1])))
    lease.intend("s1", 3)

    assert intended(client) == "s1"


@contextmanager
def beating(leases: Leases, lease: Lease) -> Iterator[threading.Thread]:
    """Keep a heartbeat of a very short life, and wait for its end."""
    leases.life = timedelta(milliseconds=60)
    with lease.heartbeat():
        (beat,) = (one for one in threading.enumerate() if one.name == "lease-heartbeat")
        yield beat
    beat.join(PATIENCE_S)
    assert not beat.is_alive()


def test_a_heartbeat_renews_the_lease_until_the_work_ends(leases: Leases, line: Wire) -> None:
    renewals = Semaphore(0)
    line.set(after=lambda call: renewals.release() if moments.renews(call) else None)

    with beating(leases, take(leases)) as beat:
        assert all(renewals.acquire(timeout=PATIENCE_S) for _ in range(3))
        assert beat.daemon, "a process must not wait for it"


def test_a_heartbeat_outlives_a_failure(leases: Leases, line: Wire) -> None:
    lease, renewals = take(leases), Semaphore(0)
    failure = once(lambda call: call.name == "Commit", lambda: fail_commits(line.calls[-1]))
    line.set(before=failure, after=lambda call: renewals.release() if moments.renews(call) else None)

    with beating(leases, lease):
        assert renewals.acquire(timeout=PATIENCE_S)


def test_a_heartbeat_ends_when_the_lease_is_lost(leases: Leases, clock: Clock) -> None:
    lease = take(leases)
    lose(leases, clock)

    with beating(leases, lease) as beat:
        beat.join(PATIENCE_S)
        assert not beat.is_alive()
