from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from schemas.accounts import AccountDocument
from schemas.document import EARLIEST, LATEST, as_instant_or_none, numeric
from schemas.reasons import Reason
from schemas.rejected_signals import RejectedSignalDocument
from schemas.trades import PositionDocument
from shared.quarantine import Reject
from tests.unit.samples import ENTRY, MICROSECOND, admitted, guarded

BILLIONTHS = 10**9


def number(value: Any) -> Decimal | Reason:
    """What becomes of a number that may be negative: the account's cash."""
    result = guarded(AccountDocument, cash=value)
    if isinstance(result, Reject):
        return result.reason
    assert result.cash is not None
    return result.cash


def instant(value: Any) -> datetime | Reason:
    """What becomes of a time that nothing else depends on."""
    result = guarded(RejectedSignalDocument, valid_until=value)
    if isinstance(result, Reject):
        return result.reason
    assert result.valid_until is not None
    return result.valid_until


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (2, "2"),
        (-(2**63), "-9223372036854775808"),
        (2**70, "1180591620717411303424"),
        (0.1, "0.1"),
        (10274.0554, "10274.0554"),
        (1e-9, "0.000000001"),
        (1e22, "10000000000000000000000"),
        ("64000.10", "64000.1"),
        ("+.5", "0.5"),
        ("5.", "5"),
        ("1E+3", "1000"),
        ("1e-999", "0"),
        ("-0", "0"),
        (-0.0, "0"),
        (Decimal("1.5"), "1.5"),
    ],
)
def test_a_number_is_read_exactly_whatever_its_type(value: Any, expected: str) -> None:
    assert number(value) == Decimal(expected)


@pytest.mark.parametrize(
    "value", ["", " 1", "1 ", "1\n", "1_000", "1,5", "0x10", "abc", ".", "e5", "--1", "\u0661", "\uff11", "1e9999"]
)
def test_text_that_is_no_plain_decimal_number_is_refused(value: str) -> None:
    assert number(value) is Reason.BAD_TYPE


@pytest.mark.parametrize("value", [True, False, b"1", [1], {"a": 1}, datetime(2026, 1, 1, tzinfo=UTC)])
def test_a_number_of_another_type_is_refused(value: Any) -> None:
    assert number(value) is Reason.BAD_TYPE


@pytest.mark.parametrize(
    "value",
    [float("nan"), float("inf"), float("-inf"), "nan", "NaN", "-nan", "inf", "+Infinity", "-INF", Decimal("sNaN")],
)
def test_nan_and_infinity_are_refused_in_every_spelling(value: Any) -> None:
    assert number(value) is Reason.NOT_FINITE


@pytest.mark.parametrize("value", [1e29, 1e308, -1e29, 10**29, "1e999", f"{'9' * 29}.{'9' * 9}5"])
def test_a_number_beyond_numeric_is_out_of_range(value: Any) -> None:
    assert number(value) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize("sign", ["", "-"])
def test_the_largest_numeric_is_still_a_number(sign: str) -> None:
    largest = f"{sign}{'9' * 29}.{'9' * 9}"

    assert number(largest) == Decimal(largest)


def test_an_integer_of_five_thousand_digits_is_out_of_range() -> None:
    assert number(10**5000) is Reason.OUT_OF_RANGE


def test_a_number_of_a_million_digits_is_refused_like_any_other() -> None:
    assert number("1" * 1_000_001) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0.0000000005", "0"),
        ("0.0000000015", "0.000000002"),
        ("0.0000000025", "0.000000002"),
        ("0.00000000250001", "0.000000003"),
        ("-0.0000000025", "-0.000000002"),
        ("-0.0000000004", "0"),
    ],
)
def test_excess_decimals_are_rounded_half_to_even(text: str, expected: str) -> None:
    assert number(text) == Decimal(expected)


@given(st.decimals(min_value=-(10**25), max_value=10**25, allow_nan=False, allow_infinity=False))
def test_rounding_agrees_with_exact_fractions(value: Decimal) -> None:
    # round() of a Fraction is half-even, and knows no precision.
    assert Fraction(numeric(value)) == Fraction(round(Fraction(value) * BILLIONTHS), BILLIONTHS)


@given(st.integers(-(10**38) + 1, 10**38 - 1))
@example(10**38 - 1)
@example(1 - 10**38)
def test_whatever_fits_numeric_is_unchanged(billionths: int) -> None:
    value = Decimal(f"{billionths}E-9")

    assert numeric(value).as_tuple() == (value if billionths else Decimal("0E-9")).as_tuple()


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e28, max_value=1e28))
def test_a_double_its_text_and_its_decimal_are_the_same_number(value: float) -> None:
    assert number(value) == number(repr(value)) == number(Decimal(repr(value)))


@given(st.integers(-(10**28), 10**28))
def test_an_integer_keeps_its_value(value: int) -> None:
    assert number(value) == value


@pytest.mark.parametrize("value", [0, -0.0, "-0", "-0.0", "-0.0000000004", Decimal("-0E+5")])
def test_a_zero_is_never_negative(value: Any) -> None:
    read = number(value)

    assert isinstance(read, Decimal)
    assert (read, read.is_signed()) == (Decimal(0), False)


@pytest.mark.parametrize("value", [0, -1, "0", "-0.1", -0.0, 4e-10, "0.0000000005", -1e-300])
def test_a_quantity_must_be_above_zero_after_rounding(value: Any) -> None:
    result = guarded(PositionDocument, qty=value)

    assert isinstance(result, Reject)
    assert result.reason is Reason.NOT_POSITIVE


@pytest.mark.parametrize("value", [None, 0, 0.0, "0", "0.000", 1e-12])
def test_a_null_or_zero_fill_price_is_an_unknown_one(value: Any) -> None:
    assert admitted(PositionDocument, exit_fill_price=value).exit_fill_price is None


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, Reason.NOT_POSITIVE),
        ("nan", Reason.NOT_FINITE),
        ("", Reason.BAD_TYPE),
        (False, Reason.BAD_TYPE),
        ({}, Reason.BAD_TYPE),
    ],
)
def test_any_other_bad_fill_price_is_refused(value: Any, reason: Reason) -> None:
    result = guarded(PositionDocument, exit_fill_price=value)

    assert isinstance(result, Reject)
    assert result.reason is reason


@pytest.mark.parametrize(("value", "expected"), [(3, 3), (3.0, 3), ("3", 3), ("3e0", 3), (-2, -2)])
def test_a_whole_number_may_come_as_any_number(value: Any, expected: int) -> None:
    assert admitted(PositionDocument, strategy_version=value).strategy_version == expected


@pytest.mark.parametrize("value", [1.5, "2.000000001", True, "two"])
def test_a_whole_number_has_no_fraction(value: Any) -> None:
    result = guarded(PositionDocument, strategy_version=value)

    assert isinstance(result, Reject)
    assert result.reason is Reason.BAD_TYPE


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-02T10:00:00Z", "2026-03-02T10:00:00"),
        ("2026-03-02t10:00:00z", "2026-03-02T10:00:00"),
        ("2026-03-02 10:00:00+00:00", "2026-03-02T10:00:00"),
        ("2026-03-02T15:45:00+05:45", "2026-03-02T10:00:00"),
        ("2026-03-01T22:30:00-11:30", "2026-03-02T10:00:00"),
        ("2026-03-02T10:00:00-00:00", "2026-03-02T10:00:00"),
        ("2026-03-02T10:00:00.5Z", "2026-03-02T10:00:00.500000"),
        ("2026-03-02T10:00:00.123456789Z", "2026-03-02T10:00:00.123456"),
        ("2026-03-02T10:00:00.999999999Z", "2026-03-02T10:00:00.999999"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00"),
    ],
)
def test_a_time_as_text_is_read_to_the_microsecond_in_utc(text: str, expected: str) -> None:
    assert instant(text) == datetime.fromisoformat(f"{expected}+00:00")


@pytest.mark.parametrize(
    "text",
    [
        *("2026-03-02", "10:00:00Z", "2026-03-02T10:00Z", "20260302T100000Z", "2026-W10-1T10:00:00Z", "yesterday"),
        *("2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-02T25:00:00Z"),
        *("2016-12-31T23:59:60Z", "2026-03-02T24:00:00Z", "2026-03-02T10:00:00+24:00", "2026-03-02T10:00:00+0000"),
        *("2026-03-02T10:00:00.1234567890Z", "2026-03-02T10:00:00Z ", "2026-03-02T10:00:00 Z"),
        "\uff12026-03-02T10:00:00Z",
        "",
    ],
)
def test_text_that_is_no_moment_is_refused(text: str) -> None:
    assert instant(text) is Reason.BAD_TYPE


@pytest.mark.parametrize("value", [1_772_445_600, 1772445600.0, True, b"2026", ["2026-03-02T10:00:00Z"], ENTRY.date()])
def test_a_time_of_another_type_is_refused(value: Any) -> None:
    assert instant(value) is Reason.BAD_TYPE


@pytest.mark.parametrize("value", [ENTRY.replace(tzinfo=None), "2026-03-02T10:00:00", "2026-03-02 10:00:00.123456789"])
def test_a_time_without_an_offset_is_refused(value: Any) -> None:
    assert instant(value) is Reason.NAIVE_TIME


@pytest.mark.parametrize("offset", [-1439, -690, 0, 345, 1439])
@pytest.mark.parametrize("text", ["0001-01-01T00:00:00", "9999-12-31T23:59:59.999999"])
def test_the_ends_of_the_calendar_are_out_of_range_in_every_zone(text: str, offset: int) -> None:
    value = datetime.fromisoformat(text).replace(tzinfo=timezone(timedelta(minutes=offset)))

    assert instant(value) is Reason.OUT_OF_RANGE
    assert instant(value.isoformat()) is Reason.OUT_OF_RANGE


@pytest.mark.parametrize("offset", [-840, 0, 345, 840])
def test_the_range_of_times_is_half_open_in_every_zone(offset: int) -> None:
    zone = timezone(timedelta(minutes=offset))

    assert instant(EARLIEST.astimezone(zone)) == EARLIEST
    assert instant((EARLIEST - MICROSECOND).astimezone(zone)) is Reason.OUT_OF_RANGE
    assert instant((LATEST - MICROSECOND).astimezone(zone)) == LATEST - MICROSECOND
    assert instant(LATEST.astimezone(zone)) is Reason.OUT_OF_RANGE


@given(
    st.datetimes(datetime(2001, 1, 1), datetime(2099, 1, 1)),  # noqa: DTZ001 - the bounds carry no zone by contract
    st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes))),
)
def test_a_timestamp_and_its_text_are_the_same_moment_in_utc(naive: datetime, zone: timezone) -> None:
    value = naive.replace(tzinfo=zone)
    read = instant(value)

    assert read == instant(value.isoformat()) == value
    assert isinstance(read, datetime)
    assert read.tzinfo is UTC


@pytest.mark.parametrize("value", [None, "", "soon", 5, LATEST, "2026-03-02T10:00:00"])
def test_where_a_time_may_be_anything_what_is_none_is_none(value: Any) -> None:
    assert as_instant_or_none(value) is None


def test_where_a_time_may_be_anything_a_time_is_read_like_any_other() -> None:
    assert as_instant_or_none("2026-03-02T10:00:00+01:00") == datetime(2026, 3, 2, 9, tzinfo=UTC)
