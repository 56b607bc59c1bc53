"""What the broker charges: coin fees by execution, regulatory fees by day.

Crypto rates are those of the lowest volume tier; the demo's volume stays below the next one.
"""

from decimal import ROUND_CEILING, Decimal

from infra.local.demo_data.instruments import CENT
from infra.local.demo_data.orders import Execution

MAKER_RATE = Decimal("0.0015")
TAKER_RATE = Decimal("0.0025")

REG_RATE = Decimal("20.60") / 1_000_000
"""US dollars per dollar of sales."""
TAF_RATE = Decimal("0.000195")
"""US dollars per share sold."""
TAF_CAP = Decimal("9.79")
"""Most that one sale of shares pays, US dollars."""
TAF_OPTION_RATE = Decimal("0.00329")
"""US dollars per contract sold."""
CAT_RATE = Decimal("0.0000265")
"""US dollars per share bought or sold; a contract counts as its shares."""
ORF_RATE = Decimal("0.02685")
"""US dollars per contract bought or sold."""
OCC_RATE = Decimal("0.02")
"""US dollars per contract bought or sold."""

_NANO = Decimal("1e-9")


def coin_fee(execution: Execution) -> Decimal:
    """What a purchase of coins costs, in the coin: the position grows by the rest."""
    return (_rate(execution) * execution.qty).quantize(_NANO, rounding=ROUND_CEILING)


def usd_fee(execution: Execution) -> Decimal:
    """What a sale of coins costs, US dollars."""
    return ceil_to_cent(_rate(execution) * execution.price * execution.qty)


def ceil_to_cent(amount: Decimal) -> Decimal:
    """Round as the broker does when it charges: up."""
    return amount.quantize(CENT, rounding=ROUND_CEILING)


def _rate(execution: Execution) -> Decimal:
    return MAKER_RATE if execution.is_maker else TAKER_RATE
