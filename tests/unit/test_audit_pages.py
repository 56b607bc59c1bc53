from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from shared.audit_pages import in_pages

Record = dict[str, Any]
keys = st.tuples(st.none() | st.sampled_from("abcdé"), st.integers(0, 3))
tables = st.lists(keys, max_size=25).map(lambda found: [{"k": key, "v": value} for key, value in found])
sizes = st.integers(1, 8)


def placed(record: Mapping[str, Any]) -> tuple[bool, str, int]:
    """As BigQuery orders: NULL comes first."""
    return record["k"] is not None, record["k"] or "", record["v"]


class Table:
    """Answers the questions as BigQuery does, and notes them."""

    def __init__(self, *states: Sequence[Record]) -> None:
        self._states = list(states)
        self.asked: list[tuple[str | None, int]] = []

    def page(self, first: str | None, most: int) -> Iterator[Record]:
        state = self._states.pop(0) if len(self._states) > 1 else self._states[0]
        self.asked.append((first, most))
        found = [one for one in state if first is None or (one["k"] is not None and one["k"] >= first)]
        return iter(sorted(found, key=placed)[:most])


@given(tables, sizes)
def test_pages_yield_every_row_once_and_in_order_duplicates_and_rows_without_a_key_included(
    table: list[Record], most: int
) -> None:
    assert list(in_pages(Table(table).page, "k", most)) == sorted(table, key=placed)


@given(tables, tables, sizes)
def test_rows_that_were_there_at_the_start_are_seen_once_whatever_comes_between_the_pages(
    table: list[Record], later: list[Record], most: int
) -> None:
    before = [{**one, "id": number} for number, one in enumerate(table)]
    after = [*before, *({**one, "id": None} for one in later)]

    seen = list(in_pages(Table(before, after).page, "k", most))

    assert sorted(one["id"] for one in seen if one["id"] is not None) == list(range(len(before)))
    assert [one["k"] for one in seen] == [one["k"] for one in sorted(seen, key=placed)]


@given(tables, tables, sizes)
def test_rows_of_one_key_are_of_one_state_of_the_table(table: list[Record], later: list[Record], most: int) -> None:
    states = [[{**one, "state": state} for one in rows] for state, rows in enumerate((table, [*table, *later]))]

    seen = list(in_pages(Table(*states).page, "k", most))

    for key in {one["k"] for one in seen}:
        assert len({one["state"] for one in seen if one["k"] == key}) == 1


def test_a_key_that_fills_a_page_is_asked_for_by_larger_ones_and_the_next_by_usual_ones_again() -> None:
    rows = [{"k": key, "v": number} for key, count in (("a", 1), ("b", 5), ("c", 3)) for number in range(count)]
    table = Table(rows)

    assert list(in_pages(table.page, "k", 2)) == rows
    assert table.asked == [(None, 2), ("b", 2), ("b", 4), ("b", 8), ("c", 2), ("c", 4)]
