"""Expiry, assignment and exercise: how an option ends without an order. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from shared.activities import Activity, effective
from shared.fills import Fill, finite, positive
from shared.formulae import multiplier
from shared.values import NEW_YORK

EVENT_TYPES = ("OPEXP", "OPASN", "OPEXC")
BOOKED_WITHIN = timedelta(days=5)
"""How long after the end of a contract the broker may book it: a long weekend and a day."""


@dataclass(frozen=True)
class OptionEvent:
    """Contracts that ended."""

    id: str
    day: date
    """The trading day of the event, New York."""
    qty: Decimal
    """Contracts, whichever way they were held."""
    price: Decimal | None
    """What a share was worth by the broker, US dollars; 0 at expiry. None where the broker does not say."""

    def fill(self, value: Decimal) -> Fill:
        """Count the event as an exit, worth `value` a share where the broker does not say; it follows all orders."""
        booked = datetime.combine(self.day + timedelta(days=1), time(), NEW_YORK)
        return Fill(self.id, "", value if self.price is None else self.price, self.qty, booked)


class OptionEvents:
    """The events that a run fetched, by symbol."""

    def __init__(self) -> None:
        """Start empty."""
        self._rows: list[Activity] = []
        self._events: dict[str, list[OptionEvent]] = {}

    def add(self, rows: Iterable[Activity]) -> None:
        """Take activities in, in any order and repetition; cancelled and superseded ones do not count."""
        if not (added := list(rows)):
            return
        self._rows += added
        self._events = {}
        for row in effective(self._rows):
            if event := _event(row):
                self._events.setdefault(str(row.get("symbol")), []).append(event)

    def closing(self, symbol: str, qty: Decimal, since: datetime, until: datetime) -> list[OptionEvent]:
        """List what ended of a symbol between two moments and soon after, oldest first, up to a quantity in all."""
        return list(_up_to(qty, self._within(symbol, since, until)))

    def differ(self, symbol: str, qty: Decimal, since: datetime, until: datetime) -> bool:
        """Tell whether `closing` takes a part of what ended on a day at several prices: which part is nobody's to say.

        Two short positions in one contract may end on one day, one assigned and one expired.
        """
        within = self._within(symbol, since, until)
        taken = defaultdict[date, Decimal](Decimal)
        for event in _up_to(qty, within):
            taken[event.day] += event.qty
        return any(
            part < sum(event.qty for event in within if event.day == day)
            and len({event.price for event in within if event.day == day}) > 1
            for day, part in taken.items()
        )

    def _within(self, symbol: str, since: datetime, until: datetime) -> list[OptionEvent]:
        first, last = (one.astimezone(NEW_YORK).date() for one in (since, until + BOOKED_WITHIN))
        within = (event for event in self._events.get(symbol, ()) if first <= event.day <= last)
        return sorted(within, key=lambda event: (event.day, event.id))


def _up_to(qty: Decimal, events: Iterable[OptionEvent]) -> Iterator[OptionEvent]:
    left = qty
    for event in events:
        if (part := min(left, event.qty)) > 0:
            yield OptionEvent(event.id, event.day, part, event.price)
            left -= part


def _event(row: Activity) -> OptionEvent | None:
    """Read one activity; None when it is of another type or does not say what ended when."""
    qty, kind = finite(row.get("qty")), row.get("activity_type")
    try:
        day = date.fromisoformat(str(row.get("date")))
    except ValueError:
        return None
    if kind not in EVENT_TYPES or not qty:
        return None
    # The sign tells which way the contracts went, and those of a short position come back.
    return OptionEvent(str(row["id"]), day, abs(qty), Decimal(0) if kind == "OPEXP" else _price(row, abs(qty)))


def _price(row: Activity, qty: Decimal) -> Decimal | None:
    if price := positive(row.get("price")):
        return price
    amount = finite(row.get("net_amount"))
    return abs(amount) / (qty * multiplier("OPTION")) if amount else None
