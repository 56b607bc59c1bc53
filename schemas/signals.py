"""What rejected and live signals have in common: as documents and as rows."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import ClassVar, TypedDict

from schemas.columns import AssetClass, Instant, Price, Side, Text
from schemas.document import (
    Document,
    DocumentAssetClass,
    DocumentSide,
    Map,
    OptionalString,
    Positive,
    Stated,
    String,
    Time,
)
from schemas.symbols import is_symbol
from schemas.table import ArchivedRow


class SignalColumns(TypedDict):
    """The columns both signal tables take from the document as they are."""

    ds: date
    signal_id: str
    strategy_id: str
    symbol: str
    asset_class: AssetClass
    side: Side
    pattern_name: str | None
    entry_price: Decimal
    suggested_stop: Decimal | None
    created_at: datetime


class SignalDocument(Document):
    """The part of a signal that both collections share."""

    KEY = "signal_id"
    SPELLINGS: ClassVar[Mapping[str, tuple[str, ...]]] = {"take_profit_1": ("tp1",)}

    signal_id: String
    """Id of the signal: the document's id."""
    strategy_id: String
    """The strategy that raised it."""
    symbol: String
    """`BTC/USD`, `AAPL` or an OCC option symbol."""
    asset_class: DocumentAssetClass
    """CRYPTO, EQUITY or OPTION."""
    side: DocumentSide
    """LONG or buy, SHORT or sell."""
    entry_price: Positive
    """Price the signal wanted to enter at."""
    suggested_stop: Positive | None = None
    """Stop price; a missing one is never hit."""
    take_profit_1: Positive | None = None
    """First target; a missing one is never hit."""
    take_profit_2: Positive | None = None
    """Second target; kept, not simulated."""
    take_profit_3: Positive | None = None
    """Third target; kept, not simulated."""
    created_at: Time
    """When the signal was raised: the decision time."""
    pattern_name: OptionalString = None
    """Pattern that raised the signal."""
    qty: Positive | None = None
    """The document's own size, units, where it has one."""
    notional_usd: Positive | None = None
    """The document's own size, US dollars, where it has one."""
    confluence_snapshot: Map | None = None
    """Indicators at decision time."""
    ds: Stated | None = None
    """The engine's own partition date; ours is computed."""

    @property
    def tradable(self) -> bool:
        """Whether the broker could know the symbol."""
        return is_symbol(self.symbol, self.asset_class)

    def columns(self) -> SignalColumns:
        """Name what both tables take as it is; ds is the UTC date of created_at."""
        return SignalColumns(
            ds=self.created_at.date(),
            signal_id=self.signal_id,
            strategy_id=self.strategy_id,
            symbol=self.symbol,
            asset_class=self.asset_class,
            side=self.side,
            pattern_name=self.pattern_name,
            entry_price=self.entry_price,
            suggested_stop=self.suggested_stop,
            created_at=self.created_at,
        )


class SignalRow(ArchivedRow):
    """The columns both signal tables share."""

    signal_id: Text
    """Key: id of the signal."""
    strategy_id: Text
    """The strategy that raised it."""
    symbol: Text
    """Instrument."""
    asset_class: AssetClass
    """Kind of instrument."""
    side: Side
    """Direction the signal wanted."""
    pattern_name: Text | None
    """Pattern that raised it."""
    entry_price: Price
    """Price the signal wanted to enter at, US dollars per unit."""
    suggested_stop: Price | None
    """Stop price, US dollars per unit."""
    created_at: Instant
    """When the signal was raised."""
