"""Loop D: the broker's accounts -> `snapshot_accounts`, once a day: equity, margin, drawdown, greeks.

A day ends at 16:00 New York, the clock by which the broker strikes last_equity. The snapshot of day D is the first one
taken from 16:00 of D until 16:00 of D + 1: the run at 00:45 UTC (19:45 or 20:45 in New York) closes the New York day
that just ended, and one in the morning catches up on yesterday without taking today's place. The schedule has some more
of them before the stock market opens: an account that one could not read is lost for the day unless another one does.

The broker tells what an account holds now, whatever the as-of time says. An as-of time of another day than the present
one is therefore not due, except where BigQuery is an emulator: there fixtures are as old as they say.
"""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import dropwhile
from typing import Any

from schemas.accounts import AccountDocument, AccountSnapshot
from schemas.document import numeric
from schemas.table import Provenance
from shared.fills import finite
from shared.formulae import Drawdown, drawdown, percent
from shared.greeks import greeks, options_held
from shared.jobs import DAYS
from shared.loop import AccountState, Candidate, Evidence, Loop, Origin, Verdict, Wants
from shared.market import Window
from shared.occ import underlying_window
from shared.settings import Settings
from shared.values import NEW_YORK

DAY_ENDS = timedelta(hours=16)
"""The end of a day by the clocks of New York."""
_COPIED = frozenset(AccountDocument.model_fields) & frozenset(AccountSnapshot.model_fields)


def due(_account: AccountDocument, _as_of: datetime, _settings: Settings) -> bool:
    """The account is always due, on the day that the broker `tells` about."""
    return True


def tells(as_of: datetime, read_time: datetime) -> bool:
    """The broker tells what an account holds when it is asked: nothing about another day than that."""
    return day_of(as_of) == day_of(read_time)


def day_of(as_of: datetime) -> date:
    """Name the day that a snapshot taken at a moment belongs to: the last one that had ended in New York by then."""
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
        held = (one["symbol"] for one in options_held(state))
        return tuple(underlying_window(one, candidate.as_of, state.option_contracts.get(one)) for one in held)

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


def follows(row: AccountSnapshot, as_of: datetime | None) -> Mapping[str, object]:
    """Say what the derived columns must be, each by the columns that it is computed from."""
    peak, day = row.peak_equity, {} if as_of is None else {"ds": day_of(as_of)}
    covered = row.option_positions == row.option_positions_with_greeks
    sums = (row.net_delta_usd, row.net_gamma_usd, row.net_theta_usd, row.net_vega_usd, row.net_rho_usd)
    return {
        **day,
        "snapshot_at": row.source_rev,
        "drawdown_pct": None if peak is None else percent(peak - row.equity, peak),
        "greeks_complete": covered and None not in sums,
    }


def _drawdown(state: AccountState, equity: Decimal, today: date) -> Drawdown | None:
    """Measure the curve of portfolio history plus now; days before the account first held money do not count.

    The day itself may have closed at another equity than now, hours later; while its point still repeats the day
    before, that changes nothing.
    """
    closed = (
        (day, numeric(number)) for day, text in state.history if day <= today and (number := finite(text)) is not None
    )
    curve = list(dropwhile(lambda point: point[1] <= 0, (*closed, (today, equity))))
    return drawdown(curve) if curve else None


LOOP = Loop(
    name="account-snapshot",
    summary="the broker's account, margin, drawdown and greeks -> snapshot_accounts",
    schedule="45 0,4,8,12 * * *",
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
    tells=tells,
    takes=frozenset({*DAYS, "limit", "refresh"}),
    follows=follows,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
