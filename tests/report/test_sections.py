"""What sections of the report say where not all is known, or not all is shown."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from infra.report import equity, filters, slippage, summary
from infra.report.parts import Figure, Table
from tests.report.test_verdict import answers


def rejections(reason: str, pnl: str | None, unknown: int = 0) -> dict[str, Any]:
    """Three signals that a filter refused."""
    won = {"winners": 1, "losers": 1, "targets": 1, "stops": 1}
    earned = None if pnl is None else Decimal(pnl)
    return {"rejection_reason": reason, "signals": 3, "unknown": unknown, "theoretical_pnl_usd": earned, **won}


def test_filters_whose_signals_nobody_could_value_are_not_said_to_have_cost_nothing() -> None:
    asked = answers(rejections=[rejections("TOO_LATE", None, 3)])
    section = filters.section(asked)

    assert section.answer == "3 signals refused; what they would have earned is not known of any."
    assert [type(part) for part in section.parts] == [Table]
    assert summary.figures(asked) == []


@pytest.mark.parametrize(
    ("pnl", "said"),
    [
        ("7", "TOO_LATE cost most: what it kept out would have earned 7.00 USD"),
        ("-7", "No filter cost anything: whatever they kept out would have earned nothing or lost"),
    ],
)
def test_signals_that_could_not_be_valued_are_counted_beside_what_is_known(pnl: str, said: str) -> None:
    some = filters.section(answers(rejections=[rejections("TOO_LATE", pnl, 1), rejections("OTHER", None, 3)]))
    none = filters.section(answers(rejections=[rejections("TOO_LATE", pnl)]))

    assert some.answer == f"6 signals refused. {said}; 4 signals could not be valued."
    assert none.answer == f"3 signals refused. {said}."
    assert [type(part) for part in some.parts] == [Figure]


def test_without_a_refused_signal_there_is_no_table() -> None:
    section = filters.section(answers())

    assert (section.answer, section.parts) == ("No signal was rejected in these days.", [])


def entry(number: int, of_trades: int, slipped: str | None = "0.5") -> dict[str, Any]:
    """A trade as the page shows it."""
    left = datetime(2026, 7, 1, number, tzinfo=UTC)
    own = {"trade_id": f"t{number}", "strategy_id": "alpha", "symbol": "BTC/USD", "exit_time": left}
    return {**own, "slippage_pct": None if slipped is None else Decimal(slipped), "of_trades": of_trades}


def test_slippage_of_some_of_the_trades_is_not_shown_as_that_of_all() -> None:
    section = slippage.section(answers(trades=[entry(3, 9), entry(2, 9, None), entry(1, 9)]))
    (figure,) = section.figures
    cut = "The newest 3 of 9 trades; `golden-thread query trade_ledger` has all"

    assert figure.table.caption == f"{cut}; 2 trades with a wanted price, the newest first"
    assert figure.plots[0].reading.endswith(f"better than wanted. {cut}.")


def test_slippage_of_all_trades_is_shown_as_such() -> None:
    section = slippage.section(answers(trades=[entry(2, 2), entry(1, 2, None)]))
    (figure,) = section.figures

    assert figure.table.caption == "1 trade with a wanted price, the newest first"
    assert figure.plots[0].reading.endswith("better than wanted.")


def test_snapshots_are_not_said_to_be_of_the_hour_at_which_their_day_ended() -> None:
    assert equity.section(answers()).note.startswith("A day ends at 16:00 New York, and its snapshot is taken some")
