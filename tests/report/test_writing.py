"""Numbers and texts as people read them."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from infra.report import writing

THIN = "\N{NARROW NO-BREAK SPACE}"
MINUS = "\N{MINUS SIGN}"


@pytest.mark.parametrize(
    ("value", "plain", "signed"),
    [
        (Decimal("1234567.891"), "1,234,567.89", "+1,234,567.89"),
        (Decimal("-0.5"), f"{MINUS}0.50", f"{MINUS}0.50"),
        (Decimal(0), "0.00", "0.00"),
        (Decimal("-0.001"), "0.00", "0.00"),
        (None, writing.NOTHING, writing.NOTHING),
        (float("nan"), writing.NOTHING, writing.NOTHING),
        (float("inf"), writing.NOTHING, writing.NOTHING),
    ],
)
def test_money_has_thousands_cents_and_a_sign_where_it_matters(value: Decimal, plain: str, signed: str) -> None:
    assert (writing.usd(value), writing.signed_usd(value)) == (plain, signed)


def test_a_price_keeps_every_digit_that_it_has() -> None:
    assert [writing.price(Decimal(text)) for text in ("0.000012340", "100.00", "65000.5")] == [
        "0.00001234",
        "100",
        "65,000.5",
    ]


def test_percent_and_shares_have_their_unit() -> None:
    assert writing.percent(Decimal("12.345")) == f"12.34{THIN}%"
    assert writing.signed_percent(Decimal("1.5")) == f"+1.50{THIN}%"
    assert writing.fine_percent(Decimal("-0.01234")) == f"{MINUS}0.0123{THIN}%"
    assert writing.share(0.5) == f"50.00{THIN}%"
    assert writing.share(None) == writing.NOTHING


def test_durations_are_in_units_that_fit() -> None:
    assert [writing.duration(Decimal(text)) for text in ("0.84", "59.6", "725", "12000")] == [
        "0.8 s",
        "1 min 0 s",
        "12 min 5 s",
        "3 h 20 min",
    ]


def test_times_are_to_the_minute_and_what_is_unknown_is_a_dash() -> None:
    assert writing.moment(datetime(2026, 1, 2, 3, 4, 59, tzinfo=UTC)) == "2026-01-02 03:04"
    assert writing.day(date(2026, 1, 2)) == "2026-01-02"
    unknown = (writing.moment(None), writing.day(None), writing.yes(None), writing.text(""), writing.count(None))
    assert set(unknown) == {writing.NOTHING}


def test_long_texts_are_cut_and_still_told_apart() -> None:
    first, second = writing.text("a" * 10_000), writing.text("a" * 9_999 + "b")

    assert first != second
    assert len(first) <= 61
    assert writing.text("a" * 60) == "a" * 60


def test_one_is_one_and_many_are_many() -> None:
    assert [writing.plural(number, "trade") for number in (0, 1, 1234)] == ["0 trades", "1 trade", "1,234 trades"]
