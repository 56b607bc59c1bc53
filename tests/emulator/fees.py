"""The broker's fees for the trading history of `builders`: executions, coin fees and daily fees."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from decimal import ROUND_CEILING, Decimal
from pathlib import Path
from typing import Any

from infra.local.fixtures import write_bars, write_broker
from tests.emulator.builders import HOUR, START, Fields, bars, order_id, orders
from tests.stack import LocalStack

RATE = Decimal("0.0025")
PATCHED = (
    "actual_fee_usd",
    "fees_usd",
    "pnl_usd",
    "pnl_pct",
    "fee_method",
    "fee_tier",
    "fee_unattributed_usd",
    "fee_finalized",
)
SOON, LATER = "2021-09-03T00:00:00Z", "2021-09-12T00:00:00Z"
"""Two days and eleven days after the history begins."""


def fills(number: int, exit_price: str = "110", **changes: Any) -> list[Fields]:
    """The two executions of a position."""
    entered = START + number * HOUR
    return [
        _fill(number, "entry", "buy", "100", entered) | changes,
        _fill(number, "exit", "sell", exit_price, entered + 2 * HOUR) | changes,
    ]


def _fill(number: int, what: str, side: str, price: str, at: datetime) -> Fields:
    return {
        "id": f"{at:%Y%m%d%H%M%S}000::{order_id(number, what)}",
        "activity_type": "FILL",
        "transaction_time": at.isoformat().replace("+00:00", "Z"),
        "type": "fill",
        "price": price,
        "qty": "1",
        "side": side,
        "symbol": "BTC/USD",
        "leaves_qty": "0",
        "cum_qty": "1",
        "order_id": order_id(number, what),
        "order_status": "filled",
    }


def coin_fee(number: int, rate: Decimal = RATE, **changes: Any) -> Fields:
    """What buying one coin cost, in the coin; posted three seconds later."""
    entered = START + number * HOUR
    return {
        **_cfee(number, 1, entered),
        "net_amount": "0",
        "description": "Coin Pair Transaction Fee (Non USD)",
        "symbol": "BTCUSD",
        "qty": f"-{rate.quantize(Decimal('1e-9'), rounding=ROUND_CEILING)}",
        "price": "100",
        **changes,
    }


def dollar_fee(number: int, exit_price: str = "110", rate: Decimal = RATE, **changes: Any) -> Fields:
    """What selling it cost, in dollars."""
    left = START + (number + 2) * HOUR
    usd = (Decimal(exit_price) * rate).quantize(Decimal("0.01"), rounding=ROUND_CEILING)
    return {
        **_cfee(number, 2, left),
        "net_amount": f"-{usd}",
        "description": "Coin Pair Transaction Fee (USD)",
        **changes,
    }


def _cfee(number: int, side: int, at: datetime) -> Fields:
    return {
        "id": f"{at:%Y%m%d}000000000::{number:08}-0000-4000-8000-00000000000{side}",
        "activity_type": "CFEE",
        "date": at.date().isoformat(),
        "created_at": (at + timedelta(seconds=3)).isoformat().replace("+00:00", "Z"),
        "status": "executed",
        "currency": "USD",
    }


def exit_price(number: int) -> str:
    """Every position leaves at a price of its own, so that no two fees are alike."""
    return str(110 + 5 * number)


def history(numbers: Iterable[int]) -> Iterator[Fields]:
    """Executions and fees of some positions, all posted."""
    for number in numbers:
        yield from fills(number, exit_price(number))
        yield coin_fee(number)
        yield dollar_fee(number, exit_price(number))


def expected_fee(number: int) -> Decimal:
    """What a position was charged: 0.0025 coins at 100, and 0.25 % of the sale rounded up to the cent."""
    return Decimal("0.25") + -Decimal(dollar_fee(number, exit_price(number))["net_amount"])


def seed_broker(stack: LocalStack, directory: Path, numbers: Iterable[int], activities: Iterable[Fields]) -> None:
    """Seed bars, the orders of some positions, and activities."""
    directory.mkdir(parents=True, exist_ok=True)
    write_bars(directory, "BTC/USD", bars())
    listed = [order for number in numbers for order in orders(number, exit_price(number))]
    write_broker(directory, {"orders": listed, "activities": list(activities)})
    stack.seed(directory)


def post(stack: LocalStack, directory: Path, *activities: Fields) -> None:
    """Let the broker post, or change, some activities."""
    directory.mkdir(parents=True, exist_ok=True)
    write_broker(directory, {"activities": list(activities)})
    stack.seed(directory)


def fee_columns(row: Fields) -> Fields:
    """The columns of the fee patch, its stamp aside."""
    return {name: row[name] for name in PATCHED}
