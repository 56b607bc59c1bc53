"""The dated fee table `fee_rates.json`, looked up by day. A date outside the table is an error, never a default."""

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any


class FeeRateUnknownError(Exception):
    """The fee table has no rate for the date."""


@dataclass(frozen=True)
class Tier:
    """One volume tier of crypto fees; rates are fractions of notional."""

    name: str
    from_usd: Decimal
    """30-day crypto volume from which the tier holds, US dollars."""
    maker: Decimal
    taker: Decimal

    @property
    def rates(self) -> tuple[Decimal, Decimal]:
        """What an execution may have paid."""
        return self.maker, self.taker


@dataclass(frozen=True)
class Rate:
    """One regulatory fee, US dollars per unit of its base."""

    rate: Decimal
    cap: Decimal | None
    """Most that one execution pays, US dollars."""

    def charge(self, units: Decimal) -> Decimal:
        """What so many units of the base cost, US dollars, unrounded."""
        cost = units * self.rate
        return cost if self.cap is None else min(cost, self.cap)


@cache
def crypto_tiers(day: date) -> tuple[Tier, ...]:
    """Look up the volume tiers of a day, the lowest first.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    row = _valid("crypto", _table()["crypto"]["rates"], day)
    return tuple(
        Tier(one["name"], *(Decimal(one[column]) for column in ("from_usd", "maker", "taker"))) for one in row["tiers"]
    )


def tier_of(volume: Decimal, day: date) -> Tier:
    """Find the tier that a 30-day crypto volume in US dollars reaches.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    return next(tier for tier in reversed(crypto_tiers(day)) if tier.from_usd <= volume)


@cache
def regulatory_rate(kind: str, day: date) -> Rate:
    """Look up REG, TAF_EQUITY, TAF_OPTION, CAT, ORF or OCC.

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    row = _valid(kind, _table()["regulatory"][kind], day)
    return Rate(Decimal(row["rate"]), Decimal(row["cap"]) if "cap" in row else None)


def _valid(kind: str, rows: list[dict[str, Any]], day: date) -> dict[str, Any]:
    text = day.isoformat()
    for row in rows:
        if row["from"] <= text and (row["until"] is None or text < row["until"]):
            return row
    raise FeeRateUnknownError(f"no {kind} rate for {text}; extend shared/fee_rates.json with its source")


@cache
def _table() -> dict[str, Any]:
    table: dict[str, Any] = json.loads(Path(__file__).with_name("fee_rates.json").read_text(encoding="utf-8"))
    return table
