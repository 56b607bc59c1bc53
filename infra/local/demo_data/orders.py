"""Orders as the broker keeps them, before they are spelled in its JSON."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_EVEN, Context, Decimal
from random import Random
from typing import Literal, NamedTuple

from infra.local.demo_data.instruments import CENT, Instrument
from infra.local.demo_data.seeding import new_id

OrderSide = Literal["buy", "sell"]
OrderKind = Literal["market", "limit", "stop"]
OrderStatus = Literal["filled", "canceled", "replaced"]

SECOND = timedelta(seconds=1)
_NANO = Decimal("1e-9")
_WIDE = Context(prec=60, rounding=ROUND_HALF_EVEN)
_SPLIT_SHARE = 0.3


class Fill(NamedTuple):
    """A moment and a price at which the market would have traded."""

    at: datetime
    price: Decimal
    room: Decimal = Decimal(0)
    """How far executions may stray from the price and still lie inside the bar."""


@dataclass(frozen=True)
class Execution:
    """One fill of an order, or of a part of it."""

    execution_id: str
    at: datetime
    price: Decimal
    qty: Decimal
    is_maker: bool


@dataclass(frozen=True)
class Ticket:
    """Which way a position trades: what all orders that open it, or all that close it, share."""

    instrument: Instrument
    position_id: str
    side: OrderSide
    is_opening: bool


@dataclass(frozen=True, kw_only=True)
class Order:
    """One order; `legs` are the exits that a bracket order carries."""

    order_id: str
    client_order_id: str
    ticket: Ticket
    kind: OrderKind
    qty: Decimal
    level: Decimal | None
    """Limit or stop price."""
    status: OrderStatus
    submitted_at: datetime
    ended_at: datetime
    executions: tuple[Execution, ...] = ()
    replaces: str | None = None
    replaced_by: str | None = None
    legs: tuple["Order", ...] = ()
    in_bracket: bool = False

    @property
    def filled_qty(self) -> Decimal:
        """Quantity executed, before any coin fee."""
        return sum((each.qty for each in self.executions), Decimal(0))

    @property
    def filled_avg_price(self) -> Decimal | None:
        """Volume-weighted price of the executions, None before the first."""
        return average_price(self.executions) if self.executions else None

    def with_legs(self) -> Iterator["Order"]:
        """The order and, if it is a bracket, its legs."""
        yield self
        yield from self.legs


def average_price(executions: Iterable[Execution]) -> Decimal:
    """Volume-weighted price, rounded half-even to 9 decimals."""
    parts = list(executions)
    qty = sum((each.qty for each in parts), Decimal(0))
    return _WIDE.divide(sum((each.price * each.qty for each in parts), Decimal(0)), qty).quantize(_NANO)


def filled(
    chance: Random, ticket: Ticket, kind: OrderKind, qty: Decimal, fill: Fill, *, level: Decimal | None = None
) -> Order:
    """An order that filled whole, sent moments before; without a level, a limit order asked for the price it got."""
    return Order(
        order_id=new_id(chance),
        client_order_id=new_id(chance),
        ticket=ticket,
        kind=kind,
        qty=qty,
        level=None if kind == "market" else level or fill.price,
        status="filled",
        submitted_at=fill.at - 2 * SECOND,
        ended_at=fill.at,
        executions=execute(chance, ticket, kind, qty, fill),
    )


def unfilled(
    chance: Random, ticket: Ticket, kind: OrderKind, qty: Decimal, level: Decimal, ended_at: datetime
) -> Order:
    """An order that was cancelled before anything traded."""
    return Order(
        order_id=new_id(chance),
        client_order_id=new_id(chance),
        ticket=ticket,
        kind=kind,
        qty=qty,
        level=level,
        status="canceled",
        submitted_at=ended_at - 90 * SECOND,
        ended_at=ended_at,
    )


def execute(chance: Random, ticket: Ticket, kind: OrderKind, qty: Decimal, fill: Fill) -> tuple[Execution, ...]:
    """Trade the quantity at the fill's price: at once, or in two equal parts that average to it exactly.

    Of a limit order in two parts the first takes and the second makes, so that one order pays two fee rates.
    """
    rests = kind == "limit"
    half = qty / 2
    if chance.random() >= _SPLIT_SHARE or half % ticket.instrument.unit:
        return (Execution(new_id(chance), fill.at, fill.price, qty, rests),)
    spread = Decimal(0) if rests else min(fill.room, CENT * chance.randint(1, 3))
    return (
        Execution(new_id(chance), fill.at - SECOND, fill.price - spread, half, is_maker=False),
        Execution(new_id(chance), fill.at, fill.price + spread, half, rests),
    )
