"""The ways a position leaves the market, and which of the orders its document names."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from random import Random

from infra.local.demo_data.course import Course
from infra.local.demo_data.orders import SECOND, Order, OrderKind, Ticket, execute, filled, unfilled

_KINDS: Mapping[str, OrderKind] = {"TP1": "limit", "STOP_LOSS": "stop"}


@dataclass(frozen=True)
class Closing:
    """Exit orders, oldest first, and the ids under which the trading engine knows them."""

    orders: tuple[Order, ...]
    exit_order_id: str | None = None
    tp_order_id: str | None = None
    sl_order_id: str | None = None
    scaled_out: Order | None = None
    is_bracket: bool = False


STILL_OPEN = Closing(())
"""No exit yet."""

Shape = Callable[[Random, Ticket, Decimal, Course], Closing]


def at_once(chance: Random, ticket: Ticket, held: Decimal, course: Course) -> Closing:
    """One order closes everything."""
    order = _last(chance, ticket, held, course)
    return Closing((order,), exit_order_id=order.order_id)


def guarded(chance: Random, ticket: Ticket, held: Decimal, course: Course) -> Closing:
    """A resting stop; it is taken back when the target or the clock closes the position first."""
    if course.exit_reason == "STOP_LOSS":
        stop = replace(_last(chance, ticket, held, course), submitted_at=course.entry.at)
        return Closing((stop,), sl_order_id=stop.order_id)
    stop = unfilled(chance, ticket, "stop", held, course.stop, course.exit.at - 5 * SECOND)
    order = _last(chance, ticket, held, course)
    if course.exit_reason == "TP1":
        return Closing((stop, order), tp_order_id=order.order_id, sl_order_id=stop.order_id)
    return Closing((stop, order), exit_order_id=order.order_id, sl_order_id=stop.order_id)


def bracketed(chance: Random, ticket: Ticket, held: Decimal, course: Course) -> Closing:
    """Target and stop are legs of the entry order: one fills and the other is cancelled, or both are."""
    target = unfilled(chance, ticket, "limit", held, course.target, course.exit.at - SECOND)
    stop = unfilled(chance, ticket, "stop", held, course.stop, course.exit.at - SECOND)
    last = _last(chance, ticket, held, course)
    if course.exit_reason == "TP1":
        target = last
    elif course.exit_reason == "STOP_LOSS":
        stop = last
    legs = tuple(replace(leg, in_bracket=True, submitted_at=course.entry.at) for leg in (target, stop))
    extra = () if last in (target, stop) else (last,)
    return Closing(
        (*legs, *extra),
        exit_order_id=last.order_id if extra else None,
        tp_order_id=target.order_id,
        sl_order_id=stop.order_id,
        is_bracket=True,
    )


def scaled_out(chance: Random, ticket: Ticket, held: Decimal, course: Course) -> Closing:
    """Half leaves at a first target, the rest later."""
    first = filled(chance, ticket, "limit", _part(ticket, held, 50), course.part)
    last = _last(chance, ticket, held - first.qty, course)
    return Closing((first, last), exit_order_id=last.order_id, tp_order_id=first.order_id, scaled_out=first)


def interrupted(chance: Random, ticket: Ticket, held: Decimal, course: Course) -> Closing:
    """A target order fills in part and is cancelled; a market order sells the rest."""
    done = execute(chance, ticket, "limit", _part(ticket, held, 40), course.part)
    first = unfilled(chance, ticket, "limit", held, course.part.price, course.exit.at - 5 * SECOND)
    first = replace(first, executions=done, submitted_at=course.part.at - 2 * SECOND)
    last = filled(chance, ticket, "market", held - first.filled_qty, course.exit)
    return Closing((first, last), exit_order_id=last.order_id, tp_order_id=first.order_id)


def chased(chance: Random, ticket: Ticket, held: Decimal, course: Course) -> Closing:
    """A limit order is replaced twice, the second one filled in part; the document names any one of the three."""
    at = course.part.at - 5 * SECOND
    first = unfilled(chance, ticket, "limit", held, course.part.price, at)
    done = execute(chance, ticket, "limit", _part(ticket, held, 30), course.part)
    second = unfilled(chance, ticket, "limit", held, course.part.price, course.exit.at - 3 * SECOND)
    last = filled(chance, ticket, "limit", held - sum((each.qty for each in done), Decimal(0)), course.exit)
    first = replace(first, status="replaced", replaced_by=second.order_id)
    second = replace(second, status="replaced", submitted_at=at, executions=done)
    second = replace(second, replaces=first.order_id, replaced_by=last.order_id)
    last = replace(last, replaces=second.order_id)
    orders = (first, second, last)
    return Closing(orders, exit_order_id=chance.choice(orders).order_id)


SHAPES: Mapping[str, Mapping[Shape, int]] = {
    "CRYPTO": {at_once: 8, guarded: 10, scaled_out: 4, interrupted: 2, chased: 2},
    "EQUITY": {at_once: 6, bracketed: 9, scaled_out: 3, interrupted: 2, chased: 2},
    "OPTION": {at_once: 8, guarded: 4, scaled_out: 3, interrupted: 2, chased: 1},
}
"""How often each way is taken, by asset class; brackets exist for stocks only."""


def _last(chance: Random, ticket: Ticket, qty: Decimal, course: Course) -> Order:
    kind = _KINDS.get(course.exit_reason, "market")
    level = {"limit": course.target, "stop": course.stop}.get(kind)
    return filled(chance, ticket, kind, qty, course.exit, level=level)


def _part(ticket: Ticket, held: Decimal, percent: int) -> Decimal:
    unit = ticket.instrument.unit
    return max(unit, (held * percent / 100).quantize(unit, rounding=ROUND_FLOOR))
