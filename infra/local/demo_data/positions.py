"""Positions as documents of `live_positions`."""

from datetime import datetime
from decimal import Decimal
from random import Random

from infra.local.demo_data.instruments import ACCOUNT, CENT
from infra.local.demo_data.spelling import Fields, in_new_york, spell, unknown_fields
from infra.local.demo_data.trades import Statement, Trade

_ZERO = Decimal(0)


def position(chance: Random, trade: Trade) -> Fields:
    """The document of one position, in either generation's spelling."""
    later = chance.random() < 0.5  # noqa: PLR2004 - both generations wrote half
    fields = _opened(chance, trade)
    if trade.exit is not None:
        fields |= _closed(chance, trade, trade.exit.at) | _scaled_out(chance, trade)
    written = spell(chance, fields | _prices(trade), later=later)
    if later and "entry_order_id" in written and chance.random() < 0.3:  # noqa: PLR2004 - some carry both names
        written["alpaca_order_id"] = written["entry_order_id"]
    return written | unknown_fields(chance)


def _opened(chance: Random, trade: Trade) -> Fields:
    fields: Fields = {
        "position_id": trade.position_id,
        "signal_id": trade.signal_id,
        "account_id": ACCOUNT,
        "strategy_id": trade.strategy_id,
        "symbol": trade.instrument.symbol,
        "asset_class": trade.instrument.asset_class,
        "status": "CLOSED" if trade.exit else "OPEN",
        "side": "LONG" if trade.is_long else "SHORT",
        "qty": trade.qty,
        "target_entry_price": trade.target_price,
        "filled_at": _time(chance, trade.entry.at),
        "alpaca_order_id": trade.entry_orders[0].order_id if trade.entry_orders else None,
        "current_stop_loss": trade.stop,
        "ds": trade.entry.at.date().isoformat(),
    }
    if trade.is_theoretical or chance.random() < 0.7:  # noqa: PLR2004 - the rest rely on the default
        fields["trade_type"] = "THEORETICAL" if trade.is_theoretical else "EXECUTED"
    if chance.random() < 0.3:  # noqa: PLR2004 - stated by some
        fields["strategy_version"] = chance.choice((1, 1, "1", 2))
    if chance.random() < 0.4:  # noqa: PLR2004 - discussed by some
        fields["discord_thread_id"] = str(chance.randrange(10**18, 2 * 10**18))
    return fields


def _closed(chance: Random, trade: Trade, left_at: datetime) -> Fields:
    fields: Fields = {
        "exit_time": _time(chance, left_at),
        "exit_reason": trade.exit_reason,
        "exit_order_id": trade.closing.exit_order_id,
        "tp_order_id": trade.closing.tp_order_id,
        "sl_order_id": trade.closing.sl_order_id,
        "commission": _ZERO,
    }
    if trade.exit_reason == "TRAILING_STOP":
        fields["trailing_stop_final"] = trade.stop
    return fields


def _scaled_out(chance: Random, trade: Trade) -> Fields:
    """The engine lowers `qty` with each partial exit and notes what left."""
    part = trade.closing.scaled_out
    if part is None:
        return {}
    price = part.filled_avg_price
    fields: Fields = {
        "qty": trade.qty - part.filled_qty,
        "original_qty": trade.qty,
        "scaled_out_qty": part.filled_qty,
        "scaled_out_price": price,
    }
    if chance.random() < 0.7:  # noqa: PLR2004 - the older documents lack the list
        fields["scaled_out_prices"] = [{"qty": part.filled_qty, "price": price, "timestamp": part.ended_at}]
    return fields


def _prices(trade: Trade) -> Fields:
    """The fill prices as the document states them."""
    says = trade.statement
    fields: Fields = {"entry_fill_price": trade.entry.price}
    if says in {Statement.ENTRY_NULL, Statement.SILENT}:
        fields["entry_fill_price"] = None
    if says is Statement.ENTRY_OFF:
        fields["entry_fill_price"] = _off(trade.entry.price)
    if trade.exit is None or says in {Statement.EXIT_MISSING, Statement.SILENT}:
        return fields
    fields["exit_fill_price"] = trade.exit.price
    if says is Statement.EXIT_OFF:
        fields["exit_fill_price"] = _off(trade.exit.price)
    if says is Statement.EXIT_ZERO:
        fields["exit_fill_price"] = _ZERO
    return fields


def _off(price: Decimal) -> Decimal:
    return price + max(CENT, (price * 7 / 10_000).quantize(CENT))


def _time(chance: Random, at: datetime) -> datetime | str:
    return in_new_york(at) if chance.random() < 0.1 else at  # noqa: PLR2004 - one in ten
