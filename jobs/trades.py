"""Loop A: closed positions -> `fact_trades`. The broker's fills win over the document; both are kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from schemas.columns import BrokerCheck, StrategyCheck
from schemas.document import numeric
from schemas.reasons import Reason
from schemas.strategies import StrategyVersion
from schemas.table import Provenance
from schemas.trades import PositionDocument, Trade
from shared.bars import LENGTHS, Bar, bar_holding, excursion
from shared.fee_table import FeeRateUnknownError
from shared.fees import Leg, round_trip
from shared.fills import Fill, quantity, vwap
from shared.formulae import gross_pnl, multiplier, net_pnl, notional, percent, slippage
from shared.loop import Candidate, Evidence, Loop, RefusedError, StrategyInterval, Wants
from shared.market import Window
from shared.settings import Settings

SUBMITTED_BEFORE = timedelta(days=2)
"""How long before its fill an order was usually submitted; older ones are looked for when missing."""
_FILL_COLUMNS = ("entry_order_id", "exit_order_id", "entry_price", "exit_price", "qty")


@dataclass(frozen=True)
class Fills:
    """Prices and quantity of one trade, and who stated them."""

    entry_price: Decimal
    exit_price: Decimal
    qty: Decimal
    check: BrokerCheck
    entry_order_id: str | None
    exit_order_id: str | None


def ignores(fields: Mapping[str, Any]) -> bool:
    """Leave open positions alone; anything with another status must say CLOSED or explain itself in quarantine."""
    return fields.get("status") == "OPEN"


def due(position: PositionDocument, as_of: datetime, _settings: Settings) -> bool:
    """Closed positions are due at once."""
    return position.exit_time <= as_of


def wants(candidate: Candidate[PositionDocument], settings: Settings) -> Wants:
    """Ask for the position's orders, the bars from entry to exit, its strategy's versions and its signal's time."""
    position = candidate.document
    return Wants(
        bars=(_window(position, LENGTHS[settings.bar_timeframe]),),
        orders=(position.entry_time - SUBMITTED_BEFORE, position.exit_time + timedelta(days=1)),
        order_keys=_order_keys(position),
        strategies=(position.strategy_id,),
        signals=(position.signal_id,),
    )


def _order_keys(position: PositionDocument) -> tuple[str, ...]:
    """Name the orders that must be found; the broker need not know a theoretical trade's."""
    if position.trade_type == "THEORETICAL":
        return ()
    return position.entry_order_id or position.position_id, *position.exit_order_ids


def build(candidate: Candidate[PositionDocument], evidence: Evidence, provenance: Provenance) -> Trade:
    """Turn one closed position into its row."""
    position = candidate.document
    fills = _fills(position, evidence)
    size = fills.qty * multiplier(position.asset_class)
    gross = gross_pnl(position.side, fills.entry_price, fills.exit_price, size)
    fee = _fee_estimate(position, fills)
    pnl = net_pnl(gross, fee)
    interval, check = _strategy(position, evidence)
    window = _window(position, evidence.market.length)
    moved = _excursion(position, fills.entry_price, evidence.market.bars(window), window, evidence.market.length)
    return Trade(
        **provenance,
        ds=position.exit_time.date(),
        trade_id=position.position_id,
        account_id=position.account_id,
        signal_id=position.signal_id,
        strategy_id=position.strategy_id,
        strategy_version=_stated_or(position.strategy_version, interval),
        strategy_config_hash=interval.config_hash if interval else None,
        strategy_check=check,
        symbol=position.symbol,
        asset_class=position.asset_class,
        side=position.side,
        qty=fills.qty,
        contract_multiplier=multiplier(position.asset_class),
        target_entry_price=position.target_entry_price,
        entry_price=fills.entry_price,
        exit_price=fills.exit_price,
        reported_entry_price=position.entry_fill_price,
        reported_exit_price=position.exit_fill_price,
        broker_check=fills.check,
        entry_time=position.entry_time,
        exit_time=position.exit_time,
        trade_duration_s=_seconds(position.exit_time - position.entry_time),
        exit_reason=position.exit_reason,
        trade_type=position.trade_type,
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
        discord_thread_id=position.discord_thread_id,
    )


def reconcile(new: Trade, stored: Trade) -> Trade:
    """Keep what the fee patch found; recompute the sums; reopen the fees when what they were found for changed."""
    fees = new.fee_estimate_usd if stored.actual_fee_usd is None else stored.actual_fee_usd
    pnl = net_pnl(new.gross_pnl_usd, fees)
    same_fills = all(getattr(new, name) == getattr(stored, name) for name in _FILL_COLUMNS)
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


def _fills(position: PositionDocument, evidence: Evidence) -> Fills:
    """Take entry and exit from the broker; from the document only for theoretical trades the broker does not know."""
    orders = evidence.orders
    entry = orders.find(position.entry_order_id, position.position_id)
    exits = orders.exits(entry, position.position_id, position.exit_order_ids)
    if position.trade_type == "THEORETICAL" and entry is None and not exits:
        return _as_stated(position)
    if entry is None:
        raise _unknown_order("entry")
    if not exits or (position.exit_order_id and not orders.knows(position.exit_order_id)):
        raise _unknown_order("exit")
    opened, closed = orders.fills([entry]), orders.fills(exits)
    _require_fills(position, opened, closed)
    if quantity(closed) < position.qty and not all(map(orders.knows, position.exit_order_ids)):
        # The order that closed the rest is among those the broker does not know.
        raise _unknown_order("exit")
    return _as_filled(position, opened, closed)


def _unknown_order(which: str) -> RefusedError:
    return RefusedError(Reason.BROKER_ORDER_MISSING, f"{which}_order_id", f"the broker does not know the {which} order")


def _as_filled(position: PositionDocument, opened: Sequence[Fill], closed: Sequence[Fill]) -> Fills:
    entry_price, exit_price = numeric(vwap(opened)), numeric(vwap(closed))
    # With scale-outs the engine may state the average or the price of the last part; both are the broker's.
    matched = position.entry_fill_price == entry_price and position.exit_fill_price in {
        exit_price,
        numeric(closed[-1].price),
    }
    check: BrokerCheck = "MATCHED" if matched else "CORRECTED"
    return Fills(entry_price, exit_price, numeric(quantity(closed)), check, opened[0].order_id, closed[-1].order_id)


def _as_stated(position: PositionDocument) -> Fills:
    entry, leave = position.entry_fill_price, position.exit_fill_price
    if entry is None or leave is None:
        column = "entry_fill_price" if entry is None else "exit_fill_price"
        raise RefusedError(Reason.MISSING_FILL_PRICE, column, "nobody states the price of this theoretical trade")
    ids = position.entry_order_id, position.exit_order_id
    return Fills(entry, leave, position.qty, "NOT_FOUND", *ids)


def _require_fills(position: PositionDocument, opened: Sequence[Fill], closed: Sequence[Fill]) -> None:
    for column, stated, fills in (
        ("entry_fill_price", position.entry_fill_price, opened),
        ("exit_fill_price", position.exit_fill_price, closed),
    ):
        if not fills and stated is None:
            raise RefusedError(Reason.MISSING_FILL_PRICE, column, "neither document nor broker states a fill price")
        if not fills:
            raise RefusedError(Reason.BROKER_NOT_FILLED, column, "the broker reports no fill for this order")


def _fee_estimate(position: PositionDocument, fills: Fills) -> Decimal:
    size = fills.qty, multiplier(position.asset_class)
    entry, leave = Leg(position.entry_time, fills.entry_price), Leg(position.exit_time, fills.exit_price)
    try:
        return numeric(round_trip(position.asset_class, position.side, size, entry, leave))
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


def _seconds(duration: timedelta) -> Decimal:
    return Decimal(duration // timedelta(microseconds=1)) / 1_000_000


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
    reconcile=reconcile,
)

if __name__ == "__main__":
    from jobs.entry import main

    main(LOOP)
