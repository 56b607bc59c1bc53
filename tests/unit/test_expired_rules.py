from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import expired_signals
from schemas.expired_signals import ExpiredSignal, LiveSignalDocument
from shared.bars import LENGTHS, Bar
from tests.unit.samples import AS_OF, ENTRY, MICROSECOND, admitted, built, candidate, evidence, settings
from tests.unit.tape import flat, hourly

HOUR = timedelta(hours=1)
END = ENTRY + 6 * HOUR


def row(bars: list[Bar] | None, as_of: datetime = AS_OF, **changes: Any) -> ExpiredSignal:
    """The row of the good signal with changes: entry 100, valid for the six hours until END."""
    tape = {} if bars is None else {"BTC/USD": bars, "AAPL": bars}
    found = built("expired-signals", candidate(LiveSignalDocument, **changes), evidence(tape, as_of=as_of))
    assert isinstance(found, ExpiredSignal), found
    return found


@pytest.mark.parametrize(("late", "expected"), [(-MICROSECOND, False), (timedelta(0), True), (MICROSECOND, True)])
def test_an_expired_signal_is_due_a_day_after_its_validity(*, late: timedelta, expected: bool) -> None:
    as_of = END + timedelta(hours=24) + late

    assert expired_signals.due(admitted(LiveSignalDocument), as_of, settings()) == expected


def test_the_delay_is_a_setting() -> None:
    assert expired_signals.due(admitted(LiveSignalDocument), END, settings(EXPIRED_AFTER_HOURS="0"))


@pytest.mark.parametrize(
    ("timeframe", "last_bar_ends"), [("1Min", END + HOUR / 2), ("1Hour", END + HOUR), ("1Day", ENTRY + 14 * HOUR)]
)
def test_however_short_the_delay_the_last_bar_is_over(timeframe: str, last_bar_ends: datetime) -> None:
    signal = admitted(LiveSignalDocument, valid_until=END + HOUR / 2)
    given = settings(EXPIRED_AFTER_HOURS="0", BAR_TIMEFRAME=timeframe)

    assert not expired_signals.due(signal, last_bar_ends - MICROSECOND, given)
    assert expired_signals.due(signal, last_bar_ends, given)


@pytest.mark.parametrize("timeframe", LENGTHS)
@pytest.mark.parametrize(
    ("symbol", "kind"), [("BTC/USD", "CRYPTO"), ("AAPL", "EQUITY"), ("AAPL260918C00150000", "OPTION")]
)
def test_a_day_after_the_validity_any_last_bar_is_over(symbol: str, kind: str, timeframe: str) -> None:
    signal = admitted(LiveSignalDocument, symbol=symbol, asset_class=kind, valid_until=END + MICROSECOND)

    assert expired_signals.due(signal, END + MICROSECOND + 24 * HOUR, settings(BAR_TIMEFRAME=timeframe))


@pytest.mark.parametrize(
    ("status", "ignored"),
    [
        *(("WAITING", True), ("ACTIVE", True), ("INVALIDATED", True), ("TP1_HIT", True), ("TP12_HIT", True)),
        *(("EXPIRED", False), ("expired", False), ("TP_HIT", False), ("TP1_HIT\n", False), ("NEW", False)),
        *((None, False), (1, False), ("", False)),
    ],
)
def test_signals_that_live_or_ended_otherwise_are_left_alone(*, status: Any, ignored: bool) -> None:
    assert expired_signals.ignores({"status": status}) == ignored


def test_every_status_is_either_ignored_archived_or_refused() -> None:
    known = ["WAITING", "ACTIVE", "INVALIDATED", "TP1_HIT", "EXPIRED"]

    assert [admitted(LiveSignalDocument, status=word).status for word in known] == known
    assert [word for word in known if not expired_signals.ignores({"status": word})] == ["EXPIRED"]


def test_the_partition_is_the_utc_date_of_creation_not_of_expiry() -> None:
    assert row([], valid_until=ENTRY + timedelta(days=3)).ds == date(2026, 3, 2)


def test_what_was_missed_is_read_from_the_bars_of_the_validity() -> None:
    outside = [*hourly(ENTRY - HOUR, (100, 900, 1, 100)), *hourly(END, (100, 900, 1, 100))]
    inside = hourly(ENTRY, *[(98, 99, 95, 98)] * 3, (98, 112, 97, 111), (111, 112, 110, 111), (111, 111, 105, 106))
    found = row(sorted([*outside, *inside]))

    assert (found.max_mfe, found.max_mfe_pct, found.max_mfe_at) == (Decimal(12), Decimal(12), ENTRY + 3 * HOUR)
    assert (found.bars_used, found.bar_timeframe, found.window_complete) == (6, "1Hour", True)
    assert (found.would_have_triggered, found.distance_to_trigger_pct, found.moonshot) == (True, Decimal(0), True)


def test_a_short_misses_what_price_falls() -> None:
    found = row(hourly(ENTRY, (100, 103, 80, 90)), side="sell")

    assert (found.max_mfe, found.max_mfe_pct) == (Decimal(20), Decimal(20))


@pytest.mark.parametrize(("high", "moonshot"), [("109.999999", False), ("110", True), ("110.000001", True)])
def test_a_moonshot_starts_exactly_at_the_setting(*, high: str, moonshot: bool) -> None:
    assert row(hourly(ENTRY, (100, high, 99, 100))).moonshot is moonshot


@pytest.mark.parametrize(
    ("shape", "distance", "triggered"),
    [
        ((95, 98, 94, 97), "2", False),
        ((105, 108, 103, 104), "3", False),
        ((95, 100, 94, 97), "0", True),
        ((95, "99.999999999", 94, 97), "0.000000001", False),
    ],
)
def test_the_distance_to_the_trigger_is_in_percent_of_the_entry(
    *,
    shape: tuple[int | str, ...],
    distance: str,
    triggered: bool,
) -> None:
    found = row(hourly(ENTRY, shape))

    assert (found.distance_to_trigger_pct, found.would_have_triggered) == (Decimal(distance), triggered)


@pytest.mark.parametrize(("before", "distance"), [(105, "0"), (97, "4")])
def test_a_stock_that_opens_on_the_other_side_of_the_entry_traded_through_it(before: int, distance: str) -> None:
    """The signal came after the close of a Friday, at 105; on Monday the stock opens at 95."""
    monday = ENTRY + timedelta(days=3)
    bars = [*flat(ENTRY - 2 * HOUR, 2, before), *hourly(monday, (95, 96, 94, 95))]
    found = row(bars, asset_class="EQUITY", symbol="AAPL", valid_until=monday + HOUR)

    assert found.distance_to_trigger_pct == Decimal(distance)
    assert (found.would_have_triggered, found.bars_used) == (distance == "0", 1)


def test_a_market_that_never_moved_in_favour_missed_nothing() -> None:
    found = row(hourly(ENTRY, (95, 98, 94, 97)))

    assert (found.max_mfe, found.max_mfe_pct, found.max_mfe_at, found.moonshot) == (Decimal(0), Decimal(0), None, False)


prices = st.integers(1, 10**12).map(lambda billionths: Decimal(f"{billionths}E-9"))


@given(st.sampled_from(["LONG", "SHORT"]), prices, st.lists(prices, min_size=1, max_size=5))
def test_what_was_missed_agrees_with_exact_fractions(side: str, entry: Decimal, closes: list[Decimal]) -> None:
    found = row(hourly(ENTRY, *([price] * 4 for price in closes)), side=side, entry_price=entry)
    moves = [price - entry if side == "LONG" else entry - price for price in closes]
    best = max([*moves, Decimal(0)])

    assert found.max_mfe == best
    assert found.max_mfe_pct == Decimal(f"{round(Fraction(best) / Fraction(entry) * 100 * 10**9)}E-9")
    assert found.moonshot == (found.max_mfe_pct >= 10)


NOTHING = {
    "max_mfe": None,
    "max_mfe_pct": None,
    "max_mfe_at": None,
    "distance_to_trigger_pct": None,
    "would_have_triggered": None,
    "moonshot": None,
    "bar_timeframe": None,
    "bars_used": 0,
    "window_complete": False,
}


@pytest.mark.parametrize(
    ("bars", "changes"),
    [
        ([], {}),
        (None, {}),
        (list(flat(END, 3)), {}),
        (list(flat(ENTRY, 6)), {"valid_until": ENTRY}),
        (list(flat(ENTRY, 6)), {"symbol": "BTCUSD"}),
    ],
)
def test_without_market_data_nothing_is_known(bars: list[Bar] | None, changes: dict[str, Any]) -> None:
    assert row(bars, **changes).model_dump(include=set(NOTHING)) == NOTHING


@pytest.mark.parametrize(
    ("asset_class", "symbol", "complete"), [("CRYPTO", "BTC/USD", False), ("EQUITY", "AAPL", True)]
)
def test_a_missing_bar_makes_a_window_incomplete_where_trading_never_pauses(
    *,
    asset_class: str,
    symbol: str,
    complete: bool,
) -> None:
    bars = [*flat(ENTRY, 2), *flat(ENTRY + 3 * HOUR, 3)]

    assert row(bars, asset_class=asset_class, symbol=symbol).window_complete is complete


def test_an_unaligned_validity_is_complete_with_the_bars_that_open_in_it() -> None:
    found = row(list(flat(ENTRY - HOUR, 10)), created_at=ENTRY + HOUR / 2, valid_until=END + HOUR / 2)

    assert (found.bars_used, found.window_complete) == (6, True)


@pytest.mark.parametrize(
    ("start", "hours", "complete"),
    [(0, 5, True), (0.5, 1, False), (0.5, 5.5, True), (0.25, 5.5, False), (0.5, 5.9, False), (0.5, 6, True)],
)
def test_a_short_validity_whose_last_bar_outlasts_it_is_not_complete(
    *, start: float, hours: float, complete: bool
) -> None:
    """What came after it may be most of what the bar tells, and make a moonshot."""
    created = ENTRY + start * HOUR
    found = row(list(flat(ENTRY, 10)), created_at=created, valid_until=created + hours * HOUR)

    assert found.window_complete == complete


def test_a_window_whose_last_bar_is_still_forming_is_not_complete() -> None:
    stock = {"asset_class": "EQUITY", "symbol": "AAPL", "valid_until": ENTRY + timedelta(hours=6, minutes=30)}
    bars = list(flat(ENTRY, 10))

    assert not row(bars, as_of=ENTRY + timedelta(hours=6, minutes=30), **stock).window_complete
    assert row(bars, as_of=ENTRY + timedelta(hours=7), **stock).window_complete
