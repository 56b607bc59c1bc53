"""What the team trades: two coins, two stocks and two options on one of them."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

ACCOUNT = "PA3DEMO00001"
"""The broker's number of the demo account; the trading engine writes it too."""

CENT = Decimal("0.01")
"""Smallest step of prices and of amounts in US dollars."""

AssetClass = Literal["CRYPTO", "EQUITY", "OPTION"]


@dataclass(frozen=True)
class OptionTerms:
    """What an option pays: `right` is C for a call, P for a put."""

    strike: Decimal
    right: Literal["C", "P"]
    expires: date


@dataclass(frozen=True)
class Instrument:
    """One tradable thing."""

    symbol: str
    asset_class: AssetClass
    asset_id: str
    unit: Decimal
    """Smallest quantity the broker counts in."""
    lot: Decimal
    """Quantities of orders are multiples of it; even in units, so that an order can fill in two equal parts."""
    opening_price: Decimal = Decimal(0)
    hourly_volatility: float = 0.0
    terms: OptionTerms | None = None

    @property
    def multiplier(self) -> Decimal:
        """Units per contract."""
        return Decimal(100 if self.terms else 1)

    @property
    def position_symbol(self) -> str:
        """How the broker spells the symbol in positions and coin fees."""
        return self.symbol.replace("/", "")


def _coin(symbol: str, asset_id: str, lot: str, price: str, volatility: float) -> Instrument:
    return Instrument(symbol, "CRYPTO", asset_id, Decimal("1e-9"), Decimal(lot), Decimal(price), volatility)


def _stock(symbol: str, asset_id: str, price: str, volatility: float) -> Instrument:
    return Instrument(symbol, "EQUITY", asset_id, Decimal(1), Decimal(4), Decimal(price), volatility)


def _option(symbol: str, asset_id: str, terms: OptionTerms) -> Instrument:
    return Instrument(symbol, "OPTION", asset_id, Decimal(1), Decimal(2), terms=terms)


_EXPIRES = date(2026, 11, 20)

BTC = _coin("BTC/USD", "2d5cf8d6-8f0e-4a0e-9c52-000000000001", "0.000002", "61240.50", 0.0042)
ETH = _coin("ETH/USD", "2d5cf8d6-8f0e-4a0e-9c52-000000000002", "0.0002", "2688.20", 0.0055)
AAPL = _stock("AAPL", "2d5cf8d6-8f0e-4a0e-9c52-000000000003", "228.40", 0.0042)
MSFT = _stock("MSFT", "2d5cf8d6-8f0e-4a0e-9c52-000000000004", "441.75", 0.0038)
CALL = _option("AAPL261120C00240000", "2d5cf8d6-8f0e-4a0e-9c52-000000000005", OptionTerms(Decimal(240), "C", _EXPIRES))
PUT = _option("AAPL261120P00220000", "2d5cf8d6-8f0e-4a0e-9c52-000000000006", OptionTerms(Decimal(220), "P", _EXPIRES))

INSTRUMENTS = (BTC, ETH, AAPL, MSFT, CALL, PUT)
