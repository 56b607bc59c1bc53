"""Estimated fees from the dated fee table `fee_rates.json`. A date outside the table is an error, never a default."""

import json
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, Literal

Side = Literal["buy", "sell"]


class FeeRateUnknownError(Exception):
    """The fee table has no rate for the date."""


@dataclass(frozen=True)
class Execution:
    """One side of a trade."""

    asset_class: str
    side: Side
    day: date
    price: Decimal
    """US dollars per unit."""
    qty: Decimal
    """Units: coins, shares or contracts."""
    multiplier: Decimal
    """Units per contract."""

    @property
    def notional(self) -> Decimal:
        """Price times quantity times multiplier, US dollars."""
        return self.price * self.qty * self.multiplier


def estimate(execution: Execution) -> Decimal:
    """Estimate the fees of one side, US dollars, unrounded: crypto at the lowest tier's taker rate, else regulatory.

    Source of bases and caps: Alpaca documentation, "Regulatory fees".

    Raises:
        FeeRateUnknownError: The table does not cover the day.
    """
    if execution.asset_class == "CRYPTO":
        return execution.notional * taker_rate(execution.day)
    return sum((charge(execution) for charge in _CHARGES[execution.asset_class]), Decimal(0))


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
    executions = (
        Execution(asset_class, way, leg.when.date(), leg.price, qty, units)
        for way, leg in zip(sides, (entry, leave), strict=True)
    )
    return sum(map(estimate, executions), Decimal(0))


def taker_rate(day: date) -> Decimal:
    """Look up the crypto taker rate of the lowest tier, a fraction of notional."""
    return Decimal(_valid("crypto", _table()["crypto"]["rates"], day)["taker"])


def _reg(execution: Execution) -> Decimal:
    return execution.notional * _rate("REG", execution.day) if execution.side == "sell" else Decimal(0)


def _taf_equity(execution: Execution) -> Decimal:
    return _capped("TAF_EQUITY", execution) if execution.side == "sell" else Decimal(0)


def _taf_option(execution: Execution) -> Decimal:
    return _capped("TAF_OPTION", execution) if execution.side == "sell" else Decimal(0)


def _cat(execution: Execution) -> Decimal:
    return execution.qty * execution.multiplier * _rate("CAT", execution.day)


def _orf(execution: Execution) -> Decimal:
    return _capped("ORF", execution)


def _occ(execution: Execution) -> Decimal:
    return _capped("OCC", execution)


_CHARGES = {"EQUITY": (_reg, _taf_equity, _cat), "OPTION": (_reg, _taf_option, _cat, _orf, _occ)}


def _capped(kind: str, execution: Execution) -> Decimal:
    row = _valid(kind, _table()["regulatory"][kind], execution.day)
    charge = execution.qty * Decimal(row["rate"])
    return min(charge, Decimal(row["cap"])) if "cap" in row else charge


def _rate(kind: str, day: date) -> Decimal:
    return Decimal(_valid(kind, _table()["regulatory"][kind], day)["rate"])


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
