"""What is asked and answered about the fees of trades."""

from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from shared.fees import Side
from shared.postings import Group


@dataclass(frozen=True)
class Claim:
    """A trade that wants to know its fees."""

    trade_id: str
    order_ids: frozenset[str]
    """The orders whose executions are the trade's."""
    qty: Decimal
    """Quantity closed; orders that several trades claim are shared by it."""
    sides: tuple[Side, ...] = ("buy", "sell")
    """The sides on which executions must account for that quantity: not the exit's where no order closed it."""
    symbol: str | None = None
    """The symbol, without the slash of a pair, where an order may trade several (spreads); None: whatever it trades."""


@dataclass
class TradeFees:
    """What one trade paid, as far as it can be told."""

    usd: Decimal = Decimal(0)
    """Posted and attributed, US dollars."""
    unattributed: Decimal = Decimal(0)
    """The trade's share of what was posted for executions that are not known, US dollars."""
    postings: set[str] = field(default_factory=set)
    """Ids of the activities that this is made of."""
    exact: bool = True
    """Whether every part is the whole of one posting, and no other trade's too."""
    missing: set[Group] = field(default_factory=set)
    """Fees that were to come and did not come, or not yet."""
    unknown_orders: set[str] = field(default_factory=set)
    """Orders of which no execution is known, so that neither are their fees."""
    groups: set[Group] = field(default_factory=set)
    """Accounts, days and kinds of fees that its executions may have been charged."""
    unrated: bool = False
    """Whether the fee table does not cover one of its days, so that nobody knows what was to come."""
    incomplete: bool = False
    """Whether the executions known do not account for the quantity, so that some are missing."""
    ambiguous: bool = False
    """Whether another valid assignment would give another sum."""
    began_at: datetime | None = None
    """When the first of its executions took place; None without executions."""
    complete_at: datetime | None = None
    """When everything must have been posted; None while the calendar does not say, or without executions."""
    tier: str | None = None
    """The lowest volume tier whose rates explain every crypto fee of the trade."""

    @property
    def obscure(self) -> bool:
        """Whether executions are missing, so that nobody can tell what they were charged."""
        return bool(self.unknown_orders or self.incomplete)


@dataclass
class Total:
    """What became of a group's postings, US dollars."""

    posted: Decimal = Decimal(0)
    attributed: Decimal = Decimal(0)
    """To trades."""
    foreign: Decimal = Decimal(0)
    """Paid for executions that belong to no trade."""

    unattributed: Decimal = Decimal(0)
    """Not attributable to any execution."""


@dataclass
class Reconciliation:
    """The whole answer."""

    trades: dict[str, TradeFees]
    totals: dict[Group, Total] = field(default_factory=dict)
    unvalued: set[str] = field(default_factory=set)
    """Coin fees without an execution and without a price: their dollars are not known."""
    tied: set[date] = field(default_factory=set)
    """Days whose volume tier is not known and might decide something."""
    surplus: set[Group] = field(default_factory=set)
    """Daily fees for which more executions are known than the broker reckoned with."""
