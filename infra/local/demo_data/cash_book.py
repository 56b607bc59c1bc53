"""What the account owns at any moment, out of its executions and fees."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal
from typing import NamedTuple

from infra.local import rfc3339
from infra.local.demo_data.fee_schedule import coin_fee
from infra.local.demo_data.instruments import CENT, INSTRUMENTS, Instrument
from infra.local.demo_data.market import Market
from infra.local.demo_data.orders import Order
from infra.local.exact_json import JsonObject


class Entry(NamedTuple):
    """One change of what the account owns; `instrument` is None for a fee in US dollars."""

    at: datetime
    instrument: Instrument | None
    qty: Decimal
    cash: Decimal


@dataclass(frozen=True)
class CashBook:
    """Every change since the opening balance."""

    opening_cash: Decimal
    entries: tuple[Entry, ...]

    def cash(self, at: datetime) -> Decimal:
        """US dollars just before the moment, to the cent."""
        changes = sum((entry.cash for entry in self.entries if entry.at < at), Decimal(0))
        return to_cent(self.opening_cash + changes)

    def held(self, instrument: Instrument, at: datetime) -> Decimal:
        """Units just before the moment; below zero when sold short."""
        return sum((each.qty for each in self.entries if each.instrument == instrument and each.at < at), Decimal(0))

    def value(self, instrument: Instrument, at: datetime, market: Market) -> Decimal:
        """Market value at the last close, US dollars to the cent."""
        held = self.held(instrument, at)
        return to_cent(held * instrument.multiplier * market.last_close(instrument.symbol, at)) if held else Decimal(0)

    def equity(self, at: datetime, market: Market) -> Decimal:
        """Cash and everything held, US dollars."""
        return self.cash(at) + sum((self.value(each, at, market) for each in INSTRUMENTS), Decimal(0))


def open_book(opening_cash: Decimal, orders: Iterable[Order], fees: Iterable[JsonObject]) -> CashBook:
    """Enter all executions, and the fees that were posted in US dollars."""
    posted = (Entry(rfc3339.parse(row["created_at"]), None, Decimal(0), Decimal(row["net_amount"])) for row in fees)
    return CashBook(opening_cash, (*_traded(orders), *posted))


def to_cent(amount: Decimal) -> Decimal:
    """Round half-even to the cent."""
    return amount.quantize(CENT, rounding=ROUND_HALF_EVEN)


def _traded(orders: Iterable[Order]) -> Iterator[Entry]:
    for each in (leg for order in orders for leg in order.with_legs()):
        instrument = each.ticket.instrument
        is_coin = instrument.asset_class == "CRYPTO"
        for execution in each.executions:
            worth = execution.price * execution.qty * instrument.multiplier
            if each.ticket.side == "sell":
                yield Entry(execution.at, instrument, -execution.qty, worth)
            else:
                fee = coin_fee(execution) if is_coin else Decimal(0)
                yield Entry(execution.at, instrument, execution.qty - fee, -worth)
