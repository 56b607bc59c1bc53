"""Loop D: the broker's account -> `snapshot_accounts`, once a day: equity, margin, drawdown, greeks."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import dropwhile
from typing import Any, TypedDict

from schemas.accounts import AccountDocument, AccountSnapshot
from schemas.document import numeric
from schemas.table import Provenance
from shared.fills import finite
from shared.formulae import Drawdown, drawdown, multiplier
from shared.loop import AccountState, Candidate, Evidence, Loop, Origin, Verdict, Wants
from shared.market import Market, Window
from shared.settings import Settings

UNDERLYING_DAYS = 7
"""How far back the last price of an option's underlying may lie, days: long weekends and half days included."""
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


def key(candidate: Candidate[AccountDocument]) -> tuple[str, date]:
    """Account and day."""
    return candidate.document.account_number, candidate.as_of.date()


def classify(candidate: Candidate[AccountDocument], row_key: tuple[Any, ...], refresh: bool) -> Verdict:  # noqa: FBT001 - a rule with a fixed signature
    """The first snapshot of a day wins; only --refresh replaces it."""
    if not any(one.key == row_key for one in candidate.stored):
        return Verdict.NEW
    return Verdict.REVISED if refresh else Verdict.ALREADY


def wants(candidate: Candidate[AccountDocument], _settings: Settings) -> Wants:
    """Ask for positions, history and greeks, and for the prices of the options' underlyings."""

    def underlyings(state: AccountState) -> tuple[Window, ...]:
        return tuple(underlying_window(one["symbol"], candidate.as_of) for one in _options(state))

    return Wants(account_bars=underlyings)


def build(candidate: Candidate[AccountDocument], evidence: Evidence, provenance: Provenance) -> AccountSnapshot:
    """Turn the account's state into the row of its day."""
    account, state = candidate.document, evidence.account
    if state is None:
        raise TypeError("the run fetched no account state")
    fell = _drawdown(state, account.equity, candidate.as_of.date())
    copied = {name: getattr(account, name) for name in _COPIED}
    return AccountSnapshot(
        **provenance,
        **copied,
        **greeks(state, evidence.market, candidate.as_of),
        ds=candidate.as_of.date(),
        account_id=account.account_number,
        snapshot_at=candidate.source.update_time,
        peak_equity=fell.peak if fell else None,
        drawdown_pct=fell.now_pct if fell else None,
        max_drawdown_pct=fell.max_pct if fell else None,
        calmar_ratio=fell.calmar if fell else None,
        positions_count=len(state.positions),
    )


def _drawdown(state: AccountState, equity: Decimal, today: date) -> Drawdown | None:
    """Measure the curve of portfolio history plus now; days before the account first held money do not count."""
    before = ((day, number) for day, text in state.history if day < today and (number := finite(text)) is not None)
    curve = list(dropwhile(lambda point: point[1] <= 0, (*before, (today, equity))))
    return drawdown(curve) if curve else None


def greeks(state: AccountState, market: Market, as_of: datetime) -> Greeks:
    """Add greeks up over option positions: greek · signed quantity · multiplier, delta and gamma times the underlying.

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
    if (qty := finite(position.get("qty"))) is None:
        return {}
    units = qty * multiplier("OPTION")
    spot = _spot(position["symbol"], market, as_of)
    in_dollars = {"delta": spot, "gamma": spot * spot / 100 if spot else None}
    return {
        name: None if value is None or (factor := in_dollars.get(name, Decimal(1))) is None else value * units * factor
        for name, value in per_share.items()
    }


def underlying_window(option: str, as_of: datetime) -> Window:
    """Name the bars that hold the last price of an option's underlying."""
    root = option[:-15].rstrip("0123456789")
    return Window("EQUITY", root, as_of - timedelta(days=UNDERLYING_DAYS), as_of)


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
    ds=lambda candidate: candidate.as_of.date(),
    key=key,
    wants=wants,
    build=build,
    classify=classify,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
