"""What an OCC option symbol says: the underlying, the strike, and what exercising is worth. Pure."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from schemas.symbols import is_symbol
from shared.market import LOOK_BACK, Window

_TAIL = 15
"""Length of expiry, right and strike; what stands before is the root."""
_DIGITS = "0123456789"


def is_option(position: Mapping[str, Any]) -> bool:
    """Tell whether a position of the broker's is an option: by its class, or by what its symbol says."""
    symbol = position.get("symbol")
    return position.get("asset_class") == "us_option" or (isinstance(symbol, str) and is_symbol(symbol, "OPTION"))


def underlying_window(symbol: str, until: datetime, contract: Mapping[str, Any] | None = None) -> Window:
    """Name the bars that hold the last price of an option's underlying before a moment.

    Its contract says what that is. Without one it is taken for the root, which lacks the dot of a stock like BRK.B.
    """
    stated, root = (contract or {}).get("underlying_symbol"), symbol[:-_TAIL].rstrip(_DIGITS)
    underlying = stated if isinstance(stated, str) and is_symbol(stated, "EQUITY") else root
    return Window("EQUITY", underlying, until - LOOK_BACK, until)


def is_adjusted(symbol: str) -> bool:
    """Whether a contract delivers something else than 100 shares: a digit ends its root."""
    return symbol[:-_TAIL].endswith(tuple(_DIGITS))


def intrinsic_value(symbol: str, spot: Decimal) -> Decimal:
    """Tell what exercising is worth at a price of the underlying, US dollars per share, never below 0.

    AAPL260918C00150000 is a call on AAPL at 150.
    """
    right, strike = symbol[-9], Decimal(symbol[-8:]) / 1000
    return max(Decimal(0), spot - strike if right == "C" else strike - spot)
