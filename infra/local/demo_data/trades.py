"""Positions: what was opened, how it was closed, and what its document will state about it."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from random import Random

from infra.local.demo_data.closing import STILL_OPEN, Closing, Shape
from infra.local.demo_data.course import Course
from infra.local.demo_data.fee_schedule import coin_fee
from infra.local.demo_data.instruments import CENT, Instrument
from infra.local.demo_data.orders import Fill, Order, OrderKind, OrderSide, Ticket, average_price, filled, unfilled
from infra.local.demo_data.seeding import new_id

_LIMIT_ENTRY_SHARE = 0.3
_CHASED_ENTRY_SHARE = 0.08
_NOTIONAL_USD = {"CRYPTO": (250, 800), "EQUITY": (2000, 6000), "OPTION": (900, 2600)}


class Statement(Enum):
    """What the document says of the fill prices; whatever it says, the broker's fills decide."""

    AGREES = "agrees"
    ENTRY_OFF = "entry off"
    EXIT_OFF = "exit off"
    ENTRY_NULL = "entry null"
    EXIT_MISSING = "exit missing"
    EXIT_ZERO = "exit zero"
    SILENT = "silent"


@dataclass(frozen=True, kw_only=True)
class Trade:
    """One position. `exit` is None while it is open; `entry_orders` are empty when the broker does not know it."""

    position_id: str
    signal_id: str
    strategy_id: str
    instrument: Instrument
    is_long: bool
    is_theoretical: bool = False
    decided_at: datetime
    target_price: Decimal | None
    stop: Decimal
    qty: Decimal
    """Quantity closed; of an open position, quantity held."""
    entry: Fill
    exit: Fill | None = None
    exit_reason: str = ""
    entry_orders: tuple[Order, ...] = ()
    closing: Closing = STILL_OPEN
    statement: Statement = Statement.AGREES

    @property
    def sign(self) -> int:
        """+1 long, -1 short."""
        return 1 if self.is_long else -1

    @property
    def broker_orders(self) -> tuple[Order, ...]:
        """All orders as the broker lists them: legs under the order that carries them."""
        return (*self.entry_orders, *(order for order in self.closing.orders if not order.in_bracket))


def paper_trade(chance: Random, strategy_id: str, instrument: Instrument, course: Course, *, is_long: bool) -> Trade:
    """A position that existed in the trading engine only."""
    return Trade(
        position_id=new_id(chance),
        signal_id=new_id(chance),
        strategy_id=strategy_id,
        instrument=instrument,
        is_long=is_long,
        is_theoretical=True,
        decided_at=course.entry.at - timedelta(seconds=chance.randint(40, 900)),
        target_price=_wanted(chance, course.entry.price, 1 if is_long else -1),
        stop=course.stop,
        qty=_quantity(chance, instrument, course.entry.price),
        entry=course.entry,
        exit=course.exit,
        exit_reason=course.exit_reason,
    )


def open_trade(chance: Random, plan: Trade) -> Trade:
    """Enter the planned position at the broker and stay in it."""
    ticket = ticket_of(plan, is_opening=True)
    orders = _enter(chance, ticket, plan.qty, plan.entry)
    entry = Fill(plan.entry.at, average_price(orders[-1].executions))
    held = _received(orders[-1], ticket)
    return replace(plan, is_theoretical=False, qty=held, entry=entry, exit=None, exit_reason="", entry_orders=orders)


def closed_trade(chance: Random, plan: Trade, course: Course, shape: Shape) -> Trade:
    """Enter and leave the planned position at the broker; its prices become those of the executions."""
    trade = open_trade(chance, plan)
    closing = _named(shape(chance, ticket_of(plan, is_opening=False), trade.qty, course), plan.position_id)
    executions = [each for order in closing.orders for each in order.executions]
    orders = trade.entry_orders
    if closing.is_bracket:
        legs = tuple(order for order in closing.orders if order.in_bracket)
        orders = (*orders[:-1], replace(orders[-1], legs=legs))
    return replace(
        trade,
        entry_orders=orders,
        closing=closing,
        exit=Fill(course.exit.at, average_price(executions)),
        exit_reason=course.exit_reason,
    )


def ticket_of(plan: Trade, *, is_opening: bool) -> Ticket:
    """Which way the position's entry, or its exit, trades."""
    side: OrderSide = "buy" if plan.is_long == is_opening else "sell"
    return Ticket(plan.instrument, plan.position_id, side, is_opening)


def _named(closing: Closing, position_id: str) -> Closing:
    """Name the exits after the position, as the engine does; the broker names the legs of a bracket itself."""
    orders = (
        order if order.in_bracket else replace(order, client_order_id=f"{position_id}-x{number}")
        for number, order in enumerate(closing.orders, start=1)
    )
    return replace(closing, orders=tuple(orders))


def _enter(chance: Random, ticket: Ticket, qty: Decimal, fill: Fill) -> tuple[Order, ...]:
    """One order that carries the position's id, or one that was replaced and its successor."""
    kind: OrderKind = "limit" if chance.random() < _LIMIT_ENTRY_SHARE else "market"
    if chance.random() >= _CHASED_ENTRY_SHARE:
        return (replace(filled(chance, ticket, kind, qty, fill), client_order_id=ticket.position_id),)
    first = unfilled(chance, ticket, "limit", qty, fill.price, fill.at - timedelta(seconds=2))
    second = replace(filled(chance, ticket, "limit", qty, fill), replaces=first.order_id)
    return replace(first, client_order_id=ticket.position_id, status="replaced", replaced_by=second.order_id), second


def _received(order: Order, ticket: Ticket) -> Decimal:
    """What the position holds after the entry: coins come less the fee."""
    if ticket.instrument.asset_class == "CRYPTO" and ticket.side == "buy":
        return order.filled_qty - sum((coin_fee(each) for each in order.executions), Decimal(0))
    return order.filled_qty


def _quantity(chance: Random, instrument: Instrument, price: Decimal) -> Decimal:
    notional = Decimal(chance.randint(*_NOTIONAL_USD[instrument.asset_class]))
    lots = max(1, round(notional / (price * instrument.multiplier * instrument.lot)))
    return instrument.lot * lots


def _wanted(chance: Random, entry: Decimal, sign: int) -> Decimal | None:
    """The price the strategy asked for: mostly a little better than what it got, sometimes not stated."""
    if chance.random() < 0.05:  # noqa: PLR2004 - one in twenty
        return None
    slippage = Decimal(f"{chance.gauss(0.0003, 0.0004):.6f}")
    return max(CENT, (entry * (1 - sign * slippage)).quantize(CENT))
