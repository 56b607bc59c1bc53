from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents import OutOfOrderError, require_after

COLLECTION = "projects/p/databases/(default)/documents/things"
IDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/"), min_size=1)


def after(identifier: str, last: str) -> None:
    require_after(f"{COLLECTION}/{identifier}", f"{COLLECTION}/{last}")


def test_a_scan_may_begin_anywhere() -> None:
    require_after(f"{COLLECTION}/z", None)


@given(st.sets(IDS.filter(lambda name: not name.startswith("__id"))))
def test_ids_in_the_order_of_their_bytes_may_follow_each_other(ids: set[str]) -> None:
    for last, identifier in pairwise(sorted(ids, key=str.encode)):
        after(identifier, last)


@given(IDS, IDS)
def test_of_two_ids_at_most_one_may_follow_the_other(one: str, other: str) -> None:
    refused = 0
    for identifier, last in ((one, other), (other, one)):
        try:
            after(identifier, last)
        except OutOfOrderError:
            refused += 1
    assert refused == (2 if one == other else 1)


def test_ids_that_datastore_made_from_numbers_come_first_and_by_number() -> None:
    for last, identifier in pairwise(["__id-5__", "__id9__", "__id10__", "!", "__id__"]):
        after(identifier, last)
        with pytest.raises(OutOfOrderError, match="a scan named"):
            after(last, identifier)
