"""What an account's options add up to: greeks in US dollars, and how many of its positions they cover. Pure."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any, TypedDict

from schemas.document import numeric
from shared.fills import finite, positive
from shared.loop import AccountState
from shared.market import Market
from shared.occ import is_adjusted, is_option, underlying_window

_GREEKS = ("delta", "gamma", "theta", "vega", "rho")


class Greeks(TypedDict):
    """The greeks' columns."""

    net_delta_usd: Decimal | None
    net_gamma_usd: Decimal | None
    net_theta_usd: Decimal | None
    net_vega_usd: Decimal | None
    net_rho_usd: Decimal | None
    option_positions: int
    option_positions_with_greeks: int
    greeks_complete: bool


def greeks(state: AccountState, market: Market, as_of: datetime) -> Greeks:
    """Add greeks up over option positions: greek · signed quantity · the contract's multiplier.

    Delta and gamma are taken times the price of the underlying.

    Alpaca's greeks are per share, theta per calendar day, vega per volatility point, rho per percentage point. A sum
    that would miss a position is None.
    """
    options = options_held(state)
    parts = [_position_greeks(one, state, market, as_of) for one in options]
    sums = {name: _complete_sum(part.get(name) for part in parts) for name in _GREEKS}
    covered = sum(all(part.get(name) is not None for name in _GREEKS) for part in parts)
    return Greeks(
        net_delta_usd=sums["delta"],
        net_gamma_usd=sums["gamma"],
        net_theta_usd=sums["theta"],
        net_vega_usd=sums["vega"],
        net_rho_usd=sums["rho"],
        option_positions=len(options),
        option_positions_with_greeks=covered,
        greeks_complete=covered == len(options),
    )


def options_held(state: AccountState) -> list[Mapping[str, Any]]:
    """List the option positions of an account."""
    return [one for one in state.positions if is_option(one)]


def _position_greeks(
    position: Mapping[str, Any], state: AccountState, market: Market, as_of: datetime
) -> dict[str, Decimal | None]:
    snapshot = state.option_snapshots.get(position["symbol"], {})
    stated = snapshot.get("greeks")
    raw = stated if isinstance(stated, dict) else {}
    per_share = {name: finite(raw.get(name)) for name in _GREEKS}
    if not any(per_share.values()) and not finite(snapshot.get("impliedVolatility")):
        return {}
    contract = state.option_contracts.get(position["symbol"], {})
    if (units := _units(position, contract)) is None:
        return {}
    # Which shares the delta of an adjusted contract is of, and how many of them, nobody says.
    spot = None if is_adjusted(position["symbol"]) else _spot(position["symbol"], contract, market, as_of)
    in_dollars = {"delta": spot, "gamma": spot * spot / 100 if spot else None}
    return {
        name: None if value is None or (factor := in_dollars.get(name, Decimal(1))) is None else value * units * factor
        for name, value in per_share.items()
    }


def _units(position: Mapping[str, Any], contract: Mapping[str, Any]) -> Decimal | None:
    """Count the shares that a position stands for, negative when it is short; None when that cannot be told.

    An adjusted contract's multiplier is not 100, and its size is not its multiplier.
    """
    qty, multiplier = finite(position.get("qty")), positive(contract.get("multiplier"))
    if qty is None or multiplier is None:
        return None
    return (-abs(qty) if position.get("side") == "short" else qty) * multiplier


def _spot(option: str, contract: Mapping[str, Any], market: Market, as_of: datetime) -> Decimal | None:
    bars = market.bars(underlying_window(option, as_of, contract))
    return bars[-1].close if bars else None


def _complete_sum(values: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for value in values:
        if value is None:
            return None
        total += value
    return numeric(total)
