"""A price path of the last days for the stand-in broker, which knows no other than it was seeded with."""

import contextlib
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import urlsplit

from infra.local.fixtures import Bar, write_bars
from infra.local.seed import seed_broker
from infra.local.stack import StackError
from shared.bars import LENGTHS, bar_holding
from shared.broker import Broker
from shared.broker_calls import BrokerError
from shared.settings import Settings

_WAVE = (0, 180, 420, 310, 90, -240, -510, -380, -120, 60, 250, 140)
"""US dollars above 60,000: up, down, and never the same bar twice in a row."""
_DAYS = 2
"""Of bars before the first that a check asks for."""


def give_prices(settings: Settings) -> bool:
    """Give the stand-in on this machine bars up to now, unless it has some; returns whether it was given any.

    One that cannot be reached, or whose bars are of another spacing, is left as it is: the check says so.
    """
    if urlsplit(settings.alpaca_data_url).hostname != "127.0.0.1":
        return False
    with contextlib.suppress(BrokerError, StackError):
        now = datetime.now(UTC)
        if not _has_bars(settings, now):
            with tempfile.TemporaryDirectory() as name:
                write_path(Path(name), settings, now)
                seed_broker(Path(name), settings.alpaca_data_url)
            return True
    return False


def _has_bars(settings: Settings, now: datetime) -> bool:
    symbol, start = settings.check_symbol, now - timedelta(days=settings.rejected_after_days)
    return bool(Broker(settings).bars("CRYPTO", [symbol], settings.bar_timeframe, start, now)[symbol])


def write_path(directory: Path, settings: Settings, now: datetime) -> None:
    """Write the bars of a path that ends with the last closed one, as a fixture."""
    length = LENGTHS[settings.bar_timeframe]
    days = max(timedelta(days=settings.rejected_after_days), timedelta(hours=settings.expired_after_hours))
    end = bar_holding(now, length)
    write_bars(directory, settings.check_symbol, _bars(end - days - timedelta(days=_DAYS), end, length))


def _bars(start: datetime, end: datetime, length: timedelta) -> Iterator[Bar]:
    number = 0
    while start + number * length < end:
        opened, closed = (Decimal(60_000 + _WAVE[(number + one) % len(_WAVE)]) for one in (0, 1))
        high, low = max(opened, closed) + number % 7, min(opened, closed) - number % 5
        yield Bar(start + number * length, opened, high, low, closed, Decimal(3))
        number += 1
