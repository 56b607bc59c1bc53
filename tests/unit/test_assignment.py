"""Assignments against an oracle that enumerates them all."""

from collections.abc import Iterator, Mapping
from decimal import Decimal

from hypothesis import example, given, settings
from hypothesis import strategies as st

from shared.assignment import Worth, assign

Pairs = dict[str, str]
FEES, EXECUTIONS = ["f1", "f2", "f3", "f4"], ["e1", "e2", "e3", "e4", "e5"]


@st.composite
def graphs(draw: st.DrawFn) -> tuple[Worth, Mapping[str, str]]:
    """Small graphs; few different amounts and few owners, so that much is ambiguous and much only seems so."""
    places = st.dictionaries(st.sampled_from(EXECUTIONS), st.sampled_from([1, 2, 3]).map(Decimal))
    worth = {fee: draw(places) for fee in FEES[: draw(st.integers(1, 4))]}
    owners = draw(st.dictionaries(st.sampled_from(EXECUTIONS), st.sampled_from(["A", "B", "C"])))
    return worth, owners


def matchings(worth: Worth) -> Iterator[Pairs]:
    """Every way to give fees executions of their own."""
    fees = list(worth)

    def extend(number: int, pairs: Pairs) -> Iterator[Pairs]:
        if number == len(fees):
            yield dict(pairs)
            return
        yield from extend(number + 1, pairs)
        for place in worth[fees[number]]:
            if place not in pairs.values():
                yield from extend(number + 1, {**pairs, fees[number]: place})

    yield from extend(0, {})


def sums(pairs: Pairs, worth: Worth, owners: Mapping[str, str]) -> dict[str, Decimal]:
    total = dict.fromkeys(owners.values(), Decimal(0))
    for fee, place in pairs.items():
        if place in owners:
            total[owners[place]] += worth[fee][place]
    return total


@settings(max_examples=1000)
@given(graphs())
@example(({"f1": {"e1": Decimal(1)}, "f2": {"e1": Decimal(2)}}, {"e1": "A"}))
@example(({"f1": {"e1": Decimal(1), "e2": Decimal(1)}, "f2": {"e1": Decimal(1)}}, {"e1": "A"}))
@example(({"f1": {"e1": Decimal(1), "e2": Decimal(2)}, "f2": {"e1": Decimal(2), "e2": Decimal(1)}}, {"e1": "A"}))
def test_it_agrees_with_the_enumeration_of_all_valid_assignments(graph: tuple[Worth, Mapping[str, str]]) -> None:
    worth, owners = graph
    every = list(matchings(worth))
    most = max(map(len, every))
    valid = [sums(pairs, worth, owners) for pairs in every if len(pairs) == most]

    answer = assign(worth, owners)

    assert len(answer.pairs) == most
    assert dict(answer.pairs) in every
    assert answer.ambiguous == {owner for owner in set(owners.values()) if len({one[owner] for one in valid}) > 1}


def test_two_fees_of_one_amount_are_nobody_s_riddle() -> None:
    worth = {fee: {"e1": Decimal("0.42"), "e2": Decimal("0.42")} for fee in ("f1", "f2")}

    assert assign(worth, {"e1": "A", "e2": "B"}).ambiguous == set()


def test_one_fee_that_fits_two_owners_is_given_to_neither() -> None:
    assert assign({"f": {"e1": Decimal(1), "e2": Decimal(1)}}, {"e1": "A", "e2": "B"}).ambiguous == {"A", "B"}


def test_one_fee_that_fits_two_executions_of_one_owner_is_that_owner_s() -> None:
    assert assign({"f": {"e1": Decimal(1), "e2": Decimal(1)}}, {"e1": "A", "e2": "A"}).ambiguous == set()


def test_three_hundred_equal_fees_of_as_many_owners_are_settled_at_once() -> None:
    places = {f"e{number}": Decimal("0.01") for number in range(300)}
    worth = {f"f{number}": places for number in range(300)}
    owners = {place: f"owner of {place}" for place in places}

    answer = assign(worth, owners)

    assert len(answer.pairs) == 300
    assert answer.ambiguous == set()


def test_one_fee_less_than_executions_makes_all_their_owners_wait() -> None:
    places = {f"e{number}": Decimal("0.01") for number in range(50)}
    worth = {f"f{number}": places for number in range(49)}

    answer = assign(worth, {place: place for place in places})

    assert answer.ambiguous == set(places)
