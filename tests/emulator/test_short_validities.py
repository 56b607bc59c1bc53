"""Signals that were valid for less than six hours: looked at by the minute where the market has such bars."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from infra.local.fixtures import Bar, write_bars, write_broker
from tests.emulator.builders import HOUR, START, live_signal, put, write_market
from tests.emulator.promises import read_table
from tests.stack import LocalStack

MINUTE = timedelta(minutes=1)
FROM, UNTIL = START + 5 * MINUTE, START + HOUR + 5 * MINUTE


@pytest.fixture(autouse=True)
def _signals(stack: LocalStack) -> None:
    short = {"created_at": FROM, "valid_until": UNTIL.isoformat()}
    put(stack, "live_signals", live_signal(1, **short), live_signal(2))


def timeframes(stack: LocalStack) -> dict[str, tuple[str, int, bool]]:
    """How each signal was looked at: by which bars, how many, and whether it looks like a moonshot."""
    rows = read_table(stack, "expired-signals")
    return {row["signal_id"]: (row["bar_timeframe"], row["bars_used"], row["moonshot"]) for row in rows}


def asked(stack: LocalStack) -> list[str]:
    return [call["query"]["timeframe"] for call in stack.broker_calls()]


def test_what_happened_after_a_short_validity_is_no_moonshot(stack: LocalStack, tmp_path: Path) -> None:
    """The market leaps from 118 to 150 a minute after the first signal ended, and is back when the second begins."""
    leaps = range(66, 100)
    prices = (Decimal(150 if number in leaps else 118) for number in range(10 * 60))
    bars = (Bar(START + number * MINUTE, *(price,) * 5) for number, price in enumerate(prices))
    write_bars(tmp_path, "BTC/USD", bars)
    write_broker(tmp_path, {})
    stack.seed(tmp_path)

    stack.run("expired-signals")

    assert timeframes(stack) == {"signal-0001": ("1Min", 60, False), "signal-0002": ("1Hour", 6, False)}
    assert asked(stack) == ["1Min", "1Hour"]


def test_where_the_market_has_no_minutes_the_hours_have_to_do(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path))

    stack.run("expired-signals")

    assert timeframes(stack) == {"signal-0001": ("1Hour", 1, False), "signal-0002": ("1Hour", 6, False)}
    assert asked(stack) == ["1Min", "1Hour"]
