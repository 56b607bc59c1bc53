"""Histories without chance, for both the simulated servers and the real ones."""

import math
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Protocol

from tests.emulator import fees
from tests.emulator.builders import Fields, live_signal, orders, position, rejected_signal, strategy

SOON, LATER, MUCH_LATER = "2021-09-03T00:00:00Z", "2021-09-12T00:00:00Z", "2021-09-14T00:00:00Z"


class Stage(Protocol):
    """Where a script is played."""

    def put(self, collection: str, fields: Fields) -> None:
        """Write a document, as the engine does."""

    def delete(self, collection: str, name: str) -> None:
        """Delete one."""

    def trade(self, listed: list[Fields], activities: list[Fields]) -> None:
        """Let the broker have orders and activities."""

    def run(self, job: str, as_of: str) -> None:
        """Run a job as of a moment."""


def revisions(stage: Stage) -> None:
    """Positions that are edited, spoilt, healed, reopened and deleted."""
    numbers = (1, 2, 3, 4)
    stage.trade([order for number in numbers for order in orders(number)], [])
    for number in numbers:
        stage.put("live_positions", position(number))
    stage.put("live_positions", position(5, status="OPEN"))
    stage.run("trades", SOON)
    stage.put("live_positions", position(1, exit_reason="STOP", note="edited"))
    stage.put("live_positions", position(2, qty=math.nan))
    stage.put("live_positions", position(3, status="OPEN"))
    stage.delete("live_positions", "position-0004")
    stage.run("trades", SOON)
    stage.put("live_positions", position(2, exit_reason="healed"))
    stage.run("trades", SOON)


def late_fees(stage: Stage) -> None:
    """Fees that come late, are corrected, and survive a revision."""
    numbers = (1, 2, 3)
    listed = [order for number in numbers for order in orders(number, fees.exit_price(number))]
    filled = [fill for number in numbers for fill in fees.fills(number, fees.exit_price(number))]
    stage.trade(listed, [*filled, fees.coin_fee(1), fees.dollar_fee(1, fees.exit_price(1)), fees.coin_fee(2)])
    for number in numbers:
        stage.put("live_positions", position(number, exit_fill_price=fees.exit_price(number)))
    stage.run("trades", SOON)
    stage.run("fee-patch", SOON)
    wrong = fees.dollar_fee(1, fees.exit_price(1))
    cheaper = fees.dollar_fee(1, fees.exit_price(1), Decimal("0.0015"))
    correction = {**cheaper, "id": f"{wrong['id']}c", "status": "correct", "previous_id": wrong["id"]}
    stage.trade([], [correction, fees.dollar_fee(2, fees.exit_price(2))])
    stage.run("fee-patch", SOON)
    stage.put("live_positions", position(1, exit_fill_price=fees.exit_price(1), exit_reason="edited"))
    stage.run("trades", LATER)
    stage.run("fee-patch", LATER)


def moving_days(stage: Stage) -> None:
    """Signals that change the partition they belong to, that are not due yet, or that live on."""
    stage.put("rejected_signals", rejected_signal(1))
    stage.put("rejected_signals", rejected_signal(200))
    stage.put("live_signals", live_signal(1))
    stage.put("live_signals", live_signal(2, status="ACTIVE"))
    for job in ("rejected-signals", "expired-signals"):
        stage.run(job, LATER)
    stage.put("rejected_signals", rejected_signal(1, created_at="2021-09-02T05:00:00Z"))
    stage.put("live_signals", live_signal(1, entry_price=math.nan))
    stage.put("live_signals", live_signal(2))
    for job in ("rejected-signals", "expired-signals"):
        stage.run(job, MUCH_LATER)


def configurations(stage: Stage) -> None:
    """A strategy that changes, changes back, and is touched."""
    for changes in ({}, {"timeframe": "4Hour"}, {"note": 1}, {}):
        stage.put("dim_strategies", strategy(1, **changes))
        stage.run("strategies", SOON)


def lacking_prices(stage: Stage) -> None:
    """A position whose exit price only the broker knows."""
    stage.trade(orders(1), [])
    stage.put("live_positions", position(1, exit_fill_price=None))
    stage.run("trades", SOON)
    stage.run("price-patch", SOON)
    stage.run("trades", SOON)


SCRIPTS: Mapping[str, Callable[[Stage], None]] = {
    script.__name__: script for script in (revisions, late_fees, moving_days, configurations, lacking_prices)
}
TABLES = {
    "revisions": ("trades",),
    "late_fees": ("trades",),
    "moving_days": ("rejected-signals", "expired-signals"),
    "configurations": ("strategies",),
    "lacking_prices": ("trades",),
}
"""Script → the jobs whose tables it fills."""
Told = list[tuple[str, str, dict[str, Any], dict[str, int]]]
"""Of each run: job, status, counts and rejects by reason."""
