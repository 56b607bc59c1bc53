"""What the broker charged, by its account activities. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple

from pydantic_core import PydanticCustomError

from schemas.document import numeric
from shared.account_executions import BrokerExecution
from shared.activities import (
    CRYPTO,
    Activity,
    Refuse,
    UnreadableActivityError,
    control_of,
    day_of_row,
    effective,
    instant_or_none,
    kind_of,
    raises,
)
from shared.fills import finite
from shared.formulae import EXACT
from shared.pairs import bare, pair
from shared.values import NEW_YORK

_TYPES = ("CFEE", "FEE")
_COINS = frozenset({"BTC"})
"""Quote currencies in which a price is none in dollars."""


@dataclass(frozen=True)
class Posting:
    """One fee that the broker charged and did not take back."""

    id: str
    account: str
    kind: str
    """CFEE, REG, TAF, CAT, ORF, OCC or OTHER."""
    day: date
    """The row's own date: the day of the trades."""
    created: datetime | None
    usd: Decimal | None
    """US dollars, positive for a cost; None for a fee in coins."""
    coins: Decimal | None = None
    """Coins, positive for a cost."""
    currency: str = "USD"
    price: Decimal | None = None
    """US dollars per coin, where the row states it; Alpaca writes 0 for prices with too many decimals."""
    control: Decimal | None = None
    """The base the fee was computed from, as the description states it."""
    unit: str = ""
    """Unit of the control number: dollars, shares, contracts or trades."""


class Group(NamedTuple):
    """What fees are posted and balanced by."""

    account: str
    day: date
    kind: str


def postings(rows: Iterable[Activity], account: str, refuse: Refuse = raises) -> Iterator[Posting]:
    """Read CFEE and FEE activities, each id once, cancelled and superseded ones left out.

    A row that states no date or no amount goes to `refuse`.
    """
    for row in effective(rows):
        if row.get("activity_type") in _TYPES:
            try:
                yield _posting(row, account)
            except UnreadableActivityError as error:
                refuse(row, error)


def group_of_row(row: Activity, account: str) -> Group:
    """Tell what a row that cannot be read would be balanced by, as far as it says."""
    created = instant_or_none(row.get("created_at"))
    try:
        day = day_of_row(row)
    except UnreadableActivityError:
        day = created.astimezone(NEW_YORK).date() if created else date.min
    return Group(account, day, kind_of(row))


def taken_back(rows: Iterable[Activity], account: str) -> Iterator[Group]:
    """List account, day and kind of fees that were posted and do not count any more."""
    listed = list(rows)
    counting = {row["id"] for row in effective(listed)}
    for row in listed:
        if row.get("activity_type") in _TYPES and row["id"] not in counting:
            yield group_of_row(row, account)


def _posting(row: Activity, account: str) -> Posting:
    day, kind = day_of_row(row), kind_of(row)
    amount, qty = finite(row.get("net_amount")), finite(row.get("qty"))
    if kind == CRYPTO and not amount:
        if not qty or not row.get("symbol"):
            raise UnreadableActivityError(f"activity {row['id']}: a crypto fee of neither dollars nor coins")
        currency, quote = pair(bare(str(row["symbol"])))
        price = None if quote in _COINS else finite(row.get("price")) or None
        created = instant_or_none(row.get("created_at"))
        return Posting(row["id"], account, kind, day, created, None, _cost(row, qty), currency, price)
    if amount is None:
        raise UnreadableActivityError(f"activity {row['id']}: a fee without an amount")
    control, unit = control_of(row)
    created = instant_or_none(row.get("created_at"))
    return Posting(row["id"], account, kind, day, created, _cost(row, amount), control=control, unit=unit)


def _cost(row: Activity, amount: Decimal) -> Decimal:
    """Turn the sign of what was booked: positive for a cost."""
    try:
        return numeric(amount.copy_negate())
    except PydanticCustomError:
        raise UnreadableActivityError(f"activity {row['id']}: an amount beyond all money") from None


def valued(coins: Decimal, price: Decimal) -> Decimal | None:
    """Value coins, US dollars; None beyond all money, which no price is."""
    try:
        return numeric(EXACT.multiply(coins, price))
    except (PydanticCustomError, ArithmeticError):
        return None


def group_of(posting: Posting) -> Group:
    """Tell what a posting is balanced by."""
    return Group(posting.account, posting.day, posting.kind)


def days_for(execution: BrokerExecution) -> frozenset[date]:
    """List the days that a crypto execution's fee may be dated: UTC's and New York's."""
    return frozenset({execution.day, execution.at.astimezone(NEW_YORK).date()})


def may_belong(posting: Posting, execution: BrokerExecution) -> bool:
    """Tell whether a crypto fee may be an execution's by time: posted within a day after it, or dated on its day.

    Alpaca posts within seconds, now and then hours later, and by its documentation at the end of the day.
    """
    days = days_for(execution)
    if posting.created is None:
        return posting.day in days
    lag = posting.created - execution.at
    if lag < timedelta(0):
        return False
    return lag <= timedelta(days=1) or posting.day in days
