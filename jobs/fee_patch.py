"""The fee patch: what the broker charged for each trade -> `actual_fee_usd` and the fee columns of `fact_trades`.

The broker posts fees a day late, corrects them now and then, and names no order; `shared.reconciliation` tells whose
they are. A trade is final when everything that could be posted for both its days had the time to be.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from pydantic_core import PydanticCustomError

from schemas.columns import FeeMethod
from schemas.document import numeric
from schemas.trades import Trade
from shared.fees import Side
from shared.formulae import net_pnl, notional, percent
from shared.ledger import Books, Span
from shared.order_search import GOOD_TILL_CANCELLED
from shared.pairs import bare
from shared.reconciliation import reconcile
from shared.settings import Settings
from shared.table_patch import Findings, Mended, TablePatch
from shared.trade_fees import Claim, Reconciliation, TradeFees
from shared.volume_tiers import volume_span

BEFORE_ENTRY = timedelta(days=1)
"""How long before the entry by the document its fills may lie."""
SETTLES_WITHIN = timedelta(days=6)
"""A trading day and its settlement lie no further apart, holidays included, and patience begins with the latter."""


def spans(trades: Sequence[Trade], settings: Settings) -> list[Span]:
    """Read the fees posted from before each entry until no more of them, and no correction, is waited for."""
    after = max(
        timedelta(days=settings.fee_give_up_days) + SETTLES_WITHIN, timedelta(days=settings.fee_restate_days + 1)
    )
    return [(one.entry_time - BEFORE_ENTRY, one.exit_time + after) for one in trades]


def judge(trades: Sequence[Trade], books: Books, as_of: datetime, settings: Settings) -> Findings[Trade]:
    """Tell what the fee columns of trades must be, and which further fills might decide what is open."""
    found = reconcile(map(claim, trades), books.executions, books.postings, books.complete_at, books.fills_known)
    patience = timedelta(days=settings.fee_give_up_days)
    rows = [mended(one, found.trades[one.trade_id], books, as_of, patience) for one in trades]
    totals = {name: sum((getattr(one, name) for one in found.totals.values()), Decimal(0)) for name in _TOTALS}
    earlier = (one for one in trades if _may_have_filled_earlier(one, found.trades[one.trade_id]))
    return Findings(
        rows,
        totals,
        outcomes=_remarks(found, books),
        wants_books=[(one.entry_time - GOOD_TILL_CANCELLED, one.entry_time) for one in earlier],
        wants_fills=[volume_span(day) for day in sorted(found.tied)],
    )


def _may_have_filled_earlier(trade: Trade, fees: TradeFees) -> bool:
    """Tell whether what is missing may lie before the books that were read: executions, or fees of some found there."""
    if trade.fee_finalized or trade.broker_check == "NOT_FOUND":
        return False
    began_earlier = fees.began_at is not None and fees.began_at < trade.entry_time - BEFORE_ENTRY
    return fees.obscure or (began_earlier and bool(fees.missing))


_TOTALS = ("posted", "attributed", "foreign", "unattributed")


def _remarks(found: Reconciliation, books: Books) -> dict[str, int]:
    """Count what is odd about the books, beside the trades."""
    odd = {
        "fees without a known value": len(found.unvalued),
        "daily fees on less than is known": len(found.surplus),
        "unreadable activities": len(books.unreadable) + len(books.unreadable_orders),
    }
    return {name: number for name, number in odd.items() if number}


def claim(trade: Trade) -> Claim:
    """Say which executions are a trade's; what an option event closed, no execution accounts for."""
    listed = _listed(trade)
    entered: Side = "buy" if trade.side == "LONG" else "sell"
    left: Side = "sell" if entered == "buy" else "buy"
    by_event = any("::" in name for name in listed)
    orders = frozenset(name for name in listed if "::" not in name)
    return Claim(trade.trade_id, orders, trade.qty, (entered,) if by_event else (entered, left), bare(trade.symbol))


def _listed(trade: Trade) -> list[str]:
    if trade.order_ids is None:
        return [name for name in (trade.entry_order_id, trade.exit_order_id) if name]
    listed: Mapping[str, list[str]] = json.loads(trade.order_ids)
    return [*listed["entry"], *listed["exit"]]


def mended(trade: Trade, fees: TradeFees, books: Books, as_of: datetime, patience: timedelta) -> Mended[Trade]:
    """Turn what was found about a trade into its columns.

    A fee that never came is not a fee of 0: the trade is closed as NONE_POSTED, with what did come, if anything.
    What is final stays so unless the broker took a fee of its days back: evidence that is merely gone (a paper account
    that was reset, say) proves nothing.
    """
    taken_back = bool(fees.missing & books.taken_back)
    reason = _why_open(trade, fees, books) or _why_waiting(trade, fees, as_of, patience)
    lacking = bool(fees.missing) or fees.obscure
    stays = bool(reason) or (lacking and not _is_restated(trade, fees, books))
    if trade.fee_finalized and stays and not taken_back:
        return Mended(trade, {}, "final", settled=True)
    if reason:
        return Mended(trade, _unknown(trade) if taken_back else {}, reason, settled=False)
    method: FeeMethod = "NONE_POSTED" if lacking else "EXACT" if fees.exact else "PRORATA"
    try:
        return Mended(trade, _columns(trade, fees, method), method.lower().replace("_", " "), settled=True)
    except PydanticCustomError:
        return Mended(trade, {}, "beyond all money", settled=False)


def _is_restated(trade: Trade, fees: TradeFees, books: Books) -> bool:
    """Tell whether the broker said more, or something else, about a trade that was closed for want of a fee."""
    grown = fees.usd > (trade.actual_fee_usd or 0)
    return trade.fee_method == "NONE_POSTED" and not fees.obscure and (grown or bool(fees.groups & books.taken_back))


def _why_open(trade: Trade, fees: TradeFees, books: Books) -> str | None:
    """Say what keeps a trade's fees from being told, however long one waits; None when nothing does."""
    if fees.groups & books.unreadable or claim(trade).order_ids & books.unreadable_orders:
        return "unreadable activities of its own"
    if fees.unrated:
        return "no rate for its day"
    return "ambiguous" if fees.ambiguous else None


def _why_waiting(trade: Trade, fees: TradeFees, as_of: datetime, patience: timedelta) -> str | None:
    """Say what may still come; None when everything has come or nothing more is waited for."""
    complete_at = fees.complete_at or trade.exit_time
    in_doubt = fees.missing or fees.obscure or fees.complete_at is None
    if as_of >= complete_at + (patience if in_doubt else timedelta(0)):
        return None
    return "executions missing" if fees.obscure and trade.broker_check != "NOT_FOUND" else "waiting"


def _unknown(trade: Trade) -> dict[str, Any]:
    """What a trade says before any fee is known."""
    return {**_columns(trade, TradeFees(), "ESTIMATED"), "fee_unattributed_usd": None, "fee_finalized": False}


def _columns(trade: Trade, fees: TradeFees, method: FeeMethod) -> dict[str, Any]:
    # Of executions that are not known nobody knows the fees either.
    actual = numeric(fees.usd) if fees.postings and not fees.obscure else None
    paid = trade.fee_estimate_usd if actual is None else actual
    pnl = numeric(net_pnl(trade.gross_pnl_usd, paid))
    return {
        "actual_fee_usd": actual,
        "fees_usd": paid,
        "pnl_usd": pnl,
        "pnl_pct": percent(pnl, notional(trade.entry_price, trade.qty, trade.contract_multiplier)),
        "fee_method": method,
        "fee_tier": fees.tier,
        "fee_unattributed_usd": fees.unattributed,
        "fee_finalized": True,
    }


PATCH = TablePatch(
    name="fee-patch",
    summary="fees the broker posted -> actual_fee_usd and the fee columns of fact_trades",
    schedule="30 17 * * *",
    source="/v2/account/activities",
    row=Trade,
    columns=(
        "actual_fee_usd",
        "fees_usd",
        "pnl_usd",
        "pnl_pct",
        "fee_method",
        "fee_tier",
        "fee_unattributed_usd",
        "fee_finalized",
    ),
    # Trades of one order pay its fee together: a fee in coins is no part of what they closed, so each alone pays less.
    kin=("entry_order_id", "exit_order_id"),
    # An engine may call the orders of all its theoretical trades alike.
    has_kin=lambda trade: trade.broker_check != "NOT_FOUND",
    done="fee_finalized",
    reopen_days=lambda settings: settings.fee_restate_days,
    spans=spans,
    judge=judge,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(PATCH)
