"""Signals that waited for their price: documents of `live_signals`."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from infra.local.demo_data.instruments import BTC, CENT, ETH, INSTRUMENTS
from infra.local.demo_data.market import CRASH, RALLY, Market
from infra.local.demo_data.seeding import stream
from infra.local.demo_data.sessions import AS_OF, HOUR, MONTH_START
from infra.local.demo_data.signals import Signal, draw_signal, signal_at, signal_of
from infra.local.demo_data.spelling import Fields, spell, unknown_fields
from infra.local.demo_data.trades import Trade

DUE_AFTER = timedelta(hours=24)
"""How long after its validity an expired signal is measured."""
MOONSHOT_PCT = Decimal(10)
"""Excursion from which an expired signal was a missed moonshot."""

_EXPIRED = 44
_QUIET_PCT = Decimal(9)
_JUST_EXPIRED, _WAITING, _ACTIVE, _INVALIDATED, _TP1_HIT = 5, 7, 5, 6, 6

_OUT_OF_REACH = (
    (ETH, RALLY - 2 * HOUR, Decimal("0.985"), True),
    (ETH, RALLY - HOUR, Decimal("0.980"), True),
    (BTC, CRASH - 2 * HOUR, Decimal("1.012"), False),
)


class LiveSignal(NamedTuple):
    """A signal and what became of it."""

    signal: Signal
    status: str


@dataclass(frozen=True)
class LiveSignals:
    """The live signals by what an archive makes of them."""

    expired: tuple[LiveSignal, ...]
    """Due."""
    just_expired: tuple[LiveSignal, ...]
    """Their validity ended less than a day ago."""
    others: tuple[LiveSignal, ...]
    """Waiting, in a position, or settled by other means."""
    spoilt: tuple[LiveSignal, ...]
    """Due; their documents get one fault each."""

    def count_moonshots(self, market: Market) -> int:
        """How many of the expired signals missed a great move."""
        return sum(each.signal.best_excursion_pct(market) >= MOONSHOT_PCT for each in self.expired)


def plan_live(seed: int, market: Market, trades: Iterable[Trade], faults: int) -> LiveSignals:
    """Draw the signals; open positions and some of the winners among the trades have theirs here."""
    chance = stream(seed, "live signals")
    known = [trade for trade in trades if trade.entry_orders]
    still_open = (LiveSignal(signal_of(chance, trade), "ACTIVE") for trade in known if trade.exit is None)
    winners = [trade for trade in known if trade.exit_reason == "TP1"][:_TP1_HIT]
    return LiveSignals(
        expired=(*_missed_moonshots(chance, market), *_quiet(chance, market, _EXPIRED)),
        just_expired=_just_expired(chance, market),
        others=(
            *still_open,
            *_recent(chance, market, "ACTIVE", _ACTIVE),
            *_recent(chance, market, "WAITING", _WAITING),
            *_recent(chance, market, "INVALIDATED", _INVALIDATED),
            *(LiveSignal(signal_of(chance, trade), "TP1_HIT") for trade in winners),
        ),
        spoilt=_quiet(chance, market, faults),
    )


def live_documents(chance: Random, signals: Iterable[LiveSignal]) -> list[tuple[str, Fields]]:
    """One document per signal."""
    return [(each.signal.signal_id, _document(chance, each)) for each in signals]


def _quiet(chance: Random, market: Market, count: int) -> tuple[LiveSignal, ...]:
    """Expired signals that are due and saw nothing remarkable."""
    found: list[LiveSignal] = []
    while len(found) < count:
        signal = draw_signal(chance, market, INSTRUMENTS, MONTH_START, AS_OF - 6 * DUE_AFTER)
        if signal.best_excursion_pct(market) < _QUIET_PCT:
            found.append(LiveSignal(signal, "EXPIRED"))
    return tuple(found)


def _missed_moonshots(chance: Random, market: Market) -> Iterator[LiveSignal]:
    """Limit entries just out of reach before a planted move: the trades one would have liked to have."""
    for instrument, hour, factor, is_long in _OUT_OF_REACH:
        at = hour + timedelta(seconds=chance.randrange(60, 3000))
        entry = (market.last_close(instrument.symbol, at) * factor).quantize(CENT)
        signal = signal_at(chance, instrument, at, entry, is_long=is_long)
        yield LiveSignal(replace(signal, valid_until=at + timedelta(hours=24)), "EXPIRED")


def _just_expired(chance: Random, market: Market) -> tuple[LiveSignal, ...]:
    drawn = [
        draw_signal(chance, market, (BTC, ETH), AS_OF - 30 * HOUR, AS_OF - 20 * HOUR) for _ in range(_JUST_EXPIRED)
    ]
    ends = [AS_OF - timedelta(minutes=chance.randint(120, 1000)) for _ in drawn]
    return tuple(LiveSignal(replace(each, valid_until=end), "EXPIRED") for each, end in zip(drawn, ends, strict=True))


def _recent(chance: Random, market: Market, status: str, count: int) -> list[LiveSignal]:
    start, end = AS_OF - 60 * HOUR, AS_OF - HOUR
    drawn = [draw_signal(chance, market, INSTRUMENTS, start, end) for _ in range(count)]
    return [LiveSignal(replace(each, valid_until=AS_OF + 48 * HOUR), status) for each in drawn]


def _document(chance: Random, live: LiveSignal) -> Fields:
    later = chance.random() < 0.5  # noqa: PLR2004 - both generations wrote half
    fields = live.signal.fields() | {"status": live.status}
    return spell(chance, fields, later=later) | unknown_fields(chance)
