"""Loop A: closed positions -> `fact_trades`. The broker's fills win over the document; both are kept."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict

from schemas.columns import AssetClass, PositionTradeType, StrategyCheck
from schemas.columns import Side as Direction
from schemas.document import numeric
from schemas.reasons import Reason
from schemas.strategies import StrategyVersion
from schemas.table import Provenance
from schemas.trades import PositionDocument, Trade
from shared.bars import LENGTHS, Bar, bar_holding, excursion
from shared.fee_table import FeeRateUnknownError
from shared.fees import Execution, Side, estimate
from shared.formulae import gross_pnl, multiplier, net_pnl, notional, percent, seconds, slippage
from shared.loop import Candidate, Evidence, Loop, RefusedError, StrategyInterval, Wants
from shared.market import Window
from shared.pairs import in_dollars
from shared.position_fills import PositionFills, position_fills
from shared.position_orders import PositionOrders
from shared.settings import Settings

_FILL_COLUMNS = ("entry_order_id", "exit_order_id", "entry_price", "exit_price", "qty")


class Stated(TypedDict):
    """The columns that say what the document says."""

    ds: date
    account_id: str
    signal_id: str
    strategy_id: str
    symbol: str
    asset_class: AssetClass
    side: Direction
    target_entry_price: Decimal | None
    reported_entry_price: Decimal | None
    entry_time: datetime
    exit_time: datetime
    exit_reason: str
    trade_type: PositionTradeType
    discord_thread_id: str | None


def ignores(fields: Mapping[str, Any]) -> bool:
    """Leave open positions alone; anything with another status must say CLOSED or explain itself in quarantine."""
    return fields.get("status") == "OPEN"


def due(position: PositionDocument, as_of: datetime, _settings: Settings) -> bool:
    """Closed positions are due at once."""
    return position.exit_time <= as_of


def wants(candidate: Candidate[PositionDocument], settings: Settings) -> Wants:
    """Ask for the position's orders, the bars from entry to exit, its strategy's versions and its signal's time."""
    position, length = candidate.document, LENGTHS[settings.bar_timeframe]
    trail = PositionOrders(position, length)
    return Wants(
        bars=(_window(position, length),),
        orders=trail.span,
        order_keys=trail.keys,
        entry_keys=trail.entry_keys,
        follow_up=trail,
        strategies=(position.strategy_id,),
        signals=(position.signal_id,),
    )


def stated(position: PositionDocument) -> Stated:
    """Name what a row takes from its document as it is; ds is the UTC date of exit_time."""
    return Stated(
        ds=position.exit_time.date(),
        account_id=position.account_id,
        signal_id=position.signal_id,
        strategy_id=position.strategy_id,
        symbol=position.symbol,
        asset_class=position.asset_class,
        side=position.side,
        target_entry_price=position.target_entry_price,
        reported_entry_price=position.entry_fill_price,
        entry_time=position.entry_time,
        exit_time=position.exit_time,
        exit_reason=position.exit_reason,
        trade_type=position.trade_type,
        discord_thread_id=position.discord_thread_id,
    )


def follows(trade: Trade, _as_of: datetime | None) -> Mapping[str, object]:
    """Say what a trade's derived columns must be, each by the columns that it is computed from."""
    units = multiplier(trade.asset_class)
    size = notional(trade.qty, units)
    return {
        "ds": trade.exit_time.date(),
        "contract_multiplier": units,
        "trade_duration_s": seconds(trade.exit_time - trade.entry_time),
        "gross_pnl_usd": gross_pnl(trade.side, trade.entry_price, trade.exit_price, size),
        "fees_usd": trade.fee_estimate_usd if trade.actual_fee_usd is None else trade.actual_fee_usd,
        "pnl_usd": net_pnl(trade.gross_pnl_usd, trade.fees_usd),
        "pnl_pct": percent(trade.pnl_usd, notional(trade.entry_price, size)),
        "slippage_pct": slippage(trade.side, trade.entry_price, trade.target_entry_price),
    }


def build(candidate: Candidate[PositionDocument], evidence: Evidence, provenance: Provenance) -> Trade:
    """Turn one closed position into its row."""
    position = candidate.document
    if not in_dollars(position.symbol):
        raise RefusedError(Reason.UNKNOWN_ENUM, "symbol", "the pair is not quoted in US dollars, as this table is")
    fills = position_fills(candidate, evidence)
    size = fills.qty * multiplier(position.asset_class)
    gross = gross_pnl(position.side, fills.entry_price, fills.exit_price, size)
    fee = _fee_estimate(position, fills)
    pnl = net_pnl(gross, fee)
    interval, check = _strategy(position, evidence)
    window = _window(position, evidence.market.length)
    if (shares := evidence.market.split_over(window)) != 1:
        raise RefusedError(Reason.STOCK_SPLIT, "exit_time", f"one share became {shares} while the position was held")
    moved = _excursion(position, fills.entry_price, evidence.market.bars(window), window, evidence.market.length)
    return Trade(
        **provenance,
        **stated(position),
        trade_id=position.position_id,
        strategy_version=_stated_or(position.strategy_version, interval),
        strategy_config_hash=interval.config_hash if interval else None,
        strategy_check=check,
        qty=fills.qty,
        contract_multiplier=multiplier(position.asset_class),
        entry_price=fills.entry_price,
        exit_price=fills.exit_price,
        reported_exit_price=fills.reported_exit_price,
        broker_check=fills.check,
        trade_duration_s=seconds(position.exit_time - position.entry_time),
        gross_pnl_usd=gross,
        fees_usd=fee,
        pnl_usd=pnl,
        pnl_pct=percent(pnl, notional(fills.entry_price, size)),
        slippage_pct=slippage(position.side, fills.entry_price, position.target_entry_price),
        fee_estimate_usd=fee,
        mfe_pct=percent(moved[0], fills.entry_price) if moved else None,
        mae_pct=percent(moved[1], fills.entry_price) if moved else None,
        max_favorable_excursion=numeric(moved[0]) if moved else None,
        entry_order_id=fills.entry_order_id,
        exit_order_id=fills.exit_order_id,
        order_ids=fills.order_ids,
    )


def reconcile(new: Trade, stored: Trade) -> Trade:
    """Keep what the fee patch found; recompute the sums; reopen the fees when what they were found for changed."""
    fees = new.fee_estimate_usd if stored.actual_fee_usd is None else stored.actual_fee_usd
    pnl = net_pnl(new.gross_pnl_usd, fees)
    same_fills = _same_orders(new, stored) and all(getattr(new, one) == getattr(stored, one) for one in _FILL_COLUMNS)
    return new.model_copy(
        update={
            "actual_fee_usd": stored.actual_fee_usd,
            "fee_finalized": stored.fee_finalized and same_fills,
            "fee_method": stored.fee_method,
            "fee_tier": stored.fee_tier,
            "fee_unattributed_usd": stored.fee_unattributed_usd,
            "fee_reconciled_at": stored.fee_reconciled_at,
            "fees_usd": fees,
            "pnl_usd": pnl,
            "pnl_pct": percent(pnl, notional(new.entry_price, new.qty, new.contract_multiplier)),
        }
    )


def _same_orders(new: Trade, stored: Trade) -> bool:
    """Compare as JSON, for the table spells it anew. A row older than the column says nothing."""
    if stored.order_ids is None or new.order_ids is None:
        return stored.order_ids is None
    return bool(json.loads(new.order_ids) == json.loads(stored.order_ids))


def _fee_estimate(position: PositionDocument, fills: PositionFills) -> Decimal:
    """Estimate the fees of both sides; contracts that ended without an order cost nothing at the exit."""
    sides: tuple[Side, Side] = ("buy", "sell") if position.side == "LONG" else ("sell", "buy")
    entry, leave = (fills.entry_price, fills.qty), fills.exits_by_order
    times = position.entry_time, position.exit_time
    units = multiplier(position.asset_class)
    traded = [
        Execution(position.asset_class, side, when.date(), *filled, units)
        for side, when, filled in zip(sides, times, (entry, leave), strict=True)
        if filled
    ]
    try:
        return numeric(sum(map(estimate, traded), Decimal(0)))
    except FeeRateUnknownError as error:
        raise RefusedError(Reason.FEE_RATE_UNKNOWN, "entry_time", str(error)) from error


def _strategy(position: PositionDocument, evidence: Evidence) -> tuple[StrategyInterval | None, StrategyCheck]:
    """Find the one version that held when the decision was taken: the signal's time where known, else the entry."""
    decided = evidence.signal_times.get(position.signal_id, position.entry_time)
    held = [
        one
        for one in evidence.strategies.get(position.strategy_id, ())
        if one.valid_from <= decided and (one.valid_to is None or decided < one.valid_to)
    ]
    if len(held) != 1:
        return None, "UNKNOWN_VERSION"
    agrees = position.strategy_version in {None, held[0].version}
    return held[0], "VERIFIED" if agrees else "MISMATCH"


def _stated_or(stated: int | None, interval: StrategyInterval | None) -> int | None:
    if stated is not None:
        return stated
    return interval.version if interval else None


def _window(position: PositionDocument, length: timedelta) -> Window:
    start, last = bar_holding(position.entry_time, length), bar_holding(position.exit_time, length)
    return Window(position.asset_class, position.symbol, start, last + length)


def _excursion(
    position: PositionDocument, entry: Decimal, bars: Sequence[Bar], window: Window, length: timedelta
) -> tuple[Decimal, Decimal] | None:
    """Measure how far price went; None when closed bars do not reach from the entry's bar to the exit's."""
    if not bars or bars[0].t != window.start or bars[-1].t != window.end - length:
        return None
    found = excursion(position.side, entry, bars)
    return found.favourable, found.adverse


LOOP = Loop(
    name="trades",
    summary="closed positions of live_positions -> fact_trades",
    schedule="15 0 * * *",
    source="live_positions",
    document=PositionDocument,
    row=Trade,
    reads=(StrategyVersion,),
    ignores=ignores,
    due=due,
    ds=lambda candidate: candidate.document.exit_time.date(),
    key=lambda candidate: (candidate.document.position_id,),
    wants=wants,
    build=build,
    retires=True,
    reconcile=reconcile,
    takes_over=stated,
    follows=follows,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
