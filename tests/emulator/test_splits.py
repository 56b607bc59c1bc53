"""A stock is split: what signals and trades would have made is reckoned as if it had not been, by the broker's word."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import Bar, write_bars, write_broker
from tests.emulator.builders import HOUR, PAPER, START, live_signal, position, put, rejected_signal
from tests.emulator.promises import read_table
from tests.stack import LocalStack

SPLIT_AT = 72
"""Hours after the start: midnight in UTC, four hours before the one in New York that begins the day of the split."""
STOCK: dict[str, Any] = {"symbol": "AAPL", "asset_class": "EQUITY"}


ALL_DAY = range(24)


def bars(shares: Decimal, hours: range) -> Iterator[Bar]:
    """A stock at 100 that is traded in these hours (UTC) and moves by a dollar; one share becomes so many."""
    for number in (number for number in range(20 * 24) if number % 24 in hours):
        basis = shares if number >= SPLIT_AT + 4 else Decimal(1)
        low, middle, high = (Decimal(price) / basis for price in (99, 100, 101))
        yield Bar(START + number * HOUR, middle, high, low, middle, Decimal(3))


def market(
    stack: LocalStack, directory: Path, new: int, old: int, *, known: bool = True, hours: range = ALL_DAY
) -> None:
    """Let the broker have such a stock, and, if it is known, the split."""
    write_bars(directory, "AAPL", bars(Decimal(new) / Decimal(old), hours))
    split = {"id": "split-1", "symbol": "AAPL", "ex_date": "2021-09-04", "new_rate": new, "old_rate": old}
    write_broker(directory, {"splits": [split] if known else []})
    stack.seed(directory)


RATIOS = [(10, 1), (3, 2), (1, 20)]


@pytest.mark.parametrize(("new", "old"), RATIOS)
def test_a_rejected_signal_is_walked_as_if_there_had_been_no_split(
    new: int, old: int, stack: LocalStack, tmp_path: Path
) -> None:
    market(stack, tmp_path, new, old)
    put(stack, "rejected_signals", rejected_signal(1, **STOCK, take_profit_1=120.0, notional_usd=1000))

    stack.run("rejected-signals")

    (row,) = read_table(stack, "rejected-signals")
    assert (row["theoretical_exit_reason"], row["theoretical_exit_price"]) == ("HORIZON", 100)
    assert (row["mfe_pct"], row["mae_pct"], row["window_complete"]) == (1, 1, True)
    assert -1 < row["theoretical_pnl_usd"] <= 0


@pytest.mark.parametrize(("new", "old"), RATIOS)
def test_a_split_is_no_moonshot(new: int, old: int, stack: LocalStack, tmp_path: Path) -> None:
    market(stack, tmp_path, new, old)
    until = (START + 96 * HOUR).isoformat()
    put(stack, "live_signals", live_signal(1, **STOCK, entry_price=102, suggested_stop=95, valid_until=until))

    stack.run("expired-signals")

    (row,) = read_table(stack, "expired-signals")
    assert (row["max_mfe"], row["moonshot"], row["would_have_triggered"]) == (0, False, False)
    assert row["window_complete"]


@pytest.mark.parametrize(("hour", "entry", "stop"), [(69, 100, 90), (76, 10, 9)])
def test_a_split_between_a_signal_and_the_first_bar_is_undone_if_the_signal_is_of_the_day_before(
    hour: int, entry: int, stop: int, stack: LocalStack, tmp_path: Path
) -> None:
    """The market is open for six hours a day; the signal comes after the last of one day, or before the next."""
    market(stack, tmp_path, 10, 1, hours=range(14, 20))
    put(stack, "rejected_signals", rejected_signal(hour, **STOCK, entry_price=entry, suggested_stop=stop))

    stack.run("rejected-signals")

    (row,) = read_table(stack, "rejected-signals")
    assert (row["theoretical_exit_reason"], row["theoretical_exit_price"]) == ("HORIZON", entry)


def test_a_trade_over_a_split_is_refused_for_its_entry_and_exit_are_of_other_shares(
    stack: LocalStack, tmp_path: Path
) -> None:
    market(stack, tmp_path, 10, 1)
    over, before = (START + 90 * HOUR).isoformat(), (START + 60 * HOUR).isoformat()
    held = position(1, **STOCK, **PAPER, exit_fill_price=10, exit_time=over)
    put(stack, "live_positions", held, position(2, **STOCK, **PAPER, exit_fill_price=100, exit_time=before))

    stack.run("trades")

    (row,) = read_table(stack)
    assert (row["trade_id"], row["mfe_pct"], row["mae_pct"]) == ("position-0002", 1, 1)
    refused = stack.quarantined()["live_positions/position-0001"]
    assert (refused["reason"], refused["errors"][0]["message"]) == (
        "STOCK_SPLIT",
        "one share became 10 while the position was held",
    )


def test_a_leap_that_the_broker_knows_no_split_for_is_the_market_s_own(stack: LocalStack, tmp_path: Path) -> None:
    market(stack, tmp_path, 10, 1, known=False)
    put(stack, "rejected_signals", rejected_signal(1, **STOCK))

    stack.run("rejected-signals")

    (row,) = read_table(stack, "rejected-signals")
    assert (row["theoretical_exit_reason"], row["theoretical_exit_price"]) == ("STOP_LOSS", 10)


def test_only_a_leap_costs_a_question_and_only_one(stack: LocalStack, tmp_path: Path) -> None:
    market(stack, tmp_path, 10, 1)
    signals = [rejected_signal(number, **STOCK) for number in range(1, 60)]
    put(stack, "rejected_signals", *signals)

    stack.run("rejected-signals", PAGE_SIZE="20")

    asked = [call["query"]["adjustment"] for call in stack.broker_calls()]
    assert (asked.count("raw"), asked.count("split")) == (3, 1)  # a page of signals asks for the hours it adds
