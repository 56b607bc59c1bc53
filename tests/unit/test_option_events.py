from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.occ import intrinsic_value, is_adjusted, underlying_window
from shared.option_events import BOOKED_WITHIN, OptionEvent, OptionEvents
from tests.unit.activities import Activity, Watched, option_event
from tests.unit.samples import AS_OF, ENTRY, EXIT

CALL, PUT = "AAPL260302C00150000", "AAPL260302P00150000"


def closing(*rows: Activity, qty: int = 10, symbol: str = CALL) -> list[OptionEvent]:
    events = OptionEvents()
    events.add(rows)
    return events.closing(symbol, Decimal(qty), ENTRY, EXIT)


def test_an_expired_option_is_worth_nothing() -> None:
    (found,) = closing(option_event("OPEXP", CALL, "-2", price="4", net_amount="800"))

    assert (found.day, found.qty, found.price) == (date(2026, 3, 2), Decimal(2), Decimal(0))


def test_where_nothing_comes_nothing_is_worked_out_anew() -> None:
    watched, events = Watched(option_event("OPEXP", CALL, "-2")), OptionEvents()
    events.add([watched])
    looks = watched.looks
    events.add(iter(()))

    assert watched.looks == looks > 0
    assert events.closing(CALL, Decimal(10), ENTRY, EXIT)


@pytest.mark.parametrize("kind", ["OPASN", "OPEXC"])
@pytest.mark.parametrize(
    ("stated", "price"),
    [
        ({"price": "4.25"}, Decimal("4.25")),
        ({"price": "4.25", "net_amount": "-800"}, Decimal("4.25")),
        ({"price": "0", "net_amount": "-800"}, Decimal(4)),
        ({"net_amount": "800"}, Decimal(4)),
        ({"price": "0", "net_amount": "0"}, None),
        ({"net_amount": None}, None),
        ({"price": "nan", "net_amount": "abc"}, None),
    ],
)
def test_an_assignment_or_exercise_is_worth_what_the_broker_says_if_it_says_so(
    kind: str, stated: dict[str, Any], price: Decimal | None
) -> None:
    (found,) = closing(option_event(kind, CALL, "2", **stated))

    assert found.price == price


@pytest.mark.parametrize(
    ("status", "counts"), [("executed", True), ("correct", True), (None, True), ("canceled", False), ("new", False)]
)
def test_only_what_took_effect_counts(*, status: str | None, counts: bool) -> None:
    assert bool(closing(option_event("OPEXP", CALL, "-2", status=status))) == counts


@pytest.mark.parametrize(
    "broken",
    [
        {"qty": None},
        {"qty": "0"},
        {"qty": "nan"},
        {"date": None},
        {"date": "soon"},
        {"activity_type": "OPTRD"},
        {"symbol": PUT},
        {"symbol": None},
    ],
)
def test_what_does_not_say_what_ended_when_is_no_event(broken: dict[str, Any]) -> None:
    assert closing({**option_event("OPEXP", CALL, "-2"), **broken}) == []


@pytest.mark.parametrize(
    ("day", "counts"),
    [
        (ENTRY.date() - timedelta(days=1), False),
        (ENTRY.date(), True),
        (EXIT.date() + BOOKED_WITHIN, True),
        (EXIT.date() + BOOKED_WITHIN + timedelta(days=1), False),
    ],
)
def test_an_event_belongs_to_a_position_from_its_entry_until_soon_after_its_exit(*, day: date, counts: bool) -> None:
    assert bool(closing(option_event("OPEXP", CALL, "-2", date=day.isoformat()))) == counts


def test_events_close_no_more_than_is_open_and_no_more_than_ended() -> None:
    assigned = option_event("OPASN", CALL, "2", date="2026-03-02")
    expired = option_event("OPEXP", CALL, "3", date="2026-03-03")

    taken = {qty: [int(one.qty) for one in closing(expired, assigned, qty=qty)] for qty in (0, 1, 2, 4, 9)}
    assert taken == {0: [], 1: [1], 2: [2], 4: [2, 2], 9: [2, 3]}


@given(st.lists(st.integers(1, 9), max_size=5), st.integers(0, 30), st.randoms())
def test_what_events_close_does_not_depend_on_their_order_or_repetition(
    quantities: list[int], qty: int, chance: Random
) -> None:
    rows = [option_event("OPEXP", CALL, str(one), id=f"2026::{number}") for number, one in enumerate(quantities)]
    found = closing(*chance.sample([*rows, *rows], 2 * len(rows)), qty=qty)

    assert found == closing(*rows, qty=qty)
    assert sum(one.qty for one in found) == min(qty, sum(quantities))


def test_an_event_counts_as_an_exit_after_the_day_of_trading() -> None:
    (expired,) = closing(option_event("OPEXP", CALL, "2"))
    (assigned,) = closing(option_event("OPASN", CALL, "2"))

    assert expired.fill(Decimal(7)).price == 0
    assert assigned.fill(Decimal(7)).price == 7
    # Midnight in New York.
    assert expired.fill(Decimal(7)).filled_at == datetime(2026, 3, 3, 5, tzinfo=UTC)
    assert "::" in expired.fill(Decimal(0)).order_id


@pytest.mark.parametrize(
    ("symbol", "spot", "value"),
    [(CALL, "155.5", "5.5"), (CALL, "150", "0"), (CALL, "149", "0"), (PUT, "149.25", "0.75"), (PUT, "151", "0")],
)
def test_exercising_is_worth_the_distance_to_the_strike_or_nothing(symbol: str, spot: str, value: str) -> None:
    assert intrinsic_value(symbol, Decimal(spot)) == Decimal(value)


@pytest.mark.parametrize(
    ("symbol", "root", "adjusted"),
    [(CALL, "AAPL", False), ("F261218P00010000", "F", False), ("AAPL1260918C00150000", "AAPL", True)],
)
def test_the_underlying_is_the_root_without_the_mark_of_an_adjusted_contract(
    *, symbol: str, root: str, adjusted: bool
) -> None:
    window = underlying_window(symbol, AS_OF)

    assert (window.asset_class, window.symbol, window.end) == ("EQUITY", root, AS_OF)
    assert is_adjusted(symbol) == adjusted
