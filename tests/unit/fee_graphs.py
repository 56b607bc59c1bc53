"""Random books of a broker: trades, executions and fees, and the truth about who paid what.

The truth is drawn first and the activities are written from it as Alpaca would; the code under test sees only those.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random
from typing import Any

from shared.account_executions import BrokerExecution, executions
from shared.fees import Side
from shared.postings import Posting, postings
from shared.trade_fees import Claim
from shared.values import NEW_YORK

Row = dict[str, Any]

RATES = [Decimal(text) for text in ("0.0015", "0.0025", "0.0012", "0.0022")]
MONDAY = date(2026, 9, 28)
CENT = Decimal("0.01")
SYMBOLS = {"BTC/USD": "60000", "DOGE/USD": "0.2", "AAPL": "230", "F": "11", "AAPL261218C00230000": "4.1"}


_WAYS: list[tuple[Side, Side]] = [("buy", "sell"), ("sell", "buy")]


@dataclass
class Books:
    """The activities of some accounts, and what is true about them."""

    fills: dict[str, list[Row]] = field(default_factory=dict)
    """Account → FILL rows."""
    fees: dict[str, list[Row]] = field(default_factory=dict)
    """Account → CFEE and FEE rows."""
    claims: list[Claim] = field(default_factory=list)
    true_coin_fees: dict[str, Decimal] = field(default_factory=dict)
    """Trade → what its crypto executions paid, US dollars."""
    true_totals: dict[str, Decimal] = field(default_factory=dict)
    """Account → what all its crypto executions paid, US dollars; absent when a row of the account was lost."""

    def executions(self) -> list[BrokerExecution]:
        """The executions as the code under test reads them."""
        return [one for account, rows in self.fills.items() for one in executions(rows, account)]

    def postings(self) -> list[Posting]:
        """The fees as the code under test reads them."""
        return [one for account, rows in self.fees.items() for one in postings(rows, account)]


class Author:
    """Writes one random set of books."""

    def __init__(self, chance: Random) -> None:
        """Draw everything from `chance`."""
        self._chance = chance
        self._number = 0
        self.books = Books()

    def write(self) -> Books:
        """Write one or two accounts with a few trades each, and somebody else's orders between them."""
        for account in ["one", "two"][: self._chance.randint(1, 2)]:
            self.books.fills[account], self.books.fees[account] = [], []
            self.books.true_totals[account] = Decimal(0)
            for _ in range(self._chance.randint(0, 5)):
                self._trade(account, claimed=self._chance.random() < 0.8)
            self._day_fees(account)
            self._loses_some(account)
        return self.books

    def _id(self, day: date) -> str:
        self._number += 1
        return f"{day:%Y%m%d}000000000::{self._number:08d}-0000-4000-8000-{self._chance.randrange(16**12):012x}"

    def _trade(self, account: str, *, claimed: bool) -> None:
        symbol = self._chance.choice(list(SYMBOLS))
        trade_id, orders = f"trade {self._number}", []
        qty = Decimal(self._chance.randint(1, 40)) / (1000 if symbol == "BTC/USD" else 1)
        paid = Decimal(0)
        at = datetime.combine(MONDAY, time(14, 30), UTC) + timedelta(minutes=self._chance.randint(0, 2000))
        sides: tuple[Side, Side] = self._chance.choice(_WAYS)
        for side in sides:
            order = f"order {self._number} {side}"
            orders.append(order)
            paid += self._order(account, order, symbol, side, qty, at)
            at += timedelta(minutes=self._chance.randint(1, 900))
        if claimed:
            self.books.claims.append(Claim(trade_id, frozenset(orders), qty, sides))
            self.books.true_coin_fees[trade_id] = paid
            if self._chance.random() < 0.1:
                self.books.claims.append(Claim(f"{trade_id} too", frozenset(orders), qty, sides))
        self.books.true_totals[account] += paid

    def _order(self, account: str, order: str, symbol: str, side: str, qty: Decimal, at: datetime) -> Decimal:
        """Write an order's executions and, for coins, their fees; tell what the fees came to, US dollars."""
        paid, left = Decimal(0), qty
        while left > 0:
            part = left if self._chance.random() < 0.6 else (left / 2).quantize(Decimal("1e-6"))
            left -= part
            price = (
                Decimal(SYMBOLS[symbol]) * self._chance.choice([Decimal(1), Decimal(1), Decimal("1.01")])
            ).quantize(Decimal("1e-4"))
            self.books.fills[account].append(
                {
                    "id": self._id(at.date()),
                    "activity_type": "FILL",
                    "transaction_time": at.isoformat(),
                    "price": str(price),
                    "qty": str(part),
                    "side": side,
                    "symbol": symbol,
                    "order_id": order,
                }
            )
            if "/" in symbol:
                paid += self._coin_fee(account, symbol, side, part, price, at)
            at += timedelta(seconds=self._chance.randint(0, 20))
        return paid

    def _coin_fee(self, account: str, symbol: str, side: str, qty: Decimal, price: Decimal, at: datetime) -> Decimal:
        rate = self._chance.choice(RATES)
        row = {
            "id": self._id(at.date()),
            "activity_type": "CFEE",
            "date": at.date().isoformat(),
            "created_at": (at + timedelta(seconds=self._chance.choice([2, 3, 900, 12_600]))).isoformat(),
            "status": "executed",
        }
        if side == "sell":
            usd = (rate * price * qty).quantize(CENT, rounding=ROUND_CEILING)
            self.books.fees[account].append({**row, "net_amount": str(-usd)})
            return usd
        coins = (rate * qty).quantize(Decimal("1e-9"), rounding=ROUND_CEILING)
        stated = self._chance.choice([price, Decimal(0)])
        self.books.fees[account].append(
            {**row, "net_amount": "0", "symbol": symbol.replace("/", ""), "qty": str(-coins), "price": str(stated)}
        )
        return (coins * price).quantize(Decimal("1e-9"))

    def _day_fees(self, account: str) -> None:
        days: dict[date, list[Row]] = {}
        for row in self.books.fills[account]:
            if "/" not in row["symbol"]:
                day = datetime.fromisoformat(row["transaction_time"]).astimezone(NEW_YORK).date()
                days.setdefault(day, []).append(row)
        for day, rows in days.items():
            for kind, base in _bases(rows).items():
                if self._chance.random() < 0.9:
                    self._day_fee(account, day, kind, base)

    def _day_fee(self, account: str, day: date, kind: str, base: str) -> None:
        usd = Decimal(self._chance.randint(1, 500)) / 100
        row = {
            "id": self._id(day),
            "activity_type": "FEE",
            "activity_sub_type": kind,
            "date": day.isoformat(),
            "created_at": datetime.combine(day + timedelta(days=1), time(0, 17), UTC).isoformat(),
            "net_amount": str(-usd),
            "description": f"{kind} fee for proceed of {base} on {day} by PA3TEST00001",
            "status": "executed",
        }
        if self._chance.random() < 0.2:
            del row["activity_sub_type"]
        if self._chance.random() < 0.1:
            row["description"] = f"{kind} fee"
        self.books.fees[account].append(row)

    def _loses_some(self, account: str) -> None:
        """Let a fill go missing now and then, and a fee be late."""
        for rows in (self.books.fills[account], self.books.fees[account]):
            if rows and self._chance.random() < 0.25:
                rows.pop(self._chance.randrange(len(rows)))
                self.books.true_totals.pop(account, None)


def _bases(rows: Sequence[Row]) -> dict[str, str]:
    sold = [row for row in rows if row["side"] == "sell"]
    options = [row for row in rows if len(row["symbol"]) > 10]
    shares = sum((Decimal(row["qty"]) for row in sold if row not in options), Decimal(0))
    proceeds = sum(
        (Decimal(row["qty"]) * Decimal(row["price"]) * (100 if row in options else 1) for row in sold), Decimal(0)
    )
    contracts = sum((Decimal(row["qty"]) for row in options), Decimal(0))
    found = {"CAT": f"{len(rows)} trades"}
    if sold:
        found["REG"] = f"${proceeds.quantize(CENT, rounding=ROUND_FLOOR)}"
    if shares:
        found["TAF"] = f"{shares} shares ({len(sold)} trades)"
    if options:
        found |= {"ORF": f"{contracts} contracts", "OCC": f"{contracts} contracts"}
    return found


def corrected(books: Books, chance: Random) -> Books:
    """The same books by another road: every fee may first have been posted wrongly, then corrected or cancelled."""
    return Books(
        books.fills, {account: list(_detour(rows, chance)) for account, rows in books.fees.items()}, books.claims
    )


def _detour(rows: Iterable[Row], chance: Random) -> Iterable[Row]:
    for number, row in enumerate(rows):
        way = chance.choice(["plain", "plain", "corrected", "cancelled", "changed state"])
        wrong = {**row, "id": f"{row['id'][:19]}wrong-{number}", "net_amount": str(Decimal(row["net_amount"]) - 1)}
        if way == "plain":
            yield row
        elif way == "corrected":
            yield from (wrong, {**row, "status": "correct", "previous_id": wrong["id"].rsplit("::", 1)[-1]})
        elif way == "cancelled":
            notice = {**wrong, "id": f"{wrong['id']}-notice", "status": "canceled", "previous_id": wrong["id"]}
            yield from (row, wrong, notice)
        else:
            yield from (row, {**wrong, "status": "canceled"}, wrong)


def paged(books: Books, chance: Random) -> Books:
    """The same books read page by page, oldest first, where each page may repeat the end of the one before."""

    def pages(rows: Sequence[Row]) -> list[Row]:
        ordered = sorted(rows, key=lambda row: row.get("created_at") or row["transaction_time"])
        return [
            row for start in range(len(ordered)) for row in ordered[max(0, start - chance.randint(0, 3)) : start + 1]
        ]

    fills = {account: pages(rows) for account, rows in books.fills.items()}
    fees = {account: pages(rows) for account, rows in books.fees.items()}
    return Books(fills, fees, books.claims)


def shuffled(books: Books, chance: Random) -> Books:
    """The same books in another order, with rows that came twice."""

    def mixed(rows: Sequence[Row]) -> list[Row]:
        again = [*rows, *chance.choices(rows, k=len(rows) // 2)] if rows else []
        chance.shuffle(again)
        return again

    fills = {account: mixed(rows) for account, rows in books.fills.items()}
    fees = {account: mixed(rows) for account, rows in books.fees.items()}
    return Books(fills, fees, chance.sample(books.claims, len(books.claims)))
