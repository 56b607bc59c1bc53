from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal

import pytest

from infra.local.broker.series import aggregate
from infra.local.broker.timeframe import Timeframe
from infra.local.fixture_bars import Bar


def bars(*openings: str, volume: int = 1) -> list[Bar]:
    return [
        Bar(datetime.fromisoformat(f"{opening}:00Z"), *map(Decimal, (number, number, number, number, volume)))
        for number, opening in enumerate(openings, start=1)
    ]


def openings(stored: Sequence[Bar], timeframe: str) -> list[str]:
    return [f"{candle.t:%Y-%m-%dT%H:%M}" for candle in aggregate(stored, Timeframe.parse(timeframe))]


def test_months_stored_as_months_are_served_and_add_up_to_quarters() -> None:
    months = bars("2026-01-01T00", "2026-02-01T00", "2026-03-01T00", "2026-04-01T00")

    assert openings(months, "1Month") == [f"2026-0{number}-01T00:00" for number in (1, 2, 3, 4)]
    assert openings(months, "3Month") == ["2026-01-01T00:00", "2026-04-01T00:00"]


def test_a_local_day_of_23_hours_is_a_day() -> None:
    days = bars("2026-03-07T06", "2026-03-08T06", "2026-03-09T05", "2026-03-10T05")

    assert openings(days, "1Day") == ["2026-03-07T06:00", "2026-03-08T06:00", "2026-03-09T05:00", "2026-03-10T05:00"]


@pytest.mark.parametrize("timeframe", ["1Hour", "3Hour", "45Min"])
def test_a_timeframe_that_stored_bars_do_not_fill_has_none(timeframe: str) -> None:
    assert openings(bars("2026-03-01T00", "2026-03-01T02", "2026-03-01T04"), timeframe) == []


def test_weeks_do_not_add_up_to_months() -> None:
    assert openings(bars("2026-03-02T00", "2026-03-09T00", "2026-03-16T00"), "1Month") == []


def test_a_gap_is_not_filled() -> None:
    assert openings(bars("2026-03-01T00", "2026-03-01T01", "2026-03-01T05"), "1H") == [
        "2026-03-01T00:00",
        "2026-03-01T01:00",
        "2026-03-01T05:00",
    ]


def test_a_single_bar_fits_every_timeframe() -> None:
    assert openings(bars("2026-03-04T05"), "1Min") == ["2026-03-04T05:00"]
    assert openings(bars("2026-03-04T05"), "1Week") == ["2026-03-02T00:00"]


def test_bars_without_volume_have_a_plain_average_and_no_trades() -> None:
    (candle,) = aggregate(bars("2026-03-01T00", "2026-03-01T01", volume=0), Timeframe.parse("1D"))

    assert (candle.v, candle.n, candle.vw) == (Decimal(0), 0, Decimal("1.5"))


def test_no_bars_make_no_bars() -> None:
    assert openings([], "1Day") == []


@pytest.mark.parametrize("name", ["0Min", "60Min", "24Hour", "2Day", "5Month", "1Year", "Day", "1day"])
def test_a_timeframe_that_the_venue_does_not_know_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"invalid timeframe: {name}"):
        Timeframe.parse(name)
