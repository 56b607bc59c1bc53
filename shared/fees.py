"""What an execution costs by the dated fee table: the base of each fee, and estimates made of them.

Source of bases and caps: Alpaca documentation, "Regulatory fees" and "Crypto trading fees".
"""

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Literal

from shared.fee_table import crypto_tiers, regulatory_rate

Side = Literal["buy", "sell"]
REGULATORY = ("REG", "TAF", "CAT", "ORF", "OCC")
"""Sub types of the fees that the broker posts by day."""


@dataclass(frozen=True)
class Execution:
    """Something bought or sold, as far as fees depend on it."""

    asset_class: str
    side: Side
    day: date
    price: Decimal
    """US dollars per unit."""
    qty: Decimal
    """Coins, shares or contracts."""
    multiplier: Decimal
    """Units per contract."""

    @property
    def notional(self) -> Decimal:
        """Price times quantity times multiplier, US dollars."""
        return self.price * self.qty * self.multiplier


def charge(kind: str, traded: Execution) -> Decimal:
    """Compute one regulatory fee of one execution, US dollars, unrounded; 0 where the fee does not apply to it.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    option, sold = traded.asset_class == "OPTION", traded.side == "sell"
    match kind:
        case "REG":
            return regulatory_rate("REG", traded.day).charge(traded.notional) if sold else Decimal(0)
        case "TAF":
            name = "TAF_OPTION" if option else "TAF_EQUITY"
            return regulatory_rate(name, traded.day).charge(traded.qty) if sold else Decimal(0)
        case "CAT":
            return regulatory_rate("CAT", traded.day).charge(traded.qty * traded.multiplier)
        case "ORF" | "OCC":
            return regulatory_rate(kind, traded.day).charge(traded.qty) if option else Decimal(0)
        case _:
            return Decimal(0)


def charged_kinds(traded: Execution) -> frozenset[str]:
    """List the regulatory fees that the table expects for an execution; none for crypto.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    if traded.asset_class == "CRYPTO":
        return frozenset()
    return frozenset(kind for kind in REGULATORY if charge(kind, traded) > 0)


def estimate(traded: Execution) -> Decimal:
    """Estimate the fees of one side, US dollars, unrounded: crypto at the lowest tier's taker rate, else regulatory.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    if traded.asset_class == "CRYPTO":
        return traded.notional * taker_rate(traded.day)
    return sum((charge(kind, traded) for kind in REGULATORY), Decimal(0))


@dataclass(frozen=True)
class Leg:
    """When and at what price one side of a round trip filled."""

    when: datetime
    price: Decimal


def round_trip(asset_class: str, side: str, size: tuple[Decimal, Decimal], entry: Leg, leave: Leg) -> Decimal:
    """Estimate the fees of entry and exit, US dollars, unrounded; `size` is quantity and units per contract.

    Raises:
        FeeRateUnknownError: The table does not cover one of the days.
    """
    qty, units = size
    sides: tuple[Side, Side] = ("buy", "sell") if side == "LONG" else ("sell", "buy")
    traded = (
        Execution(asset_class, way, leg.when.date(), leg.price, qty, units)
        for way, leg in zip(sides, (entry, leave), strict=True)
    )
    return sum(map(estimate, traded), Decimal(0))


def taker_rate(day: date) -> Decimal:
    """Look up the crypto taker rate of the lowest tier, a fraction of notional.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    return crypto_tiers(day)[0].taker
