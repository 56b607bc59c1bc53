"""Single orders by id, whatever account they are in, with those they replaced and those that replaced them."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from shared.broker import Broker
from shared.order_book import OrderBook


class OrderLookup:
    """Asks the broker for the orders of a few documents and remembers the answers."""

    def __init__(self, broker: Broker) -> None:
        """Ask through `broker`."""
        self._broker = broker
        self._asked: set[str] = set()
        self._swept: set[tuple[datetime, datetime]] = set()
        self.book = OrderBook()

    def load(self, order_ids: Iterable[str], client_order_id: str) -> None:
        """Fetch orders by the broker's ids and a position's entry by its id; those that no account has stay unknown."""
        self._ask_client(client_order_id)
        for order_id in order_ids:
            self._ask(order_id)

    def sweep(self, start: datetime, end: datetime) -> None:
        """Fetch every order submitted between two moments: some exits are known by their name only."""
        if (start, end) not in self._swept:
            self._swept.add((start, end))
            for account in self._broker.accounts:
                self.book.add(account.orders(start, end))

    def _ask_client(self, client_order_id: str) -> None:
        if client_order_id in self._asked:
            return
        self._asked.add(client_order_id)
        if known := self.book.find(None, client_order_id):
            # Seen in a sweep, perhaps without the chain that it is part of.
            self._ask(known["id"])
            return
        for account in self._broker.accounts:
            if order := account.order_of_client(client_order_id):
                # That endpoint does not nest legs, so the order is asked for again by its id.
                self._ask(str(order["id"]))
                return

    def _ask(self, order_id: str) -> None:
        """Fetch an order and, link by link, the chain it is part of."""
        waiting = [order_id]
        while waiting:
            current = waiting.pop()
            if current in self._asked or not _is_uuid(current):
                continue
            self._asked.add(current)
            for account in self._broker.accounts:
                if order := account.order(current):
                    self.book.add([order])
                    waiting += [str(order[way]) for way in ("replaces", "replaced_by") if order.get(way)]
                    break


def _is_uuid(text: str) -> bool:
    """Tell whether the broker could know such an id; nothing else may become part of an address."""
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
