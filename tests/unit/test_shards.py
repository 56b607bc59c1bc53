"""Shards: every document is in one of them, and every one of them falls to one task."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.shards import MOST, WHOLE, is_of, of_task, shards


@given(st.text(), st.integers(1, MOST))
def test_every_document_is_in_one_shard(identity: str, count: int) -> None:
    assert sum(shard.holds(identity) for shard in shards(count)) == 1


@given(st.integers(1, MOST), st.integers(1, 2 * MOST))
def test_every_shard_falls_to_one_task(count: int, tasks: int) -> None:
    taken = [shard for task in range(tasks) for shard in of_task(shards(count), task, tasks)]
    assert sorted(shard.index for shard in taken) == list(range(count))


def test_documents_spread_evenly() -> None:
    held = [sum(shard.holds(f"position-{number:07}") for number in range(10_000)) for shard in shards(4)]
    assert max(held) < 1.1 * min(held)


def test_a_document_stays_in_its_shard_for_ever() -> None:
    identities = ("position-1", "é", "\N{GRINNING FACE}", "\ud800")
    assert [next(s.index for s in shards(100) if s.holds(one)) for one in identities] == [17, 51, 27, 72]


@pytest.mark.parametrize(("count", "name"), [(1, "facts"), (3, "facts-2")])
def test_each_shard_has_a_lease_of_its_own_and_the_whole_has_that_of_the_table(count: int, name: str) -> None:
    assert shards(count)[-1].of("facts") == name
    assert WHOLE.of("facts") == "facts"


@given(st.integers(1, MOST))
def test_the_lease_of_every_shard_of_every_division_is_told_by_its_name(count: int) -> None:
    assert all(is_of("facts", shard.of("facts")) for shard in shards(count))


@pytest.mark.parametrize("name", ["", "fact", "facts-", "facts-1-2", "facts-x", "facts-extra-1", "more-facts-1", "1"])
def test_the_lease_of_something_else_is_no_shard_s(name: str) -> None:
    assert not is_of("facts", name)
