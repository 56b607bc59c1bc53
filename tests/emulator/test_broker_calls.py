"""How often the broker is asked: as often as its pages are full, not once per trade."""

from collections import Counter
from decimal import Decimal
from math import ceil
from pathlib import Path

import pytest

from schemas.run_record import Status
from tests.emulator import busy_month
from tests.emulator.promises import read_table
from tests.stack import LocalStack

ALLOWANCE = Decimal("1.25")


def test_a_month_of_a_thousand_trades_asks_for_little_more_than_its_full_pages(
    stack: LocalStack, tmp_path: Path
) -> None:
    rows = busy_month.write(tmp_path / "month")
    stack.seed(tmp_path / "month")
    bars = 2 * ceil(rows["bars"] / 10_000)
    pages = ceil(rows["orders"] / 500) + ceil(rows["fills"] / 100) + ceil(rows["fees"] / 100) + bars

    archived = stack.run("trades", busy_month.AS_OF)
    patched = stack.run("fee-patch", busy_month.AS_OF)

    assert (archived.status, archived.counts.archived) == (Status.SUCCEEDED, busy_month.MONTH.trades)
    assert (patched.status, patched.outcomes) == (Status.SUCCEEDED, {"exact": 500, "prorata": 500})
    calls = Counter(call["path"] for call in stack.broker_calls())
    assert archived.broker_calls + patched.broker_calls == calls.total()
    assert calls.total() <= pages * ALLOWANCE, f"{dict(calls)} for {pages} full pages"
    assert {row["fee_finalized"] for row in read_table(stack)} == {True}


@pytest.mark.parametrize("trades", [120, 1200])
def test_of_the_same_days_and_symbols_more_trades_cost_their_full_pages_and_nothing_else(
    trades: int, stack: LocalStack, tmp_path: Path
) -> None:
    rows = busy_month.write(tmp_path / "days", busy_month.Size(days=3, trades=trades))
    stack.seed(tmp_path / "days")
    # Of documents: five hundred, then up to two thousand at a time.
    pages = 1 + trades // 1000
    most = {
        "/v2/stocks/bars": pages,
        "/v1beta3/crypto/us/bars": pages,
        "/v2/orders": rows["orders"] // 500 + pages,
        "/v2/account/activities": rows["fills"] // 100 + 1 + rows["fees"] // 100 + 1,
        "/v2/calendar": 1,
    }

    archived, patched = stack.run("trades", busy_month.AS_OF), stack.run("fee-patch", busy_month.AS_OF)

    assert (archived.counts.archived, sum(patched.outcomes.values())) == (trades, trades)
    calls = Counter(call["path"] for call in stack.broker_calls())
    assert calls <= Counter(most), f"{dict(calls)} where {most} would do"
