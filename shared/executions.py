"""FILL activities: the broker's word on orders that do not speak for themselves. Pure."""

from collections.abc import Iterable

from shared.fills import Fill, Order, moment, positive, quantity, vwap
from shared.postings import Activity, bare, effective


class Executions:
    """Executions by order and symbol, each once, busts left out."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: list[Activity] = []
        self._parts: dict[str, dict[str, list[Fill | None]]] = {}

    def add(self, rows: Iterable[Activity]) -> None:
        """Take FILL activities in, in any order and repetition."""
        self._rows.extend(rows)
        self._parts = {}
        for row in effective(self._rows):
            by_symbol = self._parts.setdefault(str(row.get("order_id")), {})
            by_symbol.setdefault(bare(str(row.get("symbol"))), []).append(_part(row))

    def fill(self, order_id: str, symbol: str) -> Fill | None:
        """Add up what an order filled of one symbol; None when that is nothing, or when a part cannot be read."""
        parts = self._parts.get(order_id, {}).get(bare(symbol), [])
        known = [part for part in parts if part is not None]
        if not known or len(known) < len(parts):
            return None
        return Fill(order_id, known[0].side, vwap(known), quantity(known), max(part.filled_at for part in known))

    def order(self, order_id: str) -> Order | None:
        """Stand in for an order that the broker does not list: which symbols it traded, and on which side."""
        legs = [
            {"id": order_id, "symbol": symbol, "side": next((part.side for part in parts if part), "")}
            for symbol, parts in self._parts.get(order_id, {}).items()
        ]
        return {"id": order_id, "order_class": "mleg", "legs": legs} if len(legs) > 1 else next(iter(legs), None)


def _part(row: Activity) -> Fill | None:
    price, qty = positive(row.get("price")), positive(row.get("qty"))
    if price is None or qty is None:
        return None
    side = "buy" if row.get("side") == "buy" else "sell"  # The third one is sell_short.
    return Fill(str(row["order_id"]), side, price, qty, moment(row.get("transaction_time")))
