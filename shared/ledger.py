"""What the broker's books say over some time: executions and fees of every account, and when days are settled."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shared.account_executions import BrokerExecution, executions
from shared.activities import OTHER, Activity, Refuse, UnreadableActivityError
from shared.broker import Broker
from shared.broker_account import EDGE, TradingAccount
from shared.broker_calls import BrokerError
from shared.market import merged, uncovered
from shared.postings import Group, Posting, group_of_row, postings, taken_back
from shared.values import NEW_YORK

FEES = ("CFEE", "FEE")
FILLS = ("FILL",)
BEFORE = timedelta(days=2)
"""Fills are read from so much earlier than fees: a fee may be posted more than a day after its fill."""
SETTLED_AT = time(12, 0)
"""New York time on the settlement date by which a day's fees are taken to be in."""
_LONGEST_WEEKEND = timedelta(days=10)

Span = tuple[datetime, datetime]
Row = dict[str, Any]


@dataclass(frozen=True)
class Books:
    """What was read."""

    executions: Sequence[BrokerExecution]
    postings: Sequence[Posting]
    taken_back: frozenset[Group]
    """Accounts, days and kinds of fees that the broker cancelled or corrected."""
    fills_known: Sequence[Span]
    """The times of which every fill is here, oldest first."""
    unreadable: frozenset[Group]
    """Accounts, days and kinds of fees of which a row cannot be understood."""
    unreadable_orders: frozenset[str]
    """Orders of which an execution cannot be understood."""
    settlements: Sequence[tuple[date, datetime]]
    """New York trading days, oldest first, and when the fees of each are taken to be complete."""

    def complete_at(self, day: date) -> datetime | None:
        """Tell when the fees of a day are complete; a day without a session counts with the next one."""
        place = bisect_left(self.settlements, day, key=lambda one: one[0])
        return self.settlements[place][1] if place < len(self.settlements) else None


@dataclass
class _Shelf:
    """Rows of one kind, by account, and the times they cover."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    covered: list[Span] = field(default_factory=list)


class Ledger:
    """Reads the books of all accounts of a run, each time once."""

    def __init__(self, broker: Broker) -> None:
        """Read through `broker`."""
        self._broker = broker
        self._fees, self._fills = _Shelf(), _Shelf()

    def books(self, spans: Sequence[Span], further_fills: Sequence[Span] = ()) -> Books:
        """Read the fees of some spans of time, every fill that they may be for, and the fills of further spans.

        Raises:
            BrokerError: The broker failed.
        """
        wanted = merged(spans, timedelta(days=3))
        self._add(self._fees, FEES, wanted)
        self._add(self._fills, FILLS, [*((start - BEFORE, end) for start, end in wanted), *further_fills])
        groups: list[Group] = []
        orders: list[str] = []
        return Books(
            executions=[
                one for name, rows in self._fills.rows.items() for one in executions(rows, name, _noting(orders))
            ],
            postings=[
                one for name, rows in self._fees.rows.items() for one in postings(rows, name, _grouping(groups, name))
            ],
            taken_back=frozenset(one for name, rows in self._fees.rows.items() for one in taken_back(rows, name)),
            fills_known=tuple(self._fills.covered),
            unreadable=frozenset(groups),
            unreadable_orders=frozenset(orders),
            settlements=self._settlements(wanted),
        )

    def _add(self, shelf: "_Shelf", types: Sequence[str], spans: Sequence[Span]) -> None:
        missing = uncovered(spans, shelf.covered)
        for account in self._broker.accounts:
            shelf.rows.setdefault(account.name, []).extend(self._read(account, types, missing))
        shelf.covered = merged([*shelf.covered, *missing], timedelta(0))

    def _read(self, account: TradingAccount, types: Sequence[str], spans: Sequence[Span]) -> list[Row]:
        return [row for start, end in spans for row in account.activities(types, start - EDGE, end + EDGE)]

    def _settlements(self, spans: Sequence[Span]) -> list[tuple[date, datetime]]:
        if not spans:
            return []
        first, last = spans[0][0].date() - BEFORE, spans[-1][1].date() + _LONGEST_WEEKEND
        return sorted(map(_settlement, self._broker.accounts[0].calendar(first, last)))


def _noting(orders: list[str]) -> Refuse:
    """Make of an unreadable execution a note on its order."""

    def refuse(row: Activity, _error: UnreadableActivityError) -> None:
        orders.append(str(row.get("order_id")))

    return refuse


def _grouping(groups: list[Group], account: str) -> Refuse:
    """Make of an unreadable fee a note on what it would be balanced by; fees of no trade are nobody's loss."""

    def refuse(row: Activity, _error: UnreadableActivityError) -> None:
        if (group := group_of_row(row, account)).kind != OTHER:
            groups.append(group)

    return refuse


def _settlement(row: Row) -> tuple[date, datetime]:
    """Read one day of the broker's calendar.

    Raises:
        BrokerError: It states no settlement date.
    """
    try:
        day, settled = (date.fromisoformat(str(row[name])) for name in ("date", "settlement_date"))
    except (KeyError, ValueError):
        raise BrokerError("/calendar", None, "answers without settlement dates") from None
    return day, datetime.combine(settled, SETTLED_AT, NEW_YORK).astimezone(UTC)
