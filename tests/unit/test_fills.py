from datetime import UTC, datetime
from decimal import Decimal, localcontext
from fractions import Fraction
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fills import Fill, fill_of, lacks_price, quantity, vwap
from shared.formulae import EXACT
from shared.values import EPOCH
from tests.unit import anything
from tests.unit.samples import order

ENTRY = order("in", "buy", "100", "2", client_order_id="p-1")

WHEN = datetime(2026, 3, 2, 10, tzinfo=UTC)


def fill(price: str, qty: str) -> Fill:
    return Fill("one", "sell", Decimal(price), Decimal(qty), WHEN)


decimals = st.integers(1, 10**15).map(lambda billionths: Decimal(f"{billionths}E-9"))


@given(st.lists(st.tuples(decimals, decimals), min_size=1, max_size=5))
def test_the_average_price_is_weighted_by_quantity(pairs: list[tuple[Decimal, Decimal]]) -> None:
    fills = [Fill("one", "sell", price, qty, WHEN) for price, qty in pairs]
    paid = sum((Fraction(price) * Fraction(qty) for price, qty in pairs), Fraction(0))
    units = sum((Fraction(qty) for _, qty in pairs), Fraction(0))

    assert Fraction(quantity(fills)) == units
    assert abs(Fraction(vwap(fills)) - paid / units) <= paid / units / 10**20
    assert min(pairs)[0] - Decimal("1e-15") <= vwap(fills) <= max(pairs)[0] + Decimal("1e-15")


def test_the_average_price_by_example() -> None:
    assert vwap([fill("100", "1"), fill("110", "3")]) == Decimal("107.5")
    assert quantity([]) == 0


@pytest.mark.parametrize("status", ["filled", "canceled", "expired", "replaced", "calculated", "never_heard_of", None])
def test_a_fill_counts_whatever_the_status_says(status: str | None) -> None:
    found = fill_of(order("one", "sell", "110.5", "0.75", status=status))

    assert found == Fill("one", "sell", Decimal("110.5"), Decimal("0.75"), WHEN)


@pytest.mark.parametrize(
    "bad", [None, "", "0", "0.0", "-1", "nan", "sNaN", "inf", "-Infinity", "abc", "1,5", [], {}, True]
)
def test_an_order_without_a_price_or_a_quantity_above_zero_filled_nothing(bad: Any) -> None:
    assert fill_of({**ENTRY, "filled_qty": bad}) is None
    assert fill_of({**ENTRY, "filled_avg_price": bad}) is None


def test_an_order_without_its_fill_fields_filled_nothing() -> None:
    assert fill_of({"id": "one"}) is None


@given(anything.values, anything.values)
def test_reading_a_fill_never_raises(price: Any, qty: Any) -> None:
    found = fill_of({**ENTRY, "filled_avg_price": price, "filled_qty": qty})

    assert found is None or (found.price > 0 and found.qty > 0)


def test_numbers_may_come_as_numbers() -> None:
    found = fill_of({**ENTRY, "filled_avg_price": 0.1, "filled_qty": 3})

    assert found is not None
    assert (found.price, found.qty) == (Decimal("0.1"), Decimal(3))


@given(st.lists(st.tuples(decimals, decimals), min_size=1, max_size=5), st.randoms())
def test_the_average_lies_between_the_lowest_and_the_highest_price_in_any_order(
    pairs: list[tuple[Decimal, Decimal]], chance: Random
) -> None:
    fills = [Fill("one", "sell", price, qty, WHEN) for price, qty in pairs]
    shuffled = chance.sample(fills, len(fills))
    with localcontext(EXACT):
        average = vwap(fills)
        assert vwap(shuffled).quantize(Decimal("1e-30")) == average.quantize(Decimal("1e-30"))

        assert min(one.price for one in fills) <= average.quantize(Decimal("1e-60"))
        assert average.quantize(Decimal("1e-60")) <= max(one.price for one in fills)


@pytest.mark.parametrize("price", [None, "", "0", "0.0", "nan", "-1"])
@pytest.mark.parametrize(("qty", "filled"), [("2", True), ("0.000000001", True), ("0", False), (None, False)])
def test_an_order_that_filled_at_no_known_price_lacks_it(*, price: str | None, qty: str | None, filled: bool) -> None:
    assert lacks_price({**ENTRY, "filled_qty": qty, "filled_avg_price": price}) == filled
    assert not lacks_price({**ENTRY, "filled_qty": qty})


def test_an_order_for_an_amount_of_money_states_what_it_filled() -> None:
    found = fill_of({**ENTRY, "qty": None, "notional": "500", "filled_qty": "4.8781"})

    assert found is not None
    assert (found.price, found.qty) == (Decimal(100), Decimal("4.8781"))


@pytest.mark.parametrize(
    ("stated", "expected"),
    [
        ({"filled_at": "2026-03-02T11:00:00Z", "updated_at": "2026-03-02T12:00:00Z"}, WHEN.replace(hour=11)),
        ({"filled_at": None, "updated_at": "2026-03-02T12:00:00Z"}, WHEN.replace(hour=12)),
        ({"filled_at": "", "updated_at": "2026-03-02T12:00:00Z"}, WHEN.replace(hour=12)),
        ({"filled_at": "soon", "updated_at": "2026-03-02T12:00:00Z"}, EPOCH),
        ({"filled_at": "2026-03-02T11:00:00", "updated_at": None}, EPOCH),
        ({"filled_at": None, "updated_at": None}, EPOCH),
    ],
)
def test_an_order_that_does_not_say_when_it_filled_filled_when_it_last_changed(
    stated: dict[str, Any], expected: datetime
) -> None:
    found = fill_of({**ENTRY, **stated})

    assert found is not None
    assert found.filled_at == expected
