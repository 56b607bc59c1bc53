"""Fetch the orders of a page of records in bulk, and what else the broker knows where orders do not tell."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from shared.broker import Broker
from shared.broker_account import EDGE
from shared.loop import Span, Wants
from shared.market import Market, merged, uncovered
from shared.option_events import EVENT_TYPES, OptionEvents
from shared.order_book import OrderBook

GOOD_TILL_CANCELLED = timedelta(days=91)
"""How long an order may wait for its fill: Alpaca ends open orders after 90 days."""
NEARBY = timedelta(days=7)
"""Spans no further apart are read together: a call costs more than a page that holds a little too much."""


class OrderSearch:
    """Finds orders and activities for one run and remembers them."""

    def __init__(self, broker: Broker, market: Market) -> None:
        """Search all accounts of `broker`; ids are unique across them."""
        self._broker = broker
        self._market = market
        self._orders_covered: list[Span] = []
        self._activities_covered: dict[Sequence[str], list[Span]] = {}
        self.orders = OrderBook()
        self.option_events = OptionEvents()

    def load(self, wants: Sequence[Wants]) -> None:
        """Find what the records want, then what it turns out that they need."""
        self.orders.add_entries(key for want in wants for key in want.entry_keys)
        self._load_orders(wants)
        followers = [want.follow_up for want in wants if want.follow_up]
        spans = [one.executions(self.orders) for one in followers]
        self.orders.add_executions(self._activities(("FILL",), spans))
        spans = [one.option_events(self.orders) for one in followers]
        self.option_events.add(self._activities(EVENT_TYPES, spans))
        self._market.load(window for one in followers for window in one.value_bars(self.orders, self.option_events))

    def _load_orders(self, wants: Sequence[Wants]) -> None:
        """Sweep the time spans; where an order is still missing, sweep further back, as far as an order can wait."""
        spans = [want.orders for want in wants if want.orders]
        self._sweep(spans)
        late = [want for want in wants if not all(map(self.orders.is_complete, want.order_keys))]
        self._sweep([(want.orders[0] - GOOD_TILL_CANCELLED, want.orders[1]) for want in late if want.orders])

    def _sweep(self, spans: Iterable[Span]) -> None:
        for start, end in uncovered(merged(spans, NEARBY), self._orders_covered):
            for account in self._broker.accounts:
                self.orders.add(account.orders(start - EDGE, end + EDGE))
            self._orders_covered = merged([*self._orders_covered, (start, end)], timedelta(0))

    def _activities(self, types: Sequence[str], spans: Iterable[Span | None]) -> Iterator[Mapping[str, Any]]:
        covered = self._activities_covered.setdefault(types, [])
        for start, end in uncovered(merged((span for span in spans if span), NEARBY), covered):
            for account in self._broker.accounts:
                yield from account.activities(types, start - EDGE, end + EDGE)
            covered[:] = merged([*covered, (start, end)], timedelta(0))
