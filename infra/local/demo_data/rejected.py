"""Signals a filter refused: documents of `rejected_signals`."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import NamedTuple

from infra.local.demo_data.course import levels
from infra.local.demo_data.instruments import BTC, CENT, INSTRUMENTS, Instrument
from infra.local.demo_data.market import Market
from infra.local.demo_data.seeding import deck, stream
from infra.local.demo_data.sessions import AS_OF, HOUR, MONTH_START
from infra.local.demo_data.signals import Signal, draw_signal
from infra.local.demo_data.spelling import Fields, spell, unknown_fields

DUE_AFTER = timedelta(days=7)
"""Age at which a rejected signal is simulated."""

_DUE = 102
_YOUNG = 12
_WITHOUT_STOP, _WITHOUT_TARGET = range(7), range(5, 12)


class Filter(NamedTuple):
    """A filter: how often it refuses, what it looks at, its limit, and values it has refused."""

    share: int
    observes: str
    limit: float
    observed: tuple[float, ...]
    by_risk: bool = False


_FILTERS = {
    "VOLUME_TOO_LOW": Filter(6, "volume_ratio", 1.2, (0.21, 0.395, 0.62, 0.84, 1.1)),
    "RSI_TOO_HIGH": Filter(5, "rsi", 72, (72.4, 75.1, 79.8, 84)),
    "CONFLUENCE_TOO_LOW": Filter(5, "score", 3, (0, 1, 2, 2.5)),
    "SPREAD_TOO_WIDE": Filter(3, "spread_bps", 8, (8.6, 11.3, 24)),
    "INSUFFICIENT_BP": Filter(3, "required_usd", 9000, (9120.5, 10_400, 14_980), by_risk=True),
    "DAILY_LOSS_LIMIT": Filter(2, "loss_pct", 2, (2.04, 2.6), by_risk=True),
    "MAX_POSITIONS": Filter(2, "positions", 5, (6, 7), by_risk=True),
}
# Coins without market data, and their price as a fraction of bitcoin's.
_UNLISTED = {"SOL/USD": Decimal("0.0029"), "LTC/USD": Decimal("0.0016")}
_UNLISTED_EACH = 3


@dataclass(frozen=True)
class Rejections:
    """The refused signals by what an archive makes of them."""

    due: tuple[Signal, ...]
    without_bars: tuple[Signal, ...]
    """Due as well, on coins that the market data does not hold."""
    young: tuple[Signal, ...]
    spoilt: tuple[Signal, ...]
    """Due; their documents get one fault each."""


def plan_rejections(seed: int, market: Market, faults: int) -> Rejections:
    """Draw the signals; of the due ones some lack a stop, some a target, two both."""
    chance = stream(seed, "rejections")
    horizon = AS_OF - DUE_AFTER
    young = (draw_signal(chance, market, INSTRUMENTS, horizon + 6 * HOUR, AS_OF - 2 * HOUR) for _ in range(_YOUNG))
    return Rejections(
        due=tuple(_thinned(number, _old(chance, market, INSTRUMENTS)) for number in range(_DUE)),
        without_bars=tuple(
            _renamed(_old(chance, market, (BTC,)), coin, fraction)
            for coin, fraction in _UNLISTED.items()
            for _ in range(_UNLISTED_EACH)
        ),
        young=tuple(young),
        spoilt=tuple(_old(chance, market, INSTRUMENTS) for _ in range(faults)),
    )


def _old(chance: Random, market: Market, instruments: Sequence[Instrument]) -> Signal:
    return draw_signal(chance, market, instruments, MONTH_START, AS_OF - DUE_AFTER - 12 * HOUR)


def rejected_documents(chance: Random, signals: Sequence[Signal]) -> list[tuple[str, Fields]]:
    """One document per signal."""
    reasons = deck(chance, {reason: one.share for reason, one in _FILTERS.items()}, len(signals))
    return [(signal.signal_id, _document(chance, signal, why)) for signal, why in zip(signals, reasons, strict=True)]


def _thinned(number: int, signal: Signal) -> Signal:
    stop = None if number in _WITHOUT_STOP else signal.stop
    target = None if number in _WITHOUT_TARGET else signal.target
    return replace(signal, stop=stop, target=target)


def _renamed(signal: Signal, coin: str, fraction: Decimal) -> Signal:
    entry = (signal.entry_price * fraction).quantize(CENT)
    stop, target = levels(BTC, entry, is_long=signal.is_long)
    return replace(signal, symbol=coin, entry_price=entry, stop=stop, target=target)


def _document(chance: Random, signal: Signal, reason: str) -> Fields:
    later = chance.random() < 0.5  # noqa: PLR2004 - both generations wrote half
    fields = signal.fields() | {
        "rejection_reason": reason,
        "rejection_metadata": _seen(chance, reason),
        "trade_type": "RISK_BLOCKED" if _FILTERS[reason].by_risk else chance.choice(("FILTERED", "THEORETICAL")),
        "status": None if later else "REJECTED_BY_FILTER",
    }
    if chance.random() < 0.8:  # noqa: PLR2004 - most carry it
        fields["confluence_snapshot"] = _indicators(chance)
    return spell(chance, fields, later=later) | unknown_fields(chance)


def _seen(chance: Random, reason: str) -> Fields:
    """What the filter compared."""
    used = _FILTERS[reason]
    return {used.observes: chance.choice(used.observed), "limit": used.limit}


def _indicators(chance: Random) -> Fields:
    return {
        "score": chance.randint(0, 5),
        "rsi": round(chance.uniform(18, 84), 1),
        "volume_ratio": round(chance.uniform(0.2, 2.4), 3),
        "trend": {"ema_fast_above_slow": chance.random() < 0.5, "timeframes": ["15Min", "1H"]},  # noqa: PLR2004
    }
