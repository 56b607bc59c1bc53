"""How often the broker is asked: as often as its pages are full, not once per trade."""

from collections import Counter
from decimal import Decimal
from math import ceil
from pathlib import Path

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

    assert (archived.status, archived.counts.archived) == (Status.SUCCEEDED, busy_month.TRADES)
    assert (patched.status, patched.outcomes) == (Status.SUCCEEDED, {"exact": 500, "prorata": 500})
    calls = Counter(call["path"] for call in stack.broker_calls())
    assert archived.broker_calls + patched.broker_calls == calls.total()
    assert calls.total() <= pages * ALLOWANCE, f"{dict(calls)} for {pages} full pages"
    assert {row["fee_finalized"] for row in read_table(stack)} == {True}
