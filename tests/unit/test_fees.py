import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared import fees
from shared.fee_table import FeeRateUnknownError, crypto_tiers, tier_of
from shared.fees import Execution, Leg, charge, charged_kinds, estimate, round_trip, taker_rate

_FILE = json.loads(Path(fees.__file__).with_name("fee_rates.json").read_text(encoding="utf-8"))
KINDS: dict[str, list[dict[str, Any]]] = {
    "crypto": _FILE["crypto"]["rates"],
    **{name: rows for name, rows in _FILE["regulatory"].items() if name != "note"},
}
DAY = timedelta(days=1)
Way = Literal["buy", "sell"]


def execution(asset_class: str, side: Way, day: str, price: str | int = 100, qty: str | int | Decimal = 1) -> Execution:
    units = Decimal(100 if asset_class == "OPTION" else 1)
    return Execution(asset_class, side, date.fromisoformat(day), Decimal(price), Decimal(qty), units)


def noon(day: str) -> datetime:
    return datetime.fromisoformat(f"{day}T12:00:00Z")


@pytest.mark.parametrize("kind", KINDS)
def test_the_dated_table_has_no_gaps_no_overlaps_and_no_end(kind: str) -> None:
    rows = KINDS[kind]

    assert all(before["until"] == after["from"] for before, after in pairwise(rows))
    assert all(row["from"] < row["until"] for row in rows[:-1])
    assert rows[-1]["until"] is None
    assert all(date.fromisoformat(row["from"]) for row in rows)


@pytest.mark.parametrize("kind", KINDS)
def test_every_rate_is_a_plain_number_with_its_source(kind: str) -> None:
    for row in KINDS[kind]:
        places = [row, *row.get("tiers", ())]
        numbers = [one[name] for one in places for name in ("rate", "cap", "maker", "taker", "from_usd") if name in one]
        assert numbers
        assert all(isinstance(text, str) and Decimal(text) >= 0 for text in numbers)
        assert row["source"]


BEFORE = {name: date.fromisoformat(rows[0]["from"]) - DAY for name, rows in KINDS.items()}
NEEDING: dict[str, tuple[str, Way]] = {
    "crypto": ("CRYPTO", "buy"),
    "REG": ("EQUITY", "sell"),
    "TAF_EQUITY": ("EQUITY", "sell"),
    "TAF_OPTION": ("OPTION", "sell"),
    "CAT": ("EQUITY", "buy"),
    "ORF": ("OPTION", "buy"),
    "OCC": ("OPTION", "buy"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_day_before_the_table_is_an_error_that_names_the_day_and_the_file(kind: str) -> None:
    asset_class, side = NEEDING[kind]
    day = BEFORE[kind].isoformat()

    with pytest.raises(FeeRateUnknownError, match=rf"no \w+ rate for {day}; extend shared/fee_rates\.json"):
        estimate(execution(asset_class, side, day))


@given(st.dates(max(BEFORE.values()) + DAY, date(2099, 12, 31)), st.sampled_from(["CRYPTO", "EQUITY", "OPTION"]))
def test_every_day_the_table_covers_has_a_fee_that_is_never_negative(day: date, asset_class: str) -> None:
    assert estimate(execution(asset_class, "buy", day.isoformat())) >= 0
    assert estimate(execution(asset_class, "sell", day.isoformat())) >= 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_new_rate_holds_from_its_first_day_on(kind: str) -> None:
    asset_class, side = NEEDING[kind]
    for before, after in pairwise(KINDS[kind]):
        first = date.fromisoformat(after["from"])
        if first <= max(BEFORE.values()):
            continue
        charged = [estimate(execution(asset_class, side, day.isoformat())) for day in (first - DAY, first)]
        rates = [Decimal(row["tiers"][0]["taker"] if kind == "crypto" else row["rate"]) for row in (before, after)]
        assert (charged[0] == charged[1]) == (rates[0] == rates[1])
        assert (charged[0] < charged[1]) == (rates[0] < rates[1])


def test_a_fee_of_another_kind_is_no_charge() -> None:
    assert charge("OTHER", execution("OPTION", "sell", "2026-03-02")) == 0


@pytest.mark.parametrize(
    ("volume", "name"),
    [
        ("0", "under 100k"),
        ("99999.99", "under 100k"),
        ("100000", "100k to 500k"),
        ("999999", "500k to 1M"),
        ("1000000", "1M to 10M"),
        ("49999999", "25M to 50M"),
        ("100000000", "100M and more"),
    ],
)
def test_a_volume_reaches_the_tier_that_begins_at_or_below_it(volume: str, name: str) -> None:
    assert tier_of(Decimal(volume), date(2026, 3, 2)).name == name


def test_tiers_begin_at_nothing_rise_in_volume_and_never_in_price() -> None:
    for row in KINDS["crypto"]:
        tiers = crypto_tiers(date.fromisoformat(row["from"]))

        assert tiers[0].from_usd == 0
        assert all(lower.from_usd < higher.from_usd for lower, higher in pairwise(tiers))
        assert all(lower.maker >= higher.maker and lower.taker > higher.taker for lower, higher in pairwise(tiers))
        assert all(tier.maker < tier.taker for tier in tiers)


def test_before_maker_and_taker_were_published_one_pair_of_rates_is_assumed() -> None:
    (only,) = crypto_tiers(date(2021, 6, 1))

    assert only.rates == (Decimal("0.0015"), Decimal("0.0025"))
    assert KINDS["crypto"][0]["assumption"] is True


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (execution("EQUITY", "buy", "2026-05-04"), {"CAT"}),
        (execution("EQUITY", "sell", "2026-05-04"), {"REG", "TAF", "CAT"}),
        (execution("EQUITY", "sell", "2025-06-02"), {"TAF", "CAT"}),
        (execution("OPTION", "buy", "2026-05-04"), {"CAT", "ORF", "OCC"}),
        (execution("OPTION", "sell", "2026-05-04"), {"REG", "TAF", "CAT", "ORF", "OCC"}),
        (execution("CRYPTO", "sell", "2026-05-04"), set()),
    ],
)
def test_the_table_says_which_fees_an_execution_is_charged(one: Execution, expected: set[str]) -> None:
    assert charged_kinds(one) == expected


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (execution("CRYPTO", "buy", "2026-03-02", 100, 2), "0.5"),
        (execution("CRYPTO", "sell", "2026-03-02", 110, 2), "0.55"),
        (execution("CRYPTO", "sell", "2000-01-01", 110, 2), "0.55"),
        (execution("EQUITY", "buy", "2026-05-04", 100, 1000), "0.0265"),
        (execution("EQUITY", "buy", "2020-01-02", 100, 1000), "0"),
        (execution("EQUITY", "sell", "2021-07-01", 100, 1000), "0.629"),
        (execution("EQUITY", "sell", "2026-05-04", 100, 1000), "2.2815"),
        (execution("OPTION", "buy", "2025-06-02", 5, 10), "0.495"),
        (execution("OPTION", "sell", "2025-06-02", 5, 10), "0.5229"),
    ],
)
def test_fees_by_example(one: Execution, expected: str) -> None:
    assert estimate(one) == Decimal(expected)


@pytest.mark.parametrize(
    ("day", "shares", "expected"),
    [
        ("2025-06-02", 49_999, "8.299834"),
        ("2025-06-02", 50_000, "8.30"),
        ("2025-06-02", 50_001, "8.30"),
        ("2025-06-02", 10**9, "8.30"),
        ("2021-06-01", 10**9, "5.95"),
    ],
)
def test_the_activity_fee_of_one_sale_of_shares_is_capped(day: str, shares: int, expected: str) -> None:
    # A share for nothing leaves the activity fee and, in 2025, the audit trail's.
    trail = shares * Decimal("0.0000265") if day >= "2024-10-01" else Decimal(0)

    assert estimate(execution("EQUITY", "sell", day, 0, shares)) - trail == Decimal(expected)


@pytest.mark.parametrize("contracts", [2750, 2751, 10**6])
def test_the_clearing_fee_of_one_option_order_is_capped(contracts: int) -> None:
    others = contracts * (Decimal("0.02685") + 100 * Decimal("0.0000265"))

    assert estimate(execution("OPTION", "buy", "2025-06-02", 5, contracts)) - others == 55


def test_a_long_sells_at_its_exit_and_a_short_at_its_entry() -> None:
    size = Decimal(1000), Decimal(1)
    entry, leave = Leg(noon("2026-04-03"), Decimal(100)), Leg(noon("2026-04-06"), Decimal(110))

    bought_first = round_trip("EQUITY", "LONG", size, entry, leave)
    sold_first = round_trip("EQUITY", "SHORT", size, entry, leave)

    assert bought_first == estimate(execution("EQUITY", "buy", "2026-04-03", 100, 1000)) + estimate(
        execution("EQUITY", "sell", "2026-04-06", 110, 1000)
    )
    assert sold_first == estimate(execution("EQUITY", "sell", "2026-04-03", 100, 1000)) + estimate(
        execution("EQUITY", "buy", "2026-04-06", 110, 1000)
    )
    # No sales fee was charged before 4 April 2026, so the side matters.
    assert bought_first - sold_first == 1000 * 110 * Decimal("0.0000206")


def test_one_day_outside_the_table_spoils_the_whole_round_trip() -> None:
    size = Decimal(1), Decimal(1)
    known, unknown = Leg(noon("2026-03-02"), Decimal(1)), Leg(noon("1999-12-31"), Decimal(1))

    for entry, leave in ((known, unknown), (unknown, known)):
        with pytest.raises(FeeRateUnknownError, match="no crypto rate for 1999-12-31"):
            round_trip("CRYPTO", "LONG", size, entry, leave)


@given(
    st.integers(1, 10**15).map(lambda billionths: Decimal(f"{billionths}E-9")),
    st.integers(1, 10**15).map(lambda billionths: Decimal(f"{billionths}E-9")),
    st.datetimes(datetime(2000, 1, 1), datetime(2099, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001 - by contract
)
def test_crypto_pays_the_taker_rate_on_both_sides(price: Decimal, qty: Decimal, when: datetime) -> None:
    leg = Leg(when, price)

    assert round_trip("CRYPTO", "SHORT", (qty, Decimal(1)), leg, leg) == 2 * (price * qty * taker_rate(when.date()))
