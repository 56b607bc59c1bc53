"""Small fixture directories for the stand-in broker's tests, in the shapes of the broker's own answers."""

from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from infra.local.fixtures import Bar, write_bars, write_broker

START = datetime(2026, 9, 28, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

CALL, EXPIRED_PUT = "AAPL991218C00230000", "AAPL200117P00090500"
TWO_WEEKS_OF_MINUTES = 14 * 24 * 60

# As the broker sends it since the day-trade keys were withdrawn.
ACCOUNT = {
    "id": "11111111-2222-4333-8444-555555555555",
    "account_number": "PA3TEST00001",
    "status": "ACTIVE",
    "currency": "USD",
    "cash": "-23140.2",
    "equity": "103820.560",
    "last_equity": "103529.24",
    "multiplier": "2",
    "balance_asof": "2026-09-28",
    "crypto_tier": 1,
}


def rising_bars(count: int, spacing: timedelta, start: datetime = START) -> Iterator[Bar]:
    """Bars that open at 0, 1, 2 … and range from half below to half above, each with a volume of 2."""
    half = Decimal("0.50")
    for number in range(count):
        opened = Decimal(number)
        yield Bar(start + number * spacing, opened, opened + half, opened - half, opened, Decimal(2))


def order(number: int, symbol: str = "BTC/USD", **fields: Any) -> dict[str, Any]:
    """A filled market order, submitted so many hours after the start."""
    submitted = (START + number * HOUR).isoformat().replace("+00:00", "Z")
    return {
        "id": order_id(number),
        "client_order_id": f"position {number}/entry",
        "created_at": submitted,
        "submitted_at": submitted,
        "updated_at": submitted,
        "symbol": symbol,
        "asset_class": "crypto" if "/" in symbol else "us_equity",
        "qty": "0.5",
        "filled_qty": "0.5",
        "filled_avg_price": "2712.310000000",
        "order_class": "",
        "type": "market",
        "order_type": "market",
        "side": "buy",
        "time_in_force": "gtc",
        "extended_hours": False,
        "status": "filled",
        "legs": None,
        **fields,
    }


def order_id(number: int) -> str:
    """The id of an order by its number."""
    return f"aaaaaaaa-0000-4000-8000-{number:012}"


def fill(number: int) -> dict[str, Any]:
    """A trade activity, executed so many minutes after the start."""
    executed = START + number * timedelta(minutes=1)
    return {
        "id": f"{executed:%Y%m%d%H%M%S}000::{number:08}",
        "activity_type": "FILL",
        "transaction_time": executed.isoformat().replace("+00:00", "Z"),
        "type": "fill",
        "price": "2712.31",
        "qty": "0.5",
        "side": "buy",
        "symbol": "BTC/USD",
        "order_id": order_id(number),
    }


def fee(number: int, kind: str, day: str, created_at: str) -> dict[str, Any]:
    """A fee activity of a trade day, booked some time later."""
    return {
        "id": f"{day.replace('-', '')}000000000::{number:08}",
        "activity_type": kind,
        "date": day,
        "created_at": created_at,
        "net_amount": "-3.82",
        "status": "executed",
    }


def fixture(directory: Path, bars: dict[str, Iterable[Bar]] | None = None, **broker: Any) -> Path:
    """Write a fixture directory with these bars and these parts of `broker.json`."""
    for symbol, series in (bars or {}).items():
        write_bars(directory, symbol, series)
    write_broker(directory, broker)
    return directory
