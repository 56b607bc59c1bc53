"""Hourly bars: a random walk for coins and stocks, options priced from their stock.

Coins trade around the clock, the rest in the exchange's session. A few sudden moves are planted, so that some
expired signals turn out to have been missed moonshots.
"""

import math
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from infra.local.demo_data import options
from infra.local.demo_data.instruments import AAPL, BTC, CALL, ETH, INSTRUMENTS, MSFT, PUT, Instrument
from infra.local.demo_data.seeding import stream
from infra.local.demo_data.sessions import AS_OF, FIRST_BAR, HOUR, around_the_clock, in_session
from infra.local.fixtures import Bar

_STEPS = 6  # a bar's path, from which its extremes come
_PULL = 0.004  # how strongly a price returns to where it began, per hour


class Move(NamedTuple):
    """A planted move: the logarithmic return spread over some hours."""

    begins: datetime
    hours: int
    log_return: float

    def share(self, opened: datetime) -> float:
        """The part of the move that falls into the bar."""
        inside = self.begins <= opened < self.begins + self.hours * HOUR
        return self.log_return / self.hours if inside else 0.0


RALLY = datetime(2026, 9, 16, 14, tzinfo=UTC)
"""When ether jumps by some 16 %."""
CRASH = datetime(2026, 9, 23, 6, tzinfo=UTC)
"""When bitcoin falls by some 13 %."""

_MOVES = {
    ETH.symbol: (Move(RALLY, 5, 0.15), Move(RALLY + timedelta(hours=12), 30, -0.09)),
    BTC.symbol: (Move(CRASH, 6, -0.14), Move(CRASH + timedelta(hours=14), 36, 0.09)),
}


@dataclass(frozen=True)
class Market:
    """All bars by symbol, oldest first."""

    bars: dict[str, Sequence[Bar]]

    def between(self, symbol: str, start: datetime, end: datetime) -> Sequence[Bar]:
        """The bars that open in [start, end)."""
        bars = self.bars[symbol]
        return bars[_position(bars, start) : _position(bars, end)]

    def last_close(self, symbol: str, until: datetime) -> Decimal:
        """Close of the last bar that opened before the moment.

        Raises:
            ValueError: Market data begins later.
        """
        bars = self.bars[symbol]
        position = _position(bars, until)
        if position == 0:
            raise ValueError(f"{symbol}: no bar opens before {until.isoformat()}")
        return bars[position - 1].close


def make_market(seed: int) -> Market:
    """Invent the bars of every instrument."""
    bars = {each.symbol: _walk(stream(seed, f"market {each.symbol}"), each) for each in (BTC, ETH, AAPL, MSFT)}
    for option in (CALL, PUT):
        bars[option.symbol] = _option_bars(stream(seed, f"market {option.symbol}"), option, bars[AAPL.symbol])
    return Market({each.symbol: bars[each.symbol] for each in INSTRUMENTS})


def _walk(chance: Random, instrument: Instrument) -> list[Bar]:
    calendar = around_the_clock if instrument.asset_class == "CRYPTO" else in_session
    price = start = float(instrument.opening_price)
    previous, bars = None, []
    for opened in calendar(FIRST_BAR, AS_OF):
        if previous is not None and opened - previous > HOUR:
            price *= math.exp(chance.gauss(0, 1.6 * instrument.hourly_volatility))
        drift = sum(move.share(opened) for move in _MOVES.get(instrument.symbol, ()))
        path = _path(chance, price, drift - _PULL * math.log(price / start), instrument.hourly_volatility)
        bars.append(_bar(opened, [_cents(each) for each in path], _volume(chance, instrument)))
        price, previous = path[-1], opened
    return bars


def _path(chance: Random, price: float, drift: float, volatility: float) -> list[float]:
    path = [price]
    for _ in range(_STEPS):
        path.append(path[-1] * math.exp(chance.gauss(drift / _STEPS, volatility / math.sqrt(_STEPS))))
    return path


def _option_bars(chance: Random, option: Instrument, underlying: Sequence[Bar]) -> list[Bar]:
    if option.terms is None:
        raise ValueError(f"{option.symbol} is not an option")
    bars = []
    for bar in underlying:
        path = [options.premium(option.terms, price, bar.time) for price in (bar.open, bar.high, bar.low, bar.close)]
        bars.append(_bar(bar.time, path, Decimal(chance.randrange(3, 240))))
    return bars


def _bar(opened: datetime, path: Sequence[Decimal], volume: Decimal) -> Bar:
    return Bar(opened, path[0], max(path), min(path), path[-1], volume)


def _volume(chance: Random, instrument: Instrument) -> Decimal:
    if instrument.asset_class == "CRYPTO":
        return Decimal(f"{chance.lognormvariate(2.2, 0.8):.4f}")
    return Decimal(round(chance.lognormvariate(15.2, 0.4)))


def _cents(price: float) -> Decimal:
    return Decimal(f"{price:.2f}")


def _position(bars: Sequence[Bar], moment: datetime) -> int:
    return bisect_left(bars, moment, key=lambda bar: bar.time)
