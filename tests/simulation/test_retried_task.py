"""A task that is tried again: the lease of a killed attempt is waited for, and that of a live run left alone."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from jobs.registry import all_jobs
from schemas.run_record import RunRecord, Status
from shared.attempts import take_lease
from shared.lease import Lease
from shared.parts import Parts
from shared.run import run
from shared.shards import shards
from tests.simulation.listening import TRADES, Listening
from tests.simulation.network import Fault
from tests.simulation.world import statuses

WAITING = "tried again, and waiting for the lease"
LIFE_S = 60
KILLED_AT = 12
"""The call at which an attempt dies: it holds its lease and has written nothing that counts."""


@pytest.fixture
def world() -> Listening:
    """Three trades to archive, and an attempt that was killed over them."""
    world = Listening.of_three_trades()
    assert statuses([world.one(replace(TRADES, faults={KILLED_AT: Fault.KILLED_BEFORE}))]) == ["KILLED"]
    return world


def record_of(world: Listening) -> RunRecord:
    record = world.one().record
    assert record is not None
    return record


def test_the_retry_of_a_killed_task_waits_for_its_lease_and_does_its_work(world: Listening) -> None:
    world.become(attempt=1)
    began = world.time.monotonic()

    record = record_of(world)

    assert (record.status, record.counts.archived, record.attempt) == (Status.SUCCEEDED, 3, 1)
    assert len(world.rows) == 3
    assert LIFE_S / 2 < world.time.monotonic() - began < LIFE_S + 10
    ((_, fields),) = world.told(WAITING)
    assert fields["lease"] == "fact_trades"
    ended = {fields["status"] for _, fields in world.documents("job_metadata").values()}
    assert ended == {"ABANDONED", "SUCCEEDED"}


def test_another_first_attempt_is_skipped_at_once(world: Listening) -> None:
    record = record_of(world)

    assert (record.status, world.rows, world.told(WAITING)) == (Status.SKIPPED, [], [])


def test_a_retry_with_a_free_lease_does_not_wait() -> None:
    world = Listening.of_three_trades(attempt=1)

    assert (record_of(world).status, world.told(WAITING)) == (Status.SUCCEEDED, [])


def test_a_retry_in_a_shard_waits_for_the_lease_of_that_shard() -> None:
    world = Listening.of_three_trades(attempt=1)
    with world.governed():
        world.parts().leases.split("fact_trades", 2)
    one, other = shards(2)
    with world.governed():
        assert world.parts().leases.acquire("fact_trades", "dead", one)
        assert take_lease(world.parts(), "fact_trades", "next", other)
        assert world.told(WAITING) == []
        assert take_lease(world.parts(), "fact_trades", "next", one)
    assert [fields["lease"] for _, fields in world.told(WAITING)] == [one.of("fact_trades")]


def test_a_lease_that_a_live_run_keeps_renewing_is_waited_for_once() -> None:
    world = Listening.of_three_trades(attempt=1)
    waits: list[float] = []

    def alive(parts: Parts, holder: Lease) -> Callable[[float], None]:
        def pause(seconds: float) -> None:
            waits.append(seconds)
            for _ in range(4):
                parts.pause(seconds / 4)
                assert holder.renew()

        return pause

    with world.governed():
        parts = world.parts()
        holder = parts.leases.acquire("fact_trades", "alive")
        assert holder is not None
        before = parts.leases.peek("fact_trades")
        record = run(all_jobs()[TRADES.job], TRADES.options, replace(parts, pause=alive(parts, holder)))
        after = parts.leases.peek("fact_trades")

    assert (record.status, record.counts.read, world.rows) == (Status.SKIPPED, 0, [])
    assert (after.owner, after.fence) == ("alive", before.fence)
    assert len(waits) == 1
    assert waits[0] <= LIFE_S + 1


def test_a_lease_given_back_before_it_is_looked_at_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    world = Listening.of_three_trades(attempt=1)
    with world.governed():
        parts = world.parts()
        holder = parts.leases.acquire("fact_trades", "alive")
        assert holder is not None
        peek = parts.leases.peek

        def released(name: str) -> object:
            holder.release()
            return peek(name)

        monkeypatch.setattr(parts.leases, "peek", released)
        assert take_lease(parts, "fact_trades", "next")
    assert world.told(WAITING) == []
