"""The price path that the marked records are about: real bars of a well-known coin, as the broker sends them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from jobs.check.times import Span
from shared.bars import Bar
from shared.broker import Broker

UNKNOWN = Decimal(100)
"""US dollars per unit, where there are no bars."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class Path:
    """The bars of one coin, oldest first; none where the broker has none."""

    symbol: str
    timeframe: str
    bars: Sequence[Bar] = ()

    def within(self, span: Span) -> list[Bar]:
        """List the bars that open in a span."""
        return [bar for bar in self.bars if span[0] <= bar.t < span[1]]

    def first(self, span: Span) -> Decimal:
        """Find the first price of a span, US dollars per unit."""
        return next((bar.open for bar in self.within(span)), UNKNOWN)

    @property
    def last(self) -> Decimal:
        """The last price of all."""
        return self.bars[-1].close if self.bars else UNKNOWN


def ask(broker: Broker, symbol: str, timeframe: str, span: Span) -> Path:
    """Ask the broker for the bars of a span.

    Raises:
        BrokerError: It failed.
    """
    found = broker.bars("CRYPTO", [symbol], timeframe, span[0], span[1] - _TICK)[symbol]
    return Path(symbol, timeframe, found.made())
