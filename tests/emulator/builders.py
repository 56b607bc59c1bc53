"""A small trading history in September 2021: documents as the engine writes them, and the broker's side of them.

Everything is numbered; number 7 of anything happens seven hours after the start.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.local.fixtures import Bar, write_bars, write_broker
from tests.stack import LocalStack

Fields = dict[str, Any]

START = datetime(2021, 9, 1, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEYS = {
    "live_positions": "position_id",
    "rejected_signals": "signal_id",
    "live_signals": "signal_id",
    "dim_strategies": "strategy_id",
}
"""Collection → the field that repeats the document's id."""
PAPER: Fields = {"trade_type": "THEORETICAL", "entry_order_id": None, "exit_order_id": None}
"""What a position says that the broker never knew."""
_DAYS_OF_BARS = 20


def put(stack: LocalStack, collection: str, *documents: Fields) -> None:
    """Write documents whole, each in one commit of its own."""
    stack.put(collection, documents, KEYS[collection])


def position(number: int, **changes: Any) -> Fields:
    """A closed long position in bitcoin: one coin, in at 100, out at 110 two hours later."""
    entered = START + number * HOUR
    return {
        "position_id": f"position-{number:04}",
        "signal_id": f"signal-{number:04}",
        "account_id": "main",
        "strategy_id": "breakout",
        "symbol": "BTC/USD",
        "asset_class": "CRYPTO",
        "status": "CLOSED",
        "side": "LONG",
        "qty": 1,
        "target_entry_price": "99.5",
        "entry_fill_price": 100.0,
        "exit_fill_price": 110,
        "entry_time": entered,
        "exit_time": (entered + 2 * HOUR).isoformat(),
        "exit_reason": "TP1",
        "entry_order_id": order_id(number, "entry"),
        "exit_order_id": order_id(number, "exit"),
        **changes,
    }


def rejected_signal(number: int, **changes: Any) -> Fields:
    """A signal that a filter rejected: long at 100, stop 90, target 108."""
    return {
        "signal_id": f"signal-{number:04}",
        "strategy_id": "breakout",
        "symbol": "BTC/USD",
        "asset_class": "CRYPTO",
        "side": "buy",
        "entry_price": 100,
        "suggested_stop": "90",
        "take_profit_1": 108.0,
        "created_at": START + number * HOUR,
        "rejection_reason": "SPREAD_TOO_WIDE",
        "rejection_metadata": {"spread_bps": 31},
        **changes,
    }


def live_signal(number: int, **changes: Any) -> Fields:
    """A signal that expired unfilled after six hours: long at 120, which the market never reached."""
    created = START + number * HOUR
    return {
        "signal_id": f"signal-{number:04}",
        "strategy_id": "breakout",
        "symbol": "BTC/USD",
        "asset_class": "CRYPTO",
        "side": "LONG",
        "entry_price": 120,
        "suggested_stop": 90,
        "created_at": created,
        "valid_until": (created + 6 * HOUR).isoformat(),
        "status": "EXPIRED",
        **changes,
    }


def strategy(number: int, **changes: Any) -> Fields:
    """A strategy's configuration."""
    return {
        "strategy_id": f"strategy-{number:04}",
        "active": True,
        "timeframe": "1Hour",
        "asset_class": "CRYPTO",
        "assets": ["BTC/USD"],
        "risk_params": {"max_loss_usd": 50},
        **changes,
    }


def order_id(number: int, what: str) -> str:
    """The broker's id of a position's order."""
    return f"00000000-0000-4000-8000-{number:08}{'0001' if what == 'entry' else '0002'}"


def orders(number: int, exit_price: str = "110") -> list[Fields]:
    """The two filled orders of a position."""
    entered = START + number * HOUR
    return [
        _order(order_id(number, "entry"), f"position-{number:04}", "buy", "100", entered),
        _order(order_id(number, "exit"), f"exit-{number:04}", "sell", exit_price, entered + 2 * HOUR),
    ]


def _order(order: str, client_order_id: str, side: str, price: str, filled: datetime) -> Fields:
    stamp = filled.isoformat().replace("+00:00", "Z")
    return {
        "id": order,
        "client_order_id": client_order_id,
        "created_at": stamp,
        "updated_at": stamp,
        "submitted_at": stamp,
        "filled_at": stamp,
        "symbol": "BTC/USD",
        "asset_class": "crypto",
        "qty": "1",
        "filled_qty": "1",
        "filled_avg_price": price,
        "order_class": "",
        "type": "market",
        "side": side,
        "time_in_force": "gtc",
        "status": "filled",
        "legs": None,
    }


def bars() -> Iterator[Bar]:
    """Hourly bars around 105 that touch 95 and 115."""
    for number in range(_DAYS_OF_BARS * 24):
        yield Bar(START + number * HOUR, *map(Decimal, ("105", "115", "95", "105", "3")))


def write_market(directory: Path, positions: Iterable[int] = ()) -> Path:
    """Write the broker's side as a fixture directory: bars, and the orders of these positions."""
    write_bars(directory, "BTC/USD", bars())
    write_broker(directory, {"orders": [order for number in positions for order in orders(number)]})
    return directory


def account(equity: str) -> Fields:
    """The broker's account."""
    return {
        "id": "11111111-2222-4333-8444-555555555555",
        "account_number": "PA3TEST00001",
        "status": "ACTIVE",
        "currency": "USD",
        "equity": equity,
        "last_equity": "100",
        "cash": "10",
        "created_at": "2021-08-01T00:00:00Z",
    }


DOCUMENTS: Mapping[str, Callable[..., Fields]] = {
    "trades": position,
    "rejected-signals": rejected_signal,
    "expired-signals": live_signal,
    "strategies": strategy,
}
"""Job → what makes its documents."""
