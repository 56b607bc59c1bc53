"""Heartbeats by virtual time: they keep a lease, end with their run, and never come in between."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import pytest

from shared.lease import Lease, Leases
from tests.simulation.network import Fault, Process
from tests.simulation.world import World


@pytest.fixture
def world() -> World:
    return World(0)


@contextmanager
def held(world: World, process: Process) -> Iterator[tuple[Leases, Lease]]:
    with world.governed(), world.network.of(process):
        leases = world.parts().leases
        lease = leases.acquire("table", "me")
        assert lease is not None
        with lease.heartbeat():
            yield leases, lease


def ends(world: World, leases: Leases) -> datetime:
    with world.network.of(None):
        state = leases.peek("table")
    assert state.expires_at is not None
    return state.expires_at


def call_often(lease: Lease) -> None:
    for _ in range(20):
        lease.now()


def test_a_lease_is_prolonged_once_a_third_of_its_life_has_passed(world: World) -> None:
    with held(world, Process({})) as (leases, lease):
        first = ends(world, leases)
        call_often(lease)
        assert ends(world, leases) == first

        world.time.sleep(leases.life.total_seconds() / 3)
        call_often(lease)

        assert ends(world, leases) > first


def test_after_its_run_a_heart_beats_no_more(world: World) -> None:
    with held(world, Process({})) as (leases, lease):
        first = ends(world, leases)
    with world.governed(), world.network.of(Process({})):
        world.time.sleep(leases.life.total_seconds())
        call_often(lease)
        assert ends(world, leases) == first


def test_a_heart_does_not_beat_while_its_run_changes_the_lease(world: World) -> None:
    with held(world, Process({})) as (_, lease):
        world.time.sleep(30)

        lease.intend("stream", 1)
        lease.clear("stream")
        call_often(lease)


def test_a_heart_whose_lease_was_taken_gives_up(world: World) -> None:
    process = Process({})
    with held(world, process) as (leases, lease):
        world.time.sleep(leases.life.total_seconds() + 1)
        with world.network.of(None):
            other = leases.acquire("table", "other")
        assert other is not None
        call_often(lease)
        taken = ends(world, leases)

        world.time.sleep(25)
        before = process.calls
        call_often(lease)

        assert ends(world, leases) == taken
        assert process.calls == before + 20


def test_a_fault_may_meet_the_heartbeat_and_only_lets_the_lease_run_on(world: World) -> None:
    process = Process(dict.fromkeys((5, 6, 7), Fault.DENIED))
    with held(world, process) as (leases, lease):
        first = ends(world, leases)
        world.time.sleep(25)
        with world.network.of(process):
            beat_now(world, process)

        assert process.met
        assert ends(world, leases) == first
        assert lease.fence == 1


def beat_now(world: World, process: Process) -> None:
    pulse = process.pulse
    assert pulse is not None
    assert pulse.due, world.time.now()
    pulse.beat()
