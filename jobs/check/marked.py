"""The marked records: a strategy, three positions and two signals that nobody traded, as the engine writes them."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from jobs.check.figures import nine, of
from jobs.check.prices import Path
from jobs.check.times import Times
from jobs.check.trip import Fields

REASON = "CHECK"
"""What the rejected signal was rejected for."""
QTY = Decimal(2)
"""Coins of each position."""
NOTIONAL = Decimal(1000)
"""US dollars of the rejected signal."""


@dataclass(frozen=True)
class Marked:
    """The records of one check; its id is their strategy, and begins each of their ids."""

    check_id: str
    times: Times
    path: Path

    def name(self, which: str) -> str:
        """Name one of them."""
        return self.check_id if which == "strategy" else f"{self.check_id}-{which}"

    @property
    def levels(self) -> tuple[Decimal, Decimal, Decimal]:
        """Entry, stop and target of the rejected signal: the highest price is the target, the stop is out of reach."""
        bars, entry = self.path.within(self.times.rejected), self.path.first(self.times.rejected)
        low, high = min((bar.low for bar in bars), default=entry), max((bar.high for bar in bars), default=entry)
        return entry, nine(of(low) / 2), high

    @property
    def missed(self) -> Decimal:
        """Entry of the expired signal: half of the lowest price, so that nobody got in and it flew."""
        bars = self.path.within(self.times.expired)
        return nine(of(min((bar.low for bar in bars), default=self.path.last)) / 2)

    @property
    def held(self) -> tuple[Decimal, Decimal]:
        """Entry and exit price of the past position: the first price of its span and the last."""
        start, end = self.times.position
        bars = self.path.within((start, end + self.times.length))
        entry = self.path.first(self.times.position)
        return entry, bars[-1].close if bars else entry

    def strategy(self) -> Fields:
        """The configuration."""
        return {
            "strategy_id": self.check_id,
            "active": True,
            "timeframe": self.path.timeframe,
            "asset_class": "CRYPTO",
            "assets": [self.path.symbol],
            "risk_params": {"check": self.check_id},
        }

    def past(self) -> Fields:
        """A long position with bars from entry to exit, decided before the strategy was there."""
        entry, leave = self.held
        target = nine(of(entry) * 99 / 100)
        return {**self._position("past", "LONG", *self.times.position, entry, leave), "target_entry_price": str(target)}

    def present(self, now: datetime) -> Fields:
        """A short position that opened and closed at `now`, under the strategy's first version."""
        return self._position("present", "SHORT", now, now, self.path.last, nine(of(self.path.last) * 101 / 100))

    def broken(self) -> Fields:
        """A position that must be refused: its quantity is no number."""
        return {**self.past(), "position_id": self.name("broken"), "qty": "NaN"}

    def rejected(self) -> Fields:
        """A signal that a filter rejected."""
        entry, stop, target = self.levels
        signal = self._signal("rejected", self.times.rejected[0], entry)
        levels = {"suggested_stop": str(stop), "take_profit_1": str(target), "notional_usd": str(NOTIONAL)}
        return {**signal, **levels, "rejection_reason": REASON, "rejection_metadata": {"check": self.check_id}}

    def expired(self) -> Fields:
        """A signal that expired unfilled."""
        start, end = self.times.expired
        return {**self._signal("expired", start, self.missed), "valid_until": end, "status": "EXPIRED"}

    def _signal(self, which: str, created: datetime, entry: Decimal) -> dict[str, Any]:
        return {
            "signal_id": self.name(which),
            "strategy_id": self.check_id,
            "symbol": self.path.symbol,
            "asset_class": "CRYPTO",
            "side": "LONG",
            "entry_price": str(entry),
            "created_at": created,
        }

    def _position(
        self, which: str, side: str, entered: datetime, left: datetime, entry: Decimal, leave: Decimal
    ) -> dict[str, Any]:
        return {
            "position_id": self.name(which),
            "signal_id": self.name(f"signal-{which}"),
            "account_id": self.check_id,
            "strategy_id": self.check_id,
            "symbol": self.path.symbol,
            "asset_class": "CRYPTO",
            "status": "CLOSED",
            "side": side,
            "qty": str(QTY),
            "entry_fill_price": str(entry),
            "exit_fill_price": str(leave),
            "entry_time": entered,
            "exit_time": left,
            "exit_reason": REASON,
            # The broker knows nothing of it, and need not.
            "trade_type": "THEORETICAL",
        }
