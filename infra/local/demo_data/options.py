"""Option prices and greeks after Black and Scholes, in the units the broker quotes.

Greeks are per share: theta per calendar day, vega per volatility point, rho per percentage point.
"""

import math
from dataclasses import dataclass
from datetime import UTC, datetime, time
from decimal import Decimal
from statistics import NormalDist

from infra.local.demo_data.instruments import CENT, OptionTerms

VOLATILITY = 0.285
RATE = 0.041
_YEAR_S = 365 * 86_400
_NORMAL = NormalDist()


@dataclass(frozen=True)
class Greeks:
    """Sensitivities of one option, per share."""

    delta: Decimal
    gamma: Decimal
    theta: Decimal
    vega: Decimal
    rho: Decimal


def premium(terms: OptionTerms, spot: Decimal, at: datetime) -> Decimal:
    """What the option costs per share, at least one cent."""
    years, sign = _years(terms, at), _sign(terms)
    d1, d2 = _distances(terms, float(spot), years)
    discounted = float(terms.strike) * math.exp(-RATE * years)
    value = sign * (float(spot) * _NORMAL.cdf(sign * d1) - discounted * _NORMAL.cdf(sign * d2))
    return max(CENT, Decimal(f"{value:.2f}"))


def greeks(terms: OptionTerms, spot: Decimal, at: datetime) -> Greeks:
    """The sensitivities at one moment."""
    years, sign = _years(terms, at), _sign(terms)
    d1, d2 = _distances(terms, float(spot), years)
    discounted = float(terms.strike) * math.exp(-RATE * years)
    density = float(spot) * _NORMAL.pdf(d1) * math.sqrt(years)
    decay = -density * VOLATILITY / (2 * years) - sign * RATE * discounted * _NORMAL.cdf(sign * d2)
    return Greeks(
        delta=_four(sign * _NORMAL.cdf(sign * d1)),
        gamma=_four(density / (float(spot) ** 2 * VOLATILITY * years)),
        theta=_four(decay / 365),
        vega=_four(density / 100),
        rho=_four(sign * discounted * years * _NORMAL.cdf(sign * d2) / 100),
    )


def _distances(terms: OptionTerms, spot: float, years: float) -> tuple[float, float]:
    spread = VOLATILITY * math.sqrt(years)
    d1 = (math.log(spot / float(terms.strike)) + (RATE + VOLATILITY**2 / 2) * years) / spread
    return d1, d1 - spread


def _years(terms: OptionTerms, at: datetime) -> float:
    expiry = datetime.combine(terms.expires, time(20), tzinfo=UTC)
    return (expiry - at).total_seconds() / _YEAR_S


def _sign(terms: OptionTerms) -> int:
    return 1 if terms.right == "C" else -1


def _four(number: float) -> Decimal:
    return Decimal(f"{number:.4f}")
