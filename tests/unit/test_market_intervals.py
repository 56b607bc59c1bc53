from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.market import merged, uncovered

START = datetime(2026, 3, 2, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
Interval = tuple[datetime, datetime]

ends = st.tuples(st.integers(0, 30), st.integers(0, 30))
intervals = st.lists(ends.map(lambda pair: (START + pair[0] * MINUTE, START + pair[1] * MINUTE)), max_size=6)
"""Some of them empty or backwards."""


def minutes(found: list[Interval]) -> set[int]:
    """Every minute that some interval holds."""
    return {number for number in range(31) if any(a <= START + number * MINUTE < b for a, b in found)}


def filled(held: set[int], gap: int) -> set[int]:
    """The same with holes of up to `gap` minutes filled."""
    holes = ((before, after) for before, after in pairwise(sorted(held)) if 1 < after - before <= gap + 1)
    return held.union(*(range(before, after) for before, after in holes))


@given(intervals, st.integers(0, 5))
def test_merging_keeps_every_minute_and_fills_small_holes(found: list[Interval], gap: int) -> None:
    assert minutes(merged(found, gap * MINUTE)) == filled(minutes(found), gap)


@given(intervals, st.integers(0, 5))
def test_merged_intervals_are_in_order_and_further_apart_than_the_gap(found: list[Interval], gap: int) -> None:
    result = merged(found, gap * MINUTE)

    assert all(start < end for start, end in result)
    assert all(after[0] - before[1] > gap * MINUTE for before, after in pairwise(result))
    assert merged(result, gap * MINUTE) == result


@given(intervals, st.randoms(use_true_random=False))
def test_the_order_of_intervals_does_not_matter(found: list[Interval], random: st.DataObject) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis types its Random loosely

    assert merged(shuffled, MINUTE) == merged(found, MINUTE)


@given(intervals, intervals)
def test_what_is_left_uncovered_is_wanted_and_not_covered(wanted: list[Interval], had: list[Interval]) -> None:
    covered = merged(had, timedelta(0))
    left = uncovered(wanted, covered)

    assert minutes(left) == minutes(wanted) - minutes(covered)
    assert all(start < end for start, end in left)
    assert all(before[1] <= after[0] for before, after in pairwise(left))


@given(intervals, intervals)
def test_once_fetched_nothing_is_left(wanted: list[Interval], had: list[Interval]) -> None:
    covered = merged(had, timedelta(0))
    fetched = merged([*covered, *uncovered(wanted, covered)], timedelta(0))

    assert uncovered(wanted, fetched) == []


def at(*numbers: int) -> Interval:
    first, last = numbers
    return START + first * MINUTE, START + last * MINUTE


@pytest.mark.parametrize(
    ("wanted", "covered", "left"),
    [
        ([at(0, 10)], [], [at(0, 10)]),
        ([at(0, 10)], [at(0, 10)], []),
        ([at(0, 10)], [at(3, 5)], [at(0, 3), at(5, 10)]),
        ([at(0, 10)], [at(0, 2), at(4, 6), at(9, 12)], [at(2, 4), at(6, 9)]),
        ([at(2, 4), at(6, 8)], [at(0, 10)], []),
        ([at(0, 4), at(4, 8)], [at(8, 9)], [at(0, 8)]),
        ([at(5, 5), at(7, 6)], [], []),
    ],
)
def test_intervals_by_example(wanted: list[Interval], covered: list[Interval], left: list[Interval]) -> None:
    assert uncovered(wanted, covered) == left
