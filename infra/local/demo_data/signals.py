"""Signals: what the strategies saw, whether or not it was traded."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from infra.local.demo_data.course import levels, moment_in
from infra.local.demo_data.instruments import CENT, AssetClass, Instrument
from infra.local.demo_data.market import Market
from infra.local.demo_data.month import desk_of
from infra.local.demo_data.seeding import new_id
from infra.local.demo_data.spelling import Fields
from infra.local.demo_data.trades import Trade

_VALIDITY_H = {"CRYPTO": (8, 12, 24, 36), "EQUITY": (24, 48), "OPTION": (24, 48)}
_PATTERNS = ("breakout", "pullback", "gap_fade", "double_bottom", "ema_cross", "iv_spike")


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One idea of a strategy; levels may be missing."""

    signal_id: str
    strategy_id: str
    symbol: str
    asset_class: AssetClass
    is_long: bool
    entry_price: Decimal
    stop: Decimal | None
    target: Decimal | None
    created_at: datetime
    valid_until: datetime
    pattern: str | None

    def fields(self) -> Fields:
        """What every signal document states."""
        second = self.target + (self.target - self.entry_price) if self.target else None
        return {
            "signal_id": self.signal_id,
            "strategy_id": self.strategy_id,
            "symbol": self.symbol,
            "asset_class": self.asset_class,
            "side": "LONG" if self.is_long else "SHORT",
            "entry_price": self.entry_price,
            "suggested_stop": self.stop,
            "take_profit_1": self.target,
            "take_profit_2": second if second and second > 0 else None,
            "created_at": self.created_at,
            "valid_until": self.valid_until,
            "pattern_name": self.pattern,
            "ds": self.created_at.date().isoformat(),
        }

    def best_excursion_pct(self, market: Market) -> Decimal:
        """How far price went the signal's way while it was valid, percent of the entry; 0 without bars."""
        start, end = self.created_at, self.valid_until
        bars = market.between(self.symbol, start, end)
        if not bars:
            return Decimal(0)
        gained = (
            max(bar.high for bar in bars) - self.entry_price
            if self.is_long
            else self.entry_price - min(bar.low for bar in bars)
        )
        return max(Decimal(0), gained / self.entry_price * 100)


def draw_signal(
    chance: Random, market: Market, instruments: Sequence[Instrument], start: datetime, end: datetime
) -> Signal:
    """A signal on one of the instruments, raised in [start, end) near the market."""
    instrument = chance.choice(instruments)
    bar = chance.choice(market.between(instrument.symbol, start, end))
    entry = (bar.close * (1 + Decimal(f"{chance.gauss(0, 0.004):.6f}"))).quantize(CENT)
    is_long = chance.random() < 0.6  # noqa: PLR2004 - more often up
    return signal_at(chance, instrument, moment_in(chance, bar), entry, is_long=is_long)


def signal_at(chance: Random, instrument: Instrument, at: datetime, entry: Decimal, *, is_long: bool) -> Signal:
    """A signal at a chosen moment and price."""
    stop, target = levels(instrument, entry, is_long=is_long)
    return Signal(
        signal_id=new_id(chance),
        strategy_id=desk_of(instrument).strategy_id,
        symbol=instrument.symbol,
        asset_class=instrument.asset_class,
        is_long=is_long,
        entry_price=entry,
        stop=stop,
        target=target,
        created_at=at,
        valid_until=at + timedelta(hours=chance.choice(_VALIDITY_H[instrument.asset_class])),
        pattern=chance.choice(_PATTERNS),
    )


def signal_of(chance: Random, trade: Trade) -> Signal:
    """The signal that led to a position."""
    entry = trade.target_price or trade.entry.price.quantize(CENT)
    stop, target = levels(trade.instrument, entry, is_long=trade.is_long)
    return Signal(
        signal_id=trade.signal_id,
        strategy_id=trade.strategy_id,
        symbol=trade.instrument.symbol,
        asset_class=trade.instrument.asset_class,
        is_long=trade.is_long,
        entry_price=entry,
        stop=stop,
        target=target,
        created_at=trade.decided_at,
        valid_until=trade.decided_at + timedelta(hours=24),
        pattern=chance.choice(_PATTERNS),
    )
