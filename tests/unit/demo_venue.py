"""The demo data's broker, read back from its files, and sums over its rows."""

from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

from infra.local import demo_data
from infra.local.fixtures import Bar, bar_files, collections, read_bars, read_broker

NANO, CENT = Decimal("1e-9"), Decimal("0.01")
SEEDS = (1, 2)
RATES = (Decimal("0.0015"), Decimal("0.0025"))

Row = dict[str, Any]


@dataclass(frozen=True)
class Venue:
    """The generated broker, read back, and the positions' documents."""

    broker: Row
    positions: dict[str, Row]
    bars: dict[str, list[Bar]]
    expected: demo_data.Expectations

    def orders(self) -> dict[str, Row]:
        """Every order by id, legs too."""
        return {one["id"]: one for order in self.broker["orders"] for one in (order, *(order["legs"] or ()))}

    def activities(self, kind: str) -> list[Row]:
        """The activities of one type."""
        return [row for row in self.broker["activities"] if row["activity_type"] == kind]

    def fills(self, order_ids: set[str]) -> list[Row]:
        """The executions of some orders."""
        return [row for row in self.activities("FILL") if row["order_id"] in order_ids]

    def chains(self, *order_ids: str | None) -> set[str]:
        """Ids of the orders, of what replaced them and of what they replaced."""
        orders, found, waiting = self.orders(), set[str](), list(order_ids)
        while waiting:
            order_id = waiting.pop()
            if order_id and order_id not in found:
                found.add(order_id)
                waiting += [orders[order_id]["replaced_by"], orders[order_id]["replaces"]]
        return found


def read_venue(directory: Path, seed: int) -> Venue:
    """Generate the demo data and read it back."""
    demo_data.generate(directory, seed)
    positions = {key: fields for name, key, fields in collections(directory) if name == "live_positions"}
    bars = {symbol: read_bars(path) for symbol, path in bar_files(directory).items()}
    return Venue(read_broker(directory), positions, bars, demo_data.expectations(seed))


def qty(rows: list[Row]) -> Decimal:
    return sum((Decimal(row["qty"]) for row in rows), Decimal(0))


def worth(rows: list[Row]) -> Decimal:
    return sum((Decimal(row["qty"]) * Decimal(row["price"]) for row in rows), Decimal(0))


def rounded(value: Decimal) -> Decimal:
    return value.quantize(NANO, rounding=ROUND_HALF_EVEN)


def instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


def multiplier(symbol: str) -> int:
    return 100 if len(symbol) > 10 else 1
