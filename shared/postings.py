"""What the broker's activities say about fees: executions and fee postings, corrections taken into account. Pure.

Fees arrive as rows of type CFEE (crypto) and FEE (US dollars). Neither names the order it belongs to.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from schemas.document import NUMERIC_LIMIT, numeric
from schemas.symbols import is_symbol
from shared.fees import REGULATORY, Execution, Side
from shared.fills import finite
from shared.formulae import multiplier

NEW_YORK = ZoneInfo("America/New_York")
CRYPTO = "CFEE"
OTHER = "OTHER"
"""A fee that belongs to no trade, or to none that this system knows how to find."""

Activity = Mapping[str, Any]
"""An account activity as the broker's JSON has it."""

_SUB_TYPE = re.compile(r"(REG|TAF|CAT|ORF|OCC) fee\b")
_CONTROL = re.compile(r"for proceed of \$?(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>shares?|contracts?|trades?)?")
_COIN_FEE = "Coin Pair Transaction Fee"
_QUOTES = ("USDT", "USDC", "USD", "BTC")
"""Currencies a pair may be quoted in, the longest spelling first."""
_DOLLARS = frozenset({"USD"})
_COINS = frozenset({"BTC"})
"""Quote currencies in which a price is none in dollars."""
_LONGEST_TICKER = 5
_RANK = {"executed": 0, "correct": 1, "canceled": 2}


class UnreadableActivityError(Exception):
    """An activity that must be understood cannot be: the broker's own row is broken."""


@dataclass(frozen=True)
class BrokerExecution(Execution):
    """One execution of one order."""

    id: str
    account: str
    order_id: str
    symbol: str
    """Without the slash of a pair."""
    at: datetime

    @property
    def received(self) -> str:
        """The currency a crypto execution pays its fee in: what was received."""
        base, quote = pair(self.symbol)
        return base if self.side == "buy" else quote

    @property
    def in_dollars(self) -> bool:
        """Whether its price is in US dollars."""
        return pair(self.symbol)[1] in _DOLLARS


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


def pair(symbol: str) -> tuple[str, str]:
    """Take a crypto symbol without slash apart: base and quote. The longest known quote wins."""
    for quote in _QUOTES:
        if symbol.endswith(quote) and len(symbol) > len(quote):
            return symbol.removesuffix(quote), quote
    return symbol, ""


def bare(symbol: str) -> str:
    """Write a pair as positions and fees do: without its slash."""
    return symbol.replace("/", "")


def executions(rows: Iterable[Activity], account: str) -> Iterator[BrokerExecution]:
    """Read FILL activities, each id once, busts and superseded ones left out.

    Raises:
        UnreadableActivityError: A row states no order, side, price, quantity or time.
    """
    for row in effective(rows):
        if row.get("activity_type") == "FILL":
            yield _execution(row, account)


def postings(rows: Iterable[Activity], account: str) -> Iterator[Posting]:
    """Read CFEE and FEE activities, each id once, cancelled and superseded ones left out.

    Raises:
        UnreadableActivityError: A row states no date or no amount.
    """
    for row in effective(rows):
        if row.get("activity_type") in {"CFEE", "FEE"}:
            yield _posting(row, account)


def taken_back(rows: Iterable[Activity], account: str) -> Iterator[Group]:
    """List account, day and kind of fees that were posted and do not count any more.

    Raises:
        UnreadableActivityError: A row states no date.
    """
    listed = list(rows)
    counting = {row["id"] for row in effective(listed)}
    for row in listed:
        if row.get("activity_type") in {"CFEE", "FEE"} and row["id"] not in counting:
            yield Group(account, _day(row), _kind(row))


def effective(rows: Iterable[Activity]) -> list[Activity]:
    """Keep what counts, in the order of ids: a function of the set of rows, whatever their order and repetition.

    A row that corrects or cancels another one names it (`previous_id`, the whole id or its last part); a correction
    of a daily fee that names none replaces that day's row of its sub type, unless both state their unit and they
    differ. A cancelled row never counts, and cancelling a correction does not bring back what it corrected.
    """
    latest: dict[str, Activity] = {}
    for row in rows:
        held = latest.setdefault(row["id"], row)
        if _precedence(row) > _precedence(held):
            latest[row["id"]] = row
    gone = set(_superseded(latest.values()))
    counting = (row for row in latest.values() if (row.get("status") or "executed") in {"executed", "correct"})
    return sorted((row for row in counting if not gone & _names(row)), key=lambda row: str(row["id"]))


def _precedence(row: Activity) -> tuple[int, str]:
    """Of two readings of one row the later state counts; between equal states any rule will do that knows no order."""
    return _RANK.get(row.get("status") or "executed", -1), json.dumps(row, sort_keys=True, default=str)


def _superseded(rows: Iterable[Activity]) -> Iterator[str]:
    listed = list(rows)
    for row in listed:
        if row.get("status") not in {"correct", "canceled"}:
            continue
        if previous := row.get("previous_id"):
            yield from {str(previous)} - _names(row)
        elif row.get("status") == "correct" and (place := _daily(row)):
            others = (one for one in listed if one.get("status") != "correct")
            yield from (str(one["id"]) for one in others if _same_daily(place, _daily(one)))


def _names(row: Activity) -> set[str]:
    identity = str(row["id"])
    return {identity, identity.rsplit("::", 1)[-1]}


def _daily(row: Activity) -> tuple[str, str, str] | None:
    """Tell day, sub type and unit of a fee that the broker posts once a day; None for any other row."""
    kind = _kind(row)
    return (str(row.get("date")), kind, _control(row)[1]) if kind in REGULATORY else None


def _same_daily(one: tuple[str, str, str], other: tuple[str, str, str] | None) -> bool:
    if other is None or one[:2] != other[:2]:
        return False
    return one[2] == other[2] or not (one[2] and other[2])


def _execution(row: Activity, account: str) -> BrokerExecution:
    symbol, side = str(row.get("symbol") or ""), row.get("side")
    price, qty = finite(row.get("price")), finite(row.get("qty"))
    at = _moment(row.get("transaction_time"))
    if side in {"sell_short", "sell"}:
        side = "sell"
    nameless = side not in {"buy", "sell"} or not row.get("order_id") or not symbol
    if nameless or at is None or not price or not qty or min(price, qty) < 0:
        raise UnreadableActivityError(f"activity {row['id']}: a fill without order, symbol, side, price, qty or time")
    kind = asset_class_of(symbol)
    way: Side = "buy" if side == "buy" else "sell"
    day = at.date() if kind == "CRYPTO" else at.astimezone(NEW_YORK).date()
    units = multiplier(kind)
    return BrokerExecution(
        kind, way, day, price, qty, units, str(row["id"]), account, str(row["order_id"]), bare(symbol), at
    )


def asset_class_of(symbol: str) -> str:
    """Tell what a symbol of an activity is; pairs may come without their slash, and no ticker is that long."""
    if is_symbol(symbol, "OPTION"):
        return "OPTION"
    coin = "/" in symbol or (len(symbol) > _LONGEST_TICKER and pair(symbol)[1] != "")
    return "CRYPTO" if coin else "EQUITY"


def _posting(row: Activity, account: str) -> Posting:
    day, kind = _day(row), _kind(row)
    amount, qty = finite(row.get("net_amount")), finite(row.get("qty"))
    if kind == CRYPTO and not amount:
        if not qty or not row.get("symbol"):
            raise UnreadableActivityError(f"activity {row['id']}: a crypto fee of neither dollars nor coins")
        currency, quote = pair(bare(str(row["symbol"])))
        price = None if quote in _COINS else finite(row.get("price")) or None
        created = _moment(row.get("created_at"))
        return Posting(row["id"], account, kind, day, created, None, _cost(row, qty), currency, price)
    if amount is None:
        raise UnreadableActivityError(f"activity {row['id']}: a fee without an amount")
    control, unit = _control(row)
    created = _moment(row.get("created_at"))
    return Posting(row["id"], account, kind, day, created, _cost(row, amount), control=control, unit=unit)


def _cost(row: Activity, amount: Decimal) -> Decimal:
    """Turn the sign of what was booked: positive for a cost."""
    if amount.copy_abs() >= NUMERIC_LIMIT:
        raise UnreadableActivityError(f"activity {row['id']}: an amount beyond all money")
    return numeric(amount.copy_negate())


def _kind(row: Activity) -> str:
    """Tell the kind of a fee; old rows state no sub type, and dollar fees of coins may come as FEE."""
    description = str(row.get("description") or "")
    if row.get("activity_type") == "CFEE" or description.startswith(_COIN_FEE):
        return CRYPTO
    if row.get("activity_type") != "FEE":
        return OTHER
    stated = row.get("activity_sub_type")
    if not stated:
        found = _SUB_TYPE.match(description)
        return found[1] if found else OTHER
    return str(stated) if stated in REGULATORY else OTHER


def _control(row: Activity) -> tuple[Decimal | None, str]:
    """Read the base out of a description such as "TAF fee for proceed of 1572 shares (89 trades) on …"."""
    found = _CONTROL.search(str(row.get("description") or ""))
    # Only proceeds are dollars; of any other number without a unit nobody can tell what it counts.
    if not found or not (found["unit"] or _kind(row) == "REG"):
        return None, ""
    return Decimal(found["number"].replace(",", "")), f"{found['unit'].rstrip('s')}s" if found["unit"] else "dollars"


def _day(row: Activity) -> date:
    try:
        return date.fromisoformat(str(row.get("date")))
    except ValueError:
        raise UnreadableActivityError(f"activity {row['id']}: a fee without a date") from None


def _moment(value: object) -> datetime | None:
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
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
