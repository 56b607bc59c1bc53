"""Loop D: the broker's accounts -> `snapshot_accounts`, once a day: equity, margin, drawdown, greeks.

A day ends at 16:00 New York, the clock by which the broker strikes last_equity. The snapshot of day D is the first one
taken from 16:00 of D until 16:00 of D + 1: the run at 00:45 UTC (19:45 or 20:45 in New York) closes the New York day
that just ended, and one in the morning catches up on yesterday without taking today's place.
"""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import dropwhile
from typing import Any, TypedDict
from zoneinfo import ZoneInfo

from schemas.accounts import AccountDocument, AccountSnapshot
from schemas.document import numeric
from schemas.table import Provenance
from shared.fills import finite, positive
from shared.formulae import Drawdown, drawdown
from shared.loop import AccountState, Candidate, Evidence, Loop, Origin, Verdict, Wants
from shared.market import Market, Window
from shared.occ import underlying_window
from shared.settings import Settings

NEW_YORK = ZoneInfo("America/New_York")
DAY_ENDS = timedelta(hours=16)
"""The end of a day by the clocks of New York."""
_GREEKS = ("delta", "gamma", "theta", "vega", "rho")
_COPIED = frozenset(AccountDocument.model_fields) & frozenset(AccountSnapshot.model_fields)


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


def due(_account: AccountDocument, _as_of: datetime, _settings: Settings) -> bool:
    """The account is always due."""
    return True


def day_of(as_of: datetime) -> date:
    """Name the day that a snapshot taken at a moment belongs to: the last one that ended before it in New York."""
    # By the clock on the wall, so that a day may last 23 or 25 hours.
    return (as_of.astimezone(NEW_YORK) - DAY_ENDS).date()


def key(candidate: Candidate[AccountDocument]) -> tuple[str, date]:
    """Account and day."""
    return candidate.document.account_number, day_of(candidate.as_of)


def classify(candidate: Candidate[AccountDocument], row_key: tuple[Any, ...], refresh: bool) -> Verdict:  # noqa: FBT001 - a rule with a fixed signature
    """The first snapshot of a day wins; only --refresh replaces it."""
    if not any(one.key == row_key for one in candidate.stored):
        return Verdict.NEW
    return Verdict.REVISED if refresh else Verdict.ALREADY


def wants(candidate: Candidate[AccountDocument], _settings: Settings) -> Wants:
    """Ask for positions, history and greeks, and for the prices of the options' underlyings."""

    def underlyings(state: AccountState) -> tuple[Window, ...]:
        return tuple(underlying_window(one["symbol"], candidate.as_of) for one in _options(state))

    return Wants(account=candidate.document.account_number, account_bars=underlyings)


def build(candidate: Candidate[AccountDocument], evidence: Evidence, provenance: Provenance) -> AccountSnapshot:
    """Turn the account's state into the row of its day."""
    account, day = candidate.document, day_of(candidate.as_of)
    state = evidence.accounts[account.account_number]
    fell = _drawdown(state, account.equity, day)
    copied = {name: getattr(account, name) for name in _COPIED}
    return AccountSnapshot(
        **provenance,
        **copied,
        **greeks(state, evidence.market, candidate.as_of),
        ds=day,
        account_id=account.account_number,
        snapshot_at=candidate.source.update_time,
        peak_equity=fell.peak if fell else None,
        drawdown_pct=fell.now_pct if fell else None,
        max_drawdown_pct=fell.max_pct if fell else None,
        calmar_ratio=fell.calmar if fell else None,
        positions_count=len(state.positions),
    )


def _drawdown(state: AccountState, equity: Decimal, today: date) -> Drawdown | None:
    """Measure the curve of portfolio history plus now; days before the account first held money do not count.

    For the day itself the broker's history may still repeat the day before: the equity now stands in its place.
    """
    before = ((day, number) for day, text in state.history if day < today and (number := finite(text)) is not None)
    curve = list(dropwhile(lambda point: point[1] <= 0, (*before, (today, equity))))
    return drawdown(curve) if curve else None


def greeks(state: AccountState, market: Market, as_of: datetime) -> Greeks:
    """Add greeks up over option positions: greek · signed quantity · the contract's multiplier.

    Delta and gamma are taken times the price of the underlying.

    Alpaca's greeks are per share, theta per calendar day, vega per volatility point, rho per percentage point. A sum
    that would miss a position is None.
    """
    options = _options(state)
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


def _options(state: AccountState) -> list[Mapping[str, Any]]:
    return [one for one in state.positions if one.get("asset_class") == "us_option"]


def _position_greeks(
    position: Mapping[str, Any], state: AccountState, market: Market, as_of: datetime
) -> dict[str, Decimal | None]:
    snapshot = state.option_snapshots.get(position["symbol"], {})
    raw = snapshot.get("greeks") or {}
    per_share = {name: finite(raw.get(name)) for name in _GREEKS}
    if not any(per_share.values()) and not finite(snapshot.get("impliedVolatility")):
        return {}
    if (units := _units(position, state.option_contracts.get(position["symbol"], {}))) is None:
        return {}
    spot = _spot(position["symbol"], market, as_of)
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


def _spot(option: str, market: Market, as_of: datetime) -> Decimal | None:
    bars = market.bars(underlying_window(option, as_of))
    return bars[-1].close if bars else None


def _complete_sum(values: Iterable[Decimal | None]) -> Decimal | None:
    total = Decimal(0)
    for value in values:
        if value is None:
            return None
        total += value
    return numeric(total)


LOOP = Loop(
    name="account-snapshot",
    summary="the broker's account, margin, drawdown and greeks -> snapshot_accounts",
    schedule="45 0 * * *",
    source="/v2/account",
    origin=Origin.BROKER,
    document=AccountDocument,
    row=AccountSnapshot,
    due=due,
    ds=lambda candidate: day_of(candidate.as_of),
    key=key,
    wants=wants,
    build=build,
    classify=classify,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
