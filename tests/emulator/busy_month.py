"""A month of a thousand trades over twenty symbols, as a fixture directory: documents, bars, orders, fills and fees.

Or as many trades in as many days as a test wants.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from infra.local.fixtures import Bar, write_bars, write_broker

Row = dict[str, Any]

START = datetime(2026, 8, 31, tzinfo=UTC)
"""A Monday; all regulatory rates of that time are in the fee table."""
AS_OF = "2026-10-15T00:00:00Z"
COINS = [f"{letter}{letter}COIN/USD" for letter in "ABCDEFGHIJ"]
STOCKS = [f"{letter}STK" for letter in "ABCDEFGHIJ"]
CENT, NANO = Decimal("0.01"), Decimal("1e-9")


@dataclass(frozen=True)
class Size:
    """How much happens."""

    days: int
    trades: int


MONTH = Size(days=30, trades=1000)


@dataclass(frozen=True)
class Trade:
    """One long trade: in at 100, out at a price of its own."""

    number: int
    among: Size

    @property
    def symbol(self) -> str:
        """Crypto and stocks by turns."""
        symbols = COINS if self.number % 2 else STOCKS
        return symbols[self.number // 2 % len(symbols)]

    @property
    def is_coin(self) -> bool:
        """Whether it is crypto."""
        return "/" in self.symbol

    @property
    def entered(self) -> datetime:
        """Within the sessions of weekdays, spread over the month."""
        day = START + timedelta(days=self.number * self.among.days // self.among.trades)
        weekday = day - timedelta(days=max(0, day.weekday() - 4))
        return weekday.replace(hour=14) + timedelta(seconds=self.number * 7 % 7200)

    @property
    def left(self) -> datetime:
        """Two hours later."""
        return self.entered + timedelta(hours=2)

    @property
    def qty(self) -> Decimal:
        """A size of its own, so that every coin fee is one of a kind."""
        return Decimal(self.number + 1000) / 1000

    @property
    def exit_price(self) -> Decimal:
        """A price of its own."""
        return 110 + Decimal(self.number) / 50

    def sides(self) -> Iterator[tuple[str, str, Decimal, datetime]]:
        """Entry and exit: name, side, price, time."""
        yield "entry", "buy", Decimal(100), self.entered
        yield "exit", "sell", self.exit_price, self.left

    def order_id(self, what: str) -> str:
        """The broker's id of an order."""
        return f"00000000-0000-4000-8000-{self.number:08}{'0001' if what == 'entry' else '0002'}"

    def document(self) -> Row:
        """What the trading engine wrote."""
        return {
            "_id": f"trade-{self.number:04}",
            "position_id": f"trade-{self.number:04}",
            "signal_id": f"signal-{self.number:04}",
            "account_id": "main",
            "strategy_id": "busy",
            "symbol": self.symbol,
            "asset_class": "CRYPTO" if self.is_coin else "EQUITY",
            "status": "CLOSED",
            "side": "LONG",
            "qty": str(self.qty),
            "entry_fill_price": "100",
            "exit_fill_price": str(self.exit_price),
            "entry_time": self.entered.isoformat(),
            "exit_time": self.left.isoformat(),
            "exit_reason": "TP1",
            "entry_order_id": self.order_id("entry"),
            "exit_order_id": self.order_id("exit"),
        }

    def orders(self) -> Iterator[Row]:
        """Its two filled orders."""
        for what, side, price, at in self.sides():
            stamps = dict.fromkeys(("created_at", "updated_at", "submitted_at", "filled_at"), at.isoformat())
            yield {
                **stamps,
                "id": self.order_id(what),
                "client_order_id": f"trade-{self.number:04}" if what == "entry" else f"exit-{self.number:04}",
                "symbol": self.symbol,
                "asset_class": "crypto" if self.is_coin else "us_equity",
                "qty": str(self.qty),
                "filled_qty": str(self.qty),
                "filled_avg_price": str(price),
                "order_class": "",
                "side": side,
                "status": "filled",
                "legs": None,
            }

    def activities(self) -> Iterator[Row]:
        """An execution of each order, and of a coin the fee on each."""
        for what, side, price, at in self.sides():
            yield {
                "id": f"{at:%Y%m%d%H%M%S}000::{self.order_id(what)}",
                "activity_type": "FILL",
                "transaction_time": at.isoformat(),
                "type": "fill",
                "price": str(price),
                "qty": str(self.qty),
                "side": side,
                "symbol": self.symbol,
                "order_id": self.order_id(what),
            }
            if self.is_coin:
                yield self._coin_fee(what, side, price, at)

    def _coin_fee(self, what: str, side: str, price: Decimal, at: datetime) -> Row:
        coins = (self.qty * Decimal("0.0025")).quantize(NANO, rounding=ROUND_CEILING)
        usd = (self.qty * price * Decimal("0.0025")).quantize(CENT, rounding=ROUND_CEILING)
        bought = {"net_amount": "0", "symbol": self.symbol.replace("/", ""), "qty": f"-{coins}", "price": str(price)}
        return {
            "id": f"{at:%Y%m%d}000000000::{self.order_id(what)}",
            "activity_type": "CFEE",
            "date": at.date().isoformat(),
            "created_at": (at + timedelta(seconds=3)).isoformat(),
            "status": "executed",
            **(bought if side == "buy" else {"net_amount": f"-{usd}"}),
        }


def write(directory: Path, size: Size = MONTH) -> dict[str, int]:
    """Write the fixture directory; tell how many rows of each kind it holds."""
    trades = [Trade(number, size) for number in range(size.trades)]
    (directory / "firestore").mkdir(parents=True)
    lines = (json.dumps(trade.document()) for trade in trades)
    (directory / "firestore" / "live_positions.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    orders = [order for trade in trades for order in trade.orders()]
    activities = [row for trade in trades for row in trade.activities()] + list(_day_fees(trades))
    write_broker(directory, {"orders": orders, "activities": activities})
    hours = range(size.days * 24)
    bars = [Bar(START + timedelta(hours=n), *map(Decimal, ("105", "150", "95", "105", "3"))) for n in hours]
    for symbol in (*COINS, *STOCKS):
        write_bars(directory, symbol, bars)
    fills = sum(row["activity_type"] == "FILL" for row in activities)
    fees = len(activities) - fills
    return {"orders": len(orders), "fills": fills, "fees": fees, "bars": len(bars) * len(COINS)}


def _day_fees(trades: list[Trade]) -> Iterator[Row]:
    for day in sorted({trade.entered.date() for trade in trades if not trade.is_coin}):
        for kind in ("REG", "TAF", "CAT"):
            yield {
                "id": f"{day:%Y%m%d}000000000::{kind}",
                "activity_type": "FEE",
                "activity_sub_type": kind,
                "date": day.isoformat(),
                "created_at": f"{day + timedelta(days=1)}T00:17:05Z",
                "net_amount": "-0.37",
                "description": f"{kind} fee",
                "status": "executed",
            }
