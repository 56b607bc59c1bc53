"""What rejected and live signals have in common."""

from collections.abc import Mapping
from typing import ClassVar

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
