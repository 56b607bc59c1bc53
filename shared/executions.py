"""FILL activities: the broker's word on orders that do not speak for themselves. Pure."""

from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from schemas.document import NUMERIC_LIMIT
from shared.activities import Activity, effective
from shared.fills import Fill, Order, moment, positive, quantity, vwap
from shared.pairs import bare


class _Part(NamedTuple):
    """One execution, as far as it can be read."""

    fill: Fill | None
    filled_so_far: Decimal
    """What the order had filled once this was executed, units."""


class Executions:
    """Executions by order and symbol, each once, busts left out."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: list[Activity] = []
        self._parts: dict[str, dict[str, list[_Part]]] = {}

    def add(self, rows: Iterable[Activity]) -> None:
        """Take FILL activities in, in any order and repetition."""
        if not (added := list(rows)):
            return
        self._rows += added
        self._parts = {}
        for row in effective(self._rows):
            by_symbol = self._parts.setdefault(str(row.get("order_id")), {})
            by_symbol.setdefault(bare(str(row.get("symbol"))), []).append(_part(row))

    def fill(self, order_id: str, symbol: str) -> Fill | None:
        """Add up what an order filled of one symbol; None when that is nothing, or when a part is missing."""
        parts = self._parts.get(order_id, {}).get(bare(symbol), [])
        known = [part.fill for part in parts if part.fill]
        if not known or len(known) < len(parts) or quantity(known) < max(part.filled_so_far for part in parts):
            return None
        return Fill(order_id, known[0].side, vwap(known), quantity(known), max(part.filled_at for part in known))

    def order(self, order_id: str) -> Order | None:
        """Stand in for an order that the broker does not list: which symbols it traded, and on which side."""
        if order_id not in self._parts:
            return None
        legs = [
            {"id": order_id, "symbol": symbol, "side": next((part.fill.side for part in parts if part.fill), "")}
            for symbol, parts in self._parts[order_id].items()
        ]
        return {"id": order_id, "order_class": "mleg", "legs": legs} if len(legs) > 1 else next(iter(legs), None)


def _part(row: Activity) -> _Part:
    price, qty = positive(row.get("price")), positive(row.get("qty"))
    so_far = positive(row.get("cum_qty")) or Decimal(0)
    if price is None or qty is None or max(price, qty) >= NUMERIC_LIMIT:
        return _Part(None, so_far)
    side = "buy" if row.get("side") == "buy" else "sell"  # The third one is sell_short.
    return _Part(Fill(str(row.get("order_id")), side, price, qty, moment(row.get("transaction_time"))), so_far)
