from datetime import date, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import rejected_signals
from schemas.rejected_signals import RejectedSignal, RejectedSignalDocument
from shared.bars import Bar
from shared.quarantine import Reject
from tests.unit.samples import AS_OF, ENTRY, MICROSECOND, admitted, built, candidate, evidence, settings
from tests.unit.tape import flat, hourly

HOUR = timedelta(hours=1)
WEEK = 168
TARGET_IN_THIRD = [(100, 101, 99, 100), (100, 110, 96, 105), (105, 121, 104, 118), (118, 300, 1, 118)]


def result(bars: list[Bar] | None = None, symbol: str = "BTC/USD", as_of: datetime = AS_OF, **changes: Any) -> Any:
    """What becomes of the good signal with changes: entry 100, stop 90, target 120."""
    tape = {} if bars is None else {symbol: bars}
    one = candidate(RejectedSignalDocument, symbol=symbol, **changes)
    return built("rejected-signals", one, evidence(tape, as_of=as_of))


def row(bars: list[Bar] | None = None, **changes: Any) -> RejectedSignal:
    found = result(bars, **changes)
    assert isinstance(found, RejectedSignal), found
    return found


@pytest.mark.parametrize(("late", "expected"), [(-MICROSECOND, False), (timedelta(0), False), (MICROSECOND, True)])
def test_a_rejected_signal_is_due_when_it_is_older_than_seven_days(*, late: timedelta, expected: bool) -> None:
    as_of = ENTRY + timedelta(days=7) + late

    assert rejected_signals.due(admitted(RejectedSignalDocument), as_of, settings()) == expected


@pytest.mark.parametrize(
    ("symbol", "kind", "created", "timeframe", "last_bar_ends"),
    [
        ("BTC/USD", "CRYPTO", "02T00:10", "1Hour", "09T01:00"),
        ("BTC/USD", "CRYPTO", "02T00:10", "15Min", "09T00:15"),
        ("BTC/USD", "CRYPTO", "02T00:10", "1Day", "10T00:00"),
        ("AAPL", "EQUITY", "02T15:10", "1Hour", "09T16:00"),
        # So long does the consolidated feed keep back what is younger.
        ("AAPL", "EQUITY", "02T15:10", "1Min", "09T15:25"),
    ],
)
def test_a_rejected_signal_waits_for_the_last_bar_of_its_horizon(
    symbol: str, kind: str, created: str, timeframe: str, last_bar_ends: str
) -> None:
    """A row is never made anew, so what it cannot see then it lacks for good."""
    signal = admitted(RejectedSignalDocument, symbol=symbol, asset_class=kind, created_at=f"2026-03-{created}:00Z")
    over, given = datetime.fromisoformat(f"2026-03-{last_bar_ends}:00Z"), settings(BAR_TIMEFRAME=timeframe)

    assert not rejected_signals.due(signal, over - MICROSECOND, given)
    assert rejected_signals.due(signal, over, given)


def test_what_is_due_has_a_complete_window() -> None:
    """Rejected between midnight and the daily run."""
    created = datetime.fromisoformat("2026-03-02T00:10:00Z")
    signal, runs = admitted(RejectedSignalDocument, created_at=created), created + timedelta(days=7, minutes=15)
    as_of = next(at for at in (runs, runs + timedelta(days=1)) if rejected_signals.due(signal, at, settings()))
    found = result(list(flat(created - HOUR / 6, 2 * WEEK)), as_of=as_of, created_at=created)

    assert (found.theoretical_exit_reason, found.bars_used, found.window_complete) == ("HORIZON", WEEK, True)


def test_the_age_is_a_setting() -> None:
    signal, as_of = admitted(RejectedSignalDocument), ENTRY + timedelta(days=2)

    assert rejected_signals.due(signal, as_of, settings(REJECTED_AFTER_DAYS="1"))
    assert not rejected_signals.due(signal, as_of, settings(REJECTED_AFTER_DAYS="2"))


def test_the_partition_is_the_utc_date_of_creation() -> None:
    assert row(created_at="2026-03-02T23:30:00-05:00").ds == date(2026, 3, 3)


def test_the_walk_ends_at_the_first_level_hit() -> None:
    found = row(hourly(ENTRY, *TARGET_IN_THIRD))

    assert (found.theoretical_exit_reason, found.theoretical_exit_price) == ("TAKE_PROFIT", Decimal(120))
    assert (found.theoretical_exit_time, found.bars_used) == (ENTRY + 2 * HOUR, 3)
    assert (found.bar_timeframe, found.window_complete) == ("1Hour", True)


def test_excursions_run_until_the_exit_and_no_further() -> None:
    found = row(hourly(ENTRY, *TARGET_IN_THIRD))

    assert (found.mfe_pct, found.mae_pct) == (Decimal(21), Decimal(4))


def test_profit_is_net_of_both_fees_on_the_assumed_size() -> None:
    found = row(hourly(ENTRY, *TARGET_IN_THIRD))

    # 1,000 USD buy 10 coins: 0.25 % of 1,000 and of 1,200.
    assert (found.notional_usd, found.theoretical_fees_usd) == (Decimal(1000), Decimal("5.5"))
    assert (found.theoretical_pnl_usd, found.theoretical_pnl_pct) == (Decimal("194.5"), Decimal("19.45"))


def test_a_short_earns_what_price_falls() -> None:
    found = row(hourly(ENTRY, (100, 105, 79, 80)), side="sell", suggested_stop=110, take_profit_1=80)

    assert (found.theoretical_exit_reason, found.theoretical_pnl_usd) == ("TAKE_PROFIT", Decimal("195.5"))
    assert (found.mfe_pct, found.mae_pct) == (Decimal(21), Decimal(5))


@pytest.mark.parametrize(
    ("changes", "notional"),
    [
        ({}, "1000"),
        ({"qty": 2}, "200"),
        ({"notional_usd": "250.5"}, "250.5"),
        ({"qty": 2, "notional_usd": 250}, "250"),
        ({"qty": "0.333333333", "entry_price": "0.1"}, "0.033333333"),
        # Its price counts bitcoins, not dollars.
        ({"qty": 2, "symbol": "ETH/BTC"}, "1000"),
    ],
)
def test_the_size_is_the_documents_own_where_it_has_one(changes: dict[str, Any], notional: str) -> None:
    assert row([], **changes).notional_usd == Decimal(notional)


def test_an_options_size_counts_a_hundred_units_a_contract() -> None:
    found = row(
        hourly(ENTRY, (100, 120, 100, 110)), symbol="AAPL260918C00150000", asset_class="OPTION", qty=2, entry_price=100
    )

    assert found.notional_usd == 20_000
    assert found.theoretical_pnl_usd is not None
    assert found.theoretical_fees_usd is not None
    assert found.theoretical_pnl_usd + found.theoretical_fees_usd == 4000


prices = st.integers(1, 10**12).map(lambda billionths: Decimal(f"{billionths}E-9"))


@given(st.sampled_from(["LONG", "SHORT"]), prices, prices, st.integers(10**9, 10**13))
def test_profit_and_fees_are_exact_and_rounded_once(side: str, entry: Decimal, close: Decimal, size: int) -> None:
    notional = Decimal(f"{size}E-9")
    levels = dict.fromkeys(("suggested_stop", "take_profit_1"))
    found = row([Bar(ENTRY, *[close] * 4)], side=side, entry_price=entry, notional_usd=notional, **levels)
    e, x, n = Fraction(entry), Fraction(close), Fraction(notional)
    fees = Decimal(f"{round((n + x * n / e) * Fraction(25, 10000) * 10**9)}E-9")
    profit = (x - e if side == "LONG" else e - x) * n / e - Fraction(fees)

    assert found.theoretical_exit_price == close
    assert found.theoretical_fees_usd == fees
    assert found.theoretical_pnl_usd == Decimal(f"{round(profit * 10**9)}E-9")
    assert found.theoretical_pnl_pct is not None
    assert abs(Fraction(found.theoretical_pnl_pct) - Fraction(found.theoretical_pnl_usd) / n * 100) <= Fraction(
        1, 10**9
    )


def test_without_a_hit_the_last_close_before_the_horizon_ends_it() -> None:
    beyond = [(100, 100, 99, 99)] * (WEEK - 1) + [(100, 101, 99, 101), (100, 500, 1, 500)]
    found = row(hourly(ENTRY, *beyond))

    assert (found.theoretical_exit_reason, found.theoretical_exit_price) == ("HORIZON", Decimal(101))
    assert (found.bars_used, found.theoretical_exit_time) == (WEEK, ENTRY + (WEEK - 1) * HOUR)
    assert found.window_complete


def test_the_first_bar_is_the_first_that_opens_at_or_after_the_signal() -> None:
    bars = hourly(ENTRY, (100, 500, 1, 100), (100, 101, 99, 100), (100, 121, 99, 100))
    found = row(bars, created_at=ENTRY + MICROSECOND)

    assert (found.theoretical_exit_time, found.bars_used) == (ENTRY + 2 * HOUR, 2)


def test_an_unaligned_signal_has_a_complete_window_of_as_many_bars() -> None:
    found = row(list(flat(ENTRY - HOUR, WEEK + 4)), created_at=ENTRY + HOUR / 2)

    assert (found.theoretical_exit_reason, found.bars_used, found.window_complete) == ("HORIZON", WEEK, True)


@pytest.mark.parametrize("lost", [0, 1])
def test_a_missing_bar_before_the_exit_makes_a_crypto_window_incomplete(lost: int) -> None:
    bars = hourly(ENTRY, *TARGET_IN_THIRD)
    found = row([*bars[:lost], *bars[lost + 1 :]])

    assert (found.theoretical_exit_reason, found.bars_used, found.window_complete) == ("TAKE_PROFIT", 2, False)


def test_a_missing_bar_at_the_end_of_the_horizon_makes_the_window_incomplete() -> None:
    assert not row(list(flat(ENTRY, WEEK - 1))).window_complete


@pytest.mark.parametrize(("late", "whole"), [(-MICROSECOND, False), (timedelta(0), True)])
@pytest.mark.parametrize(("symbol", "kind"), [("BTC/USD", "CRYPTO"), ("AAPL", "EQUITY")])
def test_a_window_whose_last_bar_was_not_over_is_incomplete(
    symbol: str, kind: str, *, late: timedelta, whole: bool
) -> None:
    last_bar_ends = ENTRY + (WEEK + 1) * HOUR
    bars, created = list(flat(ENTRY, WEEK + 4)), ENTRY + HOUR / 2
    found = result(bars, symbol, as_of=last_bar_ends + late, asset_class=kind, created_at=created)

    assert (found.theoretical_exit_reason, found.window_complete) == ("HORIZON", whole)


def test_other_markets_pause_so_their_windows_may_have_holes() -> None:
    bars = [*flat(ENTRY, 2), *flat(ENTRY + 20 * HOUR, 2)]

    assert row(bars, symbol="AAPL", asset_class="EQUITY").window_complete


UNKNOWN = {
    "theoretical_exit_price": None,
    "theoretical_exit_time": None,
    "theoretical_pnl_usd": None,
    "theoretical_pnl_pct": None,
    "theoretical_fees_usd": None,
    "mfe_pct": None,
    "mae_pct": None,
    "bar_timeframe": None,
    "bars_used": 0,
    "window_complete": False,
}


@pytest.mark.parametrize(
    ("bars", "changes", "reason"),
    [
        ([], {}, "NO_MARKET_DATA"),
        (list(flat(ENTRY - 5 * HOUR, 5)), {}, "NO_MARKET_DATA"),
        (None, {}, "NOT_TRADABLE"),
        (list(flat(ENTRY, 5)), {"symbol": "BTCUSD"}, "NOT_TRADABLE"),
        (list(flat(ENTRY, 5)), {"symbol": "aapl", "asset_class": "EQUITY"}, "NOT_TRADABLE"),
    ],
)
def test_without_market_data_nothing_is_known_and_nothing_is_zero(
    bars: list[Bar] | None, changes: dict[str, Any], reason: str
) -> None:
    found = row(bars, **changes)

    assert found.theoretical_exit_reason == reason
    assert found.model_dump(include=set(UNKNOWN)) == UNKNOWN
    assert found.notional_usd == 1000


def test_only_the_first_target_is_simulated_but_all_are_kept() -> None:
    found = row(hourly(ENTRY, (100, 119, 91, 100)), take_profit_2=105, take_profit_3="110.5")

    assert found.theoretical_exit_reason == "HORIZON"
    assert (found.take_profit_1, found.take_profit_2, found.take_profit_3) == (
        Decimal(120),
        Decimal(105),
        Decimal("110.5"),
    )


def test_what_the_filter_saw_is_kept_as_json() -> None:
    found = row([], rejection_metadata={"b": 1.5, "a": ENTRY}, confluence_snapshot={})

    assert found.rejection_metadata == '{"a":{"$timestamp":"2026-03-02T10:00:00Z"},"b":1.5}'
    assert found.confluence_snapshot == "{}"
    assert row([]).rejection_metadata is None


@pytest.mark.parametrize("changes", [{"qty": 1e-9, "entry_price": 0.1}, {"qty": 4e-9, "entry_price": "0.05"}])
def test_a_size_too_small_for_the_table_is_refused_and_does_not_stop_the_run(changes: dict[str, Any]) -> None:
    assert isinstance(result(list(flat(ENTRY, 5)), **changes), Reject)
