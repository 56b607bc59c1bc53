from collections.abc import Iterator
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.batching import ahead, batches, sized_batches

items = st.lists(st.integers(0, 50), max_size=20)


@given(items, st.integers(1, 7))
def test_batches_hold_everything_in_order_and_only_the_last_is_short(found: list[int], most: int) -> None:
    cut = list(batches(iter(found), most))

    assert [one for batch in cut for one in batch] == found
    assert all(len(batch) == most for batch in cut[:-1])
    assert all(0 < len(batch) <= most for batch in cut)


@given(items, st.integers(1, 7), st.integers(0, 100))
def test_no_batch_exceeds_its_bytes_unless_one_item_does(found: list[int], most: int, max_bytes: int) -> None:
    cut = list(sized_batches(iter(found), most, max_bytes, lambda size: size))

    assert [one for batch in cut for one in batch] == found
    assert all(0 < len(batch) <= most for batch in cut)
    assert all(sum(batch) <= max_bytes or len(batch) == 1 for batch in cut)


@given(items, st.integers(1, 7), st.integers(0, 100))
def test_no_batch_ends_before_it_must(found: list[int], most: int, max_bytes: int) -> None:
    cut = list(sized_batches(iter(found), most, max_bytes, lambda size: size))

    assert all(len(batch) == most or sum(batch) + following[0] > max_bytes for batch, following in pairwise(cut))


@given(items, st.integers(0, 7))
def test_what_is_drawn_ahead_comes_in_order_and_never_from_further_ahead(found: list[int], most: int) -> None:
    drawn, used = list[int](), list[int]()

    def drawing() -> Iterator[int]:
        for one in found:
            drawn.append(one)
            yield one

    for one in ahead(drawing(), most):
        used.append(one)
        assert len(drawn) == min(len(used) + most, len(found))
    assert used == found
