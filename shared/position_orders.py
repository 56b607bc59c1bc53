"""Which orders and events at the broker make up one closed position, and where to look for them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import Decimal

from schemas.trades import PositionDocument
from shared.fills import Order, lacks_price, quantity
from shared.loop import Span
from shared.market import Window
from shared.occ import is_adjusted, underlying_window
from shared.option_events import BOOKED_WITHIN, OptionEvent, OptionEvents
from shared.order_book import OrderBook
from shared.values import NEW_YORK

SUBMITTED_BEFORE = timedelta(days=2)
"""How long before its fill an order was usually submitted; older ones are looked for when missing."""
_DAY = timedelta(days=1)
_CLOSE = time(16)
"""End of trading in options and what they are on, New York."""
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class PositionOrders:
    """The broker's side of a position."""

    position: PositionDocument
    bar_length: timedelta

    @property
    def span(self) -> Span:
        """When its orders were submitted, usually."""
        return self.position.entry_time - SUBMITTED_BEFORE, self.position.exit_time + _DAY

    @property
    def keys(self) -> tuple[str, ...]:
        """Name the orders that must be found; the broker need not know a theoretical trade's."""
        position = self.position
        if position.trade_type == "THEORETICAL":
            return ()
        return position.entry_order_id or position.position_id, *position.exit_order_ids

    @property
    def entry_keys(self) -> tuple[str, ...]:
        """Name the order that opened it, by each name it may have."""
        return tuple(filter(None, (self.position.entry_order_id, self.position.position_id)))

    def entry(self, book: OrderBook) -> list[Order]:
        """List the orders that opened it; none when the broker does not know them."""
        found = book.find(self.position.entry_order_id, self.position.position_id)
        return book.of(self.position.symbol, found) if found else []

    def exits(self, book: OrderBook, entry: Sequence[Order] | None = None) -> list[Order]:
        """List the orders that may have closed it; whoever knows those that opened it may say so."""
        position = self.position
        opened = self.entry(book) if entry is None else entry
        return book.exits(position.symbol, opened, position.position_id, position.exit_order_ids)

    def executions(self, book: OrderBook) -> Span | None:
        """Say when its executions are to be looked for: only if orders are unknown, or do not say at what price."""
        # Executions do not carry the client's id.
        keys = (key for key in self.keys if key != self.position.position_id or book.knows(key))
        entry = self.entry(book)
        orders = (*entry, *self.exits(book, entry))
        if all(map(book.is_complete, keys)) and not any(map(lacks_price, orders)):
            return None
        return self.position.entry_time - _DAY, self.position.exit_time + _DAY

    def option_events(self, book: OrderBook) -> Span | None:
        """Say when the end of the contracts that its orders left open is to be looked for."""
        if not self.left_open(book):
            return None
        return self.position.entry_time - _DAY, self.position.exit_time + _DAY + BOOKED_WITHIN

    def left_open(self, book: OrderBook) -> Decimal:
        """Count the contracts that its orders opened and did not close; 0 for anything but an option."""
        if self.position.asset_class != "OPTION":
            return Decimal(0)
        entry = self.entry(book)
        opened, closed = book.fills(entry), book.fills(self.exits(book, entry))
        try:
            return max(Decimal(0), quantity(opened) - quantity(closed))
        except ArithmeticError:
            # Quantities beyond any number: the trade is refused when its row is computed, and no other one suffers.
            return Decimal(0)

    def ended(self, book: OrderBook, events: OptionEvents) -> list[OptionEvent]:
        """List the events that closed what its orders left open."""
        position = self.position
        if not (left := self.left_open(book)):
            return []
        return events.closing(position.symbol, left, position.entry_time, position.exit_time)

    def is_undecided(self, book: OrderBook, events: OptionEvents) -> bool:
        """Tell whether events ended more than its orders left open, at prices that differ."""
        position = self.position
        return events.differ(position.symbol, self.left_open(book), position.entry_time, position.exit_time)

    def value_window(self, ended: Sequence[OptionEvent]) -> Window:
        """Name the bars that hold the last price of an option's underlying: those that are over when it ended.

        That is at the exit, but never after the close of the event's day: an engine may notice days later.
        """
        closes = (datetime.combine(one.day, _CLOSE, NEW_YORK) for one in ended)
        return underlying_window(self.position.symbol, min(self.position.exit_time, *closes) - self.bar_length + _TICK)

    def value_bars(self, book: OrderBook, events: OptionEvents) -> tuple[Window, ...]:
        """Ask for these bars only if an event ended contracts and the broker does not say what they were worth."""
        unpriced = [one for one in self.ended(book, events) if one.price is None]
        return () if is_adjusted(self.position.symbol) or not unpriced else (self.value_window(unpriced),)
