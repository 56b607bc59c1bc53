"""Account activities as the broker's JSON has them."""

from typing import Any

Activity = dict[str, Any]


def execution(name: str, order_id: str, price: str, qty: str, **more: Any) -> Activity:
    """One execution of an order."""
    return {
        "id": f"20260302100000000::{name}",
        "activity_type": "FILL",
        "type": "fill",
        "order_id": order_id,
        "symbol": "BTC/USD",
        "side": "sell",
        "price": price,
        "qty": qty,
        "transaction_time": "2026-03-02T14:30:00Z",
        **more,
    }


def option_event(kind: str, symbol: str, qty: str, **more: Any) -> Activity:
    """Contracts that ended without an order."""
    return {
        "id": f"20260302000000000::{kind}",
        "activity_type": kind,
        "date": "2026-03-02",
        "created_at": "2026-03-03T02:00:00Z",
        "symbol": symbol,
        "qty": qty,
        "net_amount": "0",
        "status": "executed",
        **more,
    }


class Watched(dict[str, Any]):
    """An activity that knows how often it was looked at."""

    looks = 0

    def get(self, key: str, default: Any = None) -> Any:
        """Count and answer."""
        self.looks += 1
        return super().get(key, default)
