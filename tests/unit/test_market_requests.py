from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import combinations, pairwise

from hypothesis import given
from hypothesis import strategies as st

from shared.bar_requests import LARGEST_GROUP, BarRequest, Cost, Span, cost_of, planned

START = datetime(2026, 3, 2, tzinfo=UTC)
HOUR = timedelta(hours=1)
PAGE = 100


def span(first: float, last: float, symbol: str | int) -> Span:
    """Hours after the start."""
    return Span(START + first * HOUR, START + last * HOUR, f"{symbol}/USD")


hours = st.integers(0, 600).map(lambda half: half / 2)
lengths = st.integers(1, 500).map(lambda half: half / 2)
spans = st.lists(
    st.tuples(hours, lengths, st.sampled_from("ABCDE")).map(lambda it: span(it[0], it[0] + it[1], it[2])), max_size=12
)


def cost(requests: Sequence[BarRequest], page: int = PAGE) -> Cost:
    return sum((cost_of(len(one.symbols), one.end - one.start, HOUR, page) for one in requests), Cost(0, 0))


def one_by_one(wanted: Sequence[Span]) -> list[BarRequest]:
    return [BarRequest((one,)) for one in wanted]


@given(spans)
def test_everything_wanted_is_asked_for_exactly_once(wanted: list[Span]) -> None:
    requests = planned(wanted, HOUR, PAGE)

    assert sorted(span for request in requests for span in request.spans) == sorted(wanted)
    for request in requests:
        for one in request.spans:
            assert one.symbol in request.symbols
            assert request.start <= one.start < one.end <= request.end


@given(spans)
def test_asking_together_never_fills_more_pages_than_asking_one_by_one(wanted: list[Span]) -> None:
    assert cost(planned(wanted, HOUR, PAGE)) <= cost(one_by_one(wanted))


@given(spans.filter(lambda wanted: len(wanted) <= 7))
def test_no_other_way_to_group_neighbours_costs_less(wanted: list[Span]) -> None:
    ordered = sorted(wanted)
    inner = range(1, len(ordered))
    ways = [
        [BarRequest(tuple(ordered[a:b])) for a, b in pairwise((0, *cuts, len(ordered)))]
        for count in range(len(ordered))
        for cuts in combinations(inner, count)
    ]

    assert cost(planned(wanted, HOUR, PAGE)) == min(map(cost, ways), default=Cost(0, 0))


@given(spans, st.randoms(use_true_random=False))
def test_the_order_of_the_wishes_does_not_matter(wanted: list[Span], random: st.DataObject) -> None:
    shuffled = list(wanted)
    random.shuffle(shuffled)  # type: ignore[attr-defined] # hypothesis types its Random loosely

    assert planned(shuffled, HOUR, PAGE) == planned(wanted, HOUR, PAGE)


def test_a_month_of_twenty_symbols_is_two_pages() -> None:
    assert cost(planned([span(0, 720, number) for number in range(20)], HOUR, 10_000), 10_000) == Cost(2, 14_400)


def test_spans_that_lie_far_apart_are_asked_for_apart() -> None:
    wanted = [span(0, 10, "A"), span(5_000, 5_010, "B")]

    assert planned(wanted, HOUR, PAGE) == one_by_one(wanted)


def test_nothing_is_asked_for_together_that_saves_no_call() -> None:
    wanted = [span(0, 90, "A"), span(5, 95, "B")]

    assert planned(wanted, HOUR, PAGE) == one_by_one(wanted)


def test_a_request_names_no_more_symbols_than_an_address_holds() -> None:
    requests = planned([span(0, 2, number) for number in range(250)], HOUR, 10_000)

    assert len(requests) == 3
    assert max(len(request.symbols) for request in requests) <= LARGEST_GROUP == 100


def test_a_span_shorter_than_a_bar_may_hold_one() -> None:
    assert cost_of(3, HOUR / 4, HOUR, PAGE) == Cost(1, 3)


def test_nothing_wanted_is_nothing_asked() -> None:
    assert planned([], HOUR, PAGE) == []
