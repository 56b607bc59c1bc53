"""Money split by weights: exact, fair to less than a billionth, and the same in any order."""

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from shared.apportion import NANO, apportion

amounts = st.integers(-(10**15), 10**15).map(lambda units: units * NANO)
weighings = st.dictionaries(
    st.text("abcdef", min_size=1, max_size=3), st.decimals("0.000000001", "1000000000", places=9), min_size=1
)


@given(amounts, weighings)
def test_the_parts_sum_to_the_amount_exactly(total: Decimal, weights: dict[str, Decimal]) -> None:
    assert sum(apportion(total, weights).values()) == total


@given(amounts, weighings)
def test_no_part_is_a_unit_away_from_its_fair_share(total: Decimal, weights: dict[str, Decimal]) -> None:
    whole = sum(weights.values())

    for name, part in apportion(total, weights).items():
        assert abs(part - total * weights[name] / whole) < NANO * Decimal("1.000001")
        assert part == part.quantize(NANO)


@given(amounts, weighings, st.randoms())
def test_the_order_of_the_weights_does_not_matter(total: Decimal, weights: dict[str, Decimal], chance: object) -> None:
    shuffled = list(weights.items())
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # a random.Random

    assert apportion(total, dict(shuffled)) == apportion(total, weights)


def test_a_cent_over_three_equal_shares_leaves_the_odd_billionth_to_the_first_name() -> None:
    parts = apportion(Decimal("0.01"), {"b": Decimal(1), "a": Decimal(1), "c": Decimal(1)})

    assert parts == {"a": Decimal("0.003333334"), "b": Decimal("0.003333333"), "c": Decimal("0.003333333")}


def test_a_weight_of_nothing_gets_nothing() -> None:
    assert apportion(Decimal("0.01"), {"a": Decimal(0), "b": Decimal(2)}) == {"a": 0, "b": Decimal("0.01")}
