"""How a table is split: one transaction that needs every lease of the table to be free, and raises all their fences."""

import pytest
from google.cloud import firestore

from shared.lease import LeaseLostError, Leases, SplitError
from shared.shards import WHOLE, Shard, shards
from tests.emulator.facts_lease import LIFE, Clock, document, race, take
from tests.emulator.wire import Wire

pytest_plugins = ["tests.emulator.lease_fixtures"]


def fences(client: firestore.Client) -> dict[str, int]:
    return {one.id: (one.to_dict() or {})["fence"] for one in client.collection("job_leases").stream()}


def test_a_table_that_nobody_touched_is_whole(leases: Leases) -> None:
    assert leases.of("facts") == [WHOLE]
    assert list(leases.states("facts")) == ["facts"]


def test_a_split_is_written_down_and_its_parts_have_leases_of_their_own(
    leases: Leases, client: firestore.Client
) -> None:
    leases.split("facts", 3)

    assert leases.of("facts") == shards(3)
    assert list(leases.states("facts")) == ["facts-0", "facts-1", "facts-2"]
    assert document(client) == {"shards": 3, "fence": 1, "owner": None, "expires_at": None, "intent": None}
    held = [take(leases, f"run-{part.index}", part) for part in shards(3)]
    assert [one.fence for one in held] == [2, 2, 2]
    assert document(client)["owner"] is None


def test_a_split_raises_the_fences_of_the_whole_of_the_old_parts_and_of_the_new_ones(
    leases: Leases, client: firestore.Client
) -> None:
    leases.split("facts", 2)
    leases.split("facts", 3)

    assert fences(client) == {"facts": 2, "facts-0": 2, "facts-1": 2, "facts-2": 1}


def test_a_table_becomes_whole_again(leases: Leases) -> None:
    leases.split("facts", 2)
    leases.split("facts", 1)

    assert leases.of("facts") == [WHOLE]
    assert take(leases).fence == 3


@pytest.mark.parametrize("shard", [WHOLE, Shard(0, 2), Shard(1, 4)], ids=["whole", "of two", "of four"])
def test_only_who_knows_the_division_gets_a_lease(leases: Leases, client: firestore.Client, shard: Shard) -> None:
    leases.split("facts", 3)
    before = fences(client)

    with pytest.raises(SplitError, match=f"facts has 3 shards, not {shard.count}; start the job anew"):
        leases.acquire("facts", "run-1", shard)
    assert fences(client) == before


@pytest.mark.parametrize("held", [Shard(0, 2), Shard(1, 2)], ids=["the first", "the last"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_no_part_may_be_held(leases: Leases, client: firestore.Client, clock: Clock, held: Shard, count: int) -> None:
    leases.split("facts", 2)
    take(leases, "run-1", held)
    before = fences(client)

    with pytest.raises(SplitError, match=f"{held.of('facts')} is not free: run run-1 is under way"):
        leases.split("facts", count)
    assert fences(client) == before
    assert leases.of("facts") == shards(2)

    clock.now += 2 * LIFE
    leases.split("facts", count)
    assert leases.of("facts") == shards(count)


def test_no_part_may_have_a_commit_to_settle(leases: Leases) -> None:
    leases.split("facts", 2)
    lease = take(leases, "run-1", Shard(1, 2))
    lease.intend("s1", 3)
    lease.release()

    with pytest.raises(SplitError, match=r"facts-1 is not free: run run-1 .* its commit is not settled"):
        leases.split("facts", 1)

    settled = take(leases, "run-2", Shard(1, 2))
    settled.clear("s1")
    settled.release()
    leases.split("facts", 1)


@pytest.mark.parametrize("shard", [WHOLE, Shard(0, 2)], ids=["of the whole", "of a part"])
def test_a_run_that_slept_through_a_split_holds_nothing_any_more(leases: Leases, clock: Clock, shard: Shard) -> None:
    if shard.count > 1:
        leases.split("facts", shard.count)
    zombie = take(leases, "run-1", shard)
    clock.now += 2 * LIFE
    leases.split("facts", 4)

    assert not zombie.renew()
    with pytest.raises(LeaseLostError):
        zombie.require_held()
    with pytest.raises(LeaseLostError):
        zombie.intend("s1", 3)


def test_nobody_takes_a_part_while_the_table_is_being_split(leases: Leases, line: Wire) -> None:
    leases.split("facts", 2)
    splitting, taking = race(
        line, lambda: leases.split("facts", 3), lambda: leases.acquire("facts", "run-1", Shard(0, 2))
    )
    split, taken = splitting.exception() is None, taking.exception() is None and taking.result() is not None
    assert not (split and taken), "a run holds a part of a table that was split meanwhile"
    assert leases.of("facts") == shards(3 if split else 2)
