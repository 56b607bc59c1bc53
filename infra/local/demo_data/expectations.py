"""What an archive of the demo data must come to, computed from the invented trades and not by any job."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from typing import Literal

from infra.local.demo_data.demo import Demo
from infra.local.demo_data.fee_schedule import coin_fee, usd_fee
from infra.local.demo_data.month import DESKS
from infra.local.demo_data.orders import Order
from infra.local.demo_data.trades import Statement, Trade

BrokerCheck = Literal["MATCHED", "CORRECTED", "NOT_FOUND"]


@dataclass(frozen=True)
class ExpectedTrade:
    """One row of `fact_trades`, as far as arithmetic alone decides it."""

    trade_id: str
    ds: date
    side: Literal["LONG", "SHORT"]
    qty: Decimal
    entry_price: Decimal
    exit_price: Decimal
    gross_pnl_usd: Decimal
    broker_check: BrokerCheck
    coin_fees_usd: Decimal | None
    """What the broker posted for the trade's executions in coins, US dollars; None for stocks, options and paper."""


@dataclass(frozen=True, kw_only=True)
class Expectations:
    """Counts by collection as of `AS_OF`, and the trades one by one."""

    trades: Sequence[ExpectedTrade]
    trades_quarantined: int
    positions_open: int
    rejected_due: int
    rejected_without_bars: int
    rejected_pending: int
    rejected_quarantined: int
    expired_due: int
    expired_pending: int
    expired_quarantined: int
    live_others: int
    """Live signals that never expired: no loop reads them."""
    moonshots: int
    strategies: int
    reasons: Mapping[str, str]
    """Path of each document that must end in quarantine → its reason code. Every other document is clean."""


def expect(demo: Demo) -> Expectations:
    """Count the plans, not the documents."""
    refused, live, cast = demo.rejections, demo.live, demo.cast
    reasons = {path: reason.value for collection in demo.collections for path, reason in collection.reasons.items()}
    return Expectations(
        trades=[expected_trade(trade) for trade in cast.clean],
        trades_quarantined=len(cast.spoilt) + len(cast.misfits),
        positions_open=len(cast.open),
        rejected_due=len(refused.due) + len(refused.without_bars),
        rejected_without_bars=len(refused.without_bars),
        rejected_pending=len(refused.young),
        rejected_quarantined=len(refused.spoilt),
        expired_due=len(live.expired),
        expired_pending=len(live.just_expired),
        expired_quarantined=len(live.spoilt),
        live_others=len(live.others),
        moonshots=live.count_moonshots(demo.market),
        strategies=len(DESKS),
        reasons=reasons,
    )


def expected_trade(trade: Trade) -> ExpectedTrade:
    """The row of a closed position.

    Raises:
        ValueError: The position is still open.
    """
    if trade.exit is None:
        raise ValueError(f"position {trade.position_id} is open")
    return ExpectedTrade(
        trade_id=trade.position_id,
        ds=trade.exit.at.date(),
        side="LONG" if trade.is_long else "SHORT",
        qty=trade.qty,
        entry_price=trade.entry.price,
        exit_price=trade.exit.price,
        gross_pnl_usd=_gross_pnl_usd(trade, trade.exit.price),
        broker_check=_broker_check(trade),
        coin_fees_usd=_coin_fees_usd(trade),
    )


def _gross_pnl_usd(trade: Trade, exit_price: Decimal) -> Decimal:
    """Profit before fees, rounded half-even to 9 decimals."""
    gross = trade.sign * (exit_price - trade.entry.price) * trade.qty * trade.instrument.multiplier
    return gross.quantize(Decimal("1e-9"), rounding=ROUND_HALF_EVEN)


def _broker_check(trade: Trade) -> BrokerCheck:
    if not trade.entry_orders:
        return "NOT_FOUND"
    return "MATCHED" if trade.statement is Statement.AGREES else "CORRECTED"


def _coin_fees_usd(trade: Trade) -> Decimal | None:
    """Coin fees at the price of their execution, plus fees in US dollars."""
    if not trade.entry_orders or trade.instrument.asset_class != "CRYPTO":
        return None
    orders = (each for order in trade.broker_orders for each in order.with_legs())
    return sum((_fee_usd(order) for order in orders), Decimal(0))


def _fee_usd(order: Order) -> Decimal:
    if order.ticket.side == "sell":
        return sum((usd_fee(each) for each in order.executions), Decimal(0))
    return sum((coin_fee(each) * each.price for each in order.executions), Decimal(0))
