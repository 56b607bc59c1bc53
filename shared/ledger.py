"""What the broker's books say over some time: executions and fees of every account, and when days are settled."""

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shared.account_executions import BrokerExecution, executions
from shared.broker import Broker
from shared.broker_account import TradingAccount
from shared.broker_calls import BrokerError
from shared.market import merged, uncovered
from shared.postings import Group, Posting, postings, taken_back
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
    fills_from: datetime | None
    """From when on every fill up to the end is here; None when nothing was read."""
    settlements: Sequence[tuple[date, datetime]]
    """New York trading days, oldest first, and when the fees of each are taken to be complete."""

    def complete_at(self, day: date) -> datetime | None:
        """Tell when the fees of a day are complete; a day without a session counts with the next one."""
        place = bisect_left(self.settlements, day, key=lambda one: one[0])
        return self.settlements[place][1] if place < len(self.settlements) else None


class Ledger:
    """Reads the books of all accounts of a run, each row once."""

    def __init__(self, broker: Broker) -> None:
        """Read through `broker`."""
        self._broker = broker
        self._fills: dict[str, list[Row]] = {account.name: [] for account in broker.accounts}
        self._covered: list[Span] = []

    def books(self, spans: Sequence[Span]) -> Books:
        """Read fees over some spans of time, and every fill that they may be for.

        Raises:
            BrokerError: The broker failed.
            UnreadableActivityError: A row cannot be understood.
        """
        wanted = merged(spans, timedelta(days=3))
        fees = {account.name: self._read(account, FEES, wanted) for account in self._broker.accounts}
        self._add_fills([(start - BEFORE, end) for start, end in wanted])
        return Books(
            executions=self._executions(),
            postings=[one for account, rows in fees.items() for one in postings(rows, account)],
            taken_back=frozenset(group for account, rows in fees.items() for group in taken_back(rows, account)),
            fills_from=self._fills_from(),
            settlements=self._settlements(wanted),
        )

    def with_fills(self, books: Books, spans: Sequence[Span]) -> Books:
        """Read the fills of further spans too.

        Raises:
            BrokerError: As `books`.
        """
        self._add_fills(spans)
        return replace(books, executions=self._executions(), fills_from=self._fills_from())

    def _add_fills(self, spans: Sequence[Span]) -> None:
        missing = uncovered(spans, self._covered)
        for account in self._broker.accounts:
            self._fills[account.name] += self._read(account, FILLS, missing)
        self._covered = merged([*self._covered, *missing], timedelta(0))

    def _executions(self) -> list[BrokerExecution]:
        return [one for account, rows in self._fills.items() for one in executions(rows, account)]

    def _fills_from(self) -> datetime | None:
        return self._covered[-1][0] if self._covered else None

    def _read(self, account: TradingAccount, types: Sequence[str], spans: Sequence[Span]) -> list[Row]:
        return [row for start, end in spans for row in account.activities(types, start, end)]

    def _settlements(self, spans: Sequence[Span]) -> list[tuple[date, datetime]]:
        if not spans:
            return []
        first, last = spans[0][0].date() - BEFORE, spans[-1][1].date() + _LONGEST_WEEKEND
        return sorted(map(_settlement, self._broker.accounts[0].calendar(first, last)))


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
