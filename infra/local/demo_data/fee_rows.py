"""Fees as the broker posts them: one CFEE row per coin execution, one FEE row per day and kind for the rest."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from infra.local import rfc3339
from infra.local.demo_data import fee_schedule
from infra.local.demo_data.broker import plain
from infra.local.demo_data.instruments import ACCOUNT
from infra.local.demo_data.orders import Execution, Order
from infra.local.demo_data.seeding import new_id
from infra.local.demo_data.sessions import AS_OF, DAY, EASTERN
from infra.local.exact_json import JsonObject

_NEXT_MORNING = {"CAT": time(0, 6, 1), "ORF": time(0, 12, 40), "OCC": time(0, 12, 40), "REG": time(0, 17, 5)}
_LAGS_S = ((2, 4), (2, 4), (2, 4), (2, 4), (840, 1200))
_LATEST_S = (3600, 12_600)
_LATE_SHARE = 0.03


def coin_fee_rows(chance: Random, orders: Iterable[Order]) -> list[JsonObject]:
    """Purchases pay in the coin, sales in US dollars; most rows follow within seconds, some after hours."""
    return [
        _coin_fee(chance, order, execution)
        for order, execution in _executions(orders)
        if order.ticket.instrument.asset_class == "CRYPTO"
    ]


def day_fee_rows(chance: Random, orders: Iterable[Order]) -> list[JsonObject]:
    """What each trading day cost, rounded up to the cent; posted after midnight UTC, so the last day's are not in."""
    days: dict[date, _Day] = {}
    for order, execution in _executions(orders):
        if order.ticket.instrument.asset_class != "CRYPTO":
            traded = execution.at.astimezone(EASTERN).date()
            days.setdefault(traded, _Day(traded)).add(order, execution)
    posted = (traded for traded in sorted(days) if traded + DAY < AS_OF.date())
    return [row for traded in posted for row in days[traded].rows(chance)]


@dataclass
class _Day:
    """What the regulatory fees of one day are computed from."""

    traded: date
    trades: int = 0
    sales_usd: Decimal = Decimal(0)
    sales: int = 0
    units_sold: Decimal = Decimal(0)
    contracts: Decimal = Decimal(0)
    charges: dict[str, Decimal] = field(default_factory=dict)

    def add(self, order: Order, execution: Execution) -> None:
        """Count one execution."""
        instrument, qty = order.ticket.instrument, execution.qty
        is_option = instrument.asset_class == "OPTION"
        self.trades += 1
        self._charge("CAT", qty * instrument.multiplier * fee_schedule.CAT_RATE)
        if is_option:
            self.contracts += qty
            self._charge("ORF", qty * fee_schedule.ORF_RATE)
            self._charge("OCC", qty * fee_schedule.OCC_RATE)
        if order.ticket.side == "sell":
            proceeds = execution.price * qty * instrument.multiplier
            self.sales += 1
            self.sales_usd += proceeds
            self.units_sold += qty
            self._charge("REG", proceeds * fee_schedule.REG_RATE)
            self._charge("TAF", _taf(qty, is_option=is_option))

    def rows(self, chance: Random) -> Iterator[JsonObject]:
        """One row per kind that was charged."""
        for kind in sorted(self.charges):
            yield _fee(chance, self, kind)

    def base(self, kind: str) -> str:
        """What the charge was computed from, in the broker's words. A day holds either stocks or options."""
        unit = "contracts" if self.contracts else "shares"
        return {
            "REG": f"${self.sales_usd:.2f}",
            "TAF": f"{plain(self.units_sold)} {unit} ({self.sales} trades)",
            "CAT": f"{self.trades} trades",
        }.get(kind, f"{plain(self.contracts)} contracts")

    def _charge(self, kind: str, amount: Decimal) -> None:
        self.charges[kind] = self.charges.get(kind, Decimal(0)) + amount


def _executions(orders: Iterable[Order]) -> Iterator[tuple[Order, Execution]]:
    for order in orders:
        for each in order.with_legs():
            yield from ((each, execution) for execution in each.executions)


def _taf(qty: Decimal, *, is_option: bool) -> Decimal:
    if is_option:
        return qty * fee_schedule.TAF_OPTION_RATE
    return min(qty * fee_schedule.TAF_RATE, fee_schedule.TAF_CAP)


def _fee(chance: Random, day: _Day, kind: str) -> JsonObject:
    posted = datetime.combine(day.traded + DAY, _NEXT_MORNING.get(kind, _NEXT_MORNING["REG"]), tzinfo=UTC)
    return {
        "id": f"{day.traded:%Y%m%d}000000000::{new_id(chance)}",
        "activity_type": "FEE",
        "activity_sub_type": kind,
        "date": day.traded.isoformat(),
        "created_at": rfc3339.render(posted + timedelta(microseconds=chance.randrange(10**6))),
        "net_amount": f"-{fee_schedule.ceil_to_cent(day.charges[kind])}",
        "description": f"{kind} fee for proceed of {day.base(kind)} on {day.traded} by {ACCOUNT}",
        "status": "executed",
        "currency": "USD",
    }


def _coin_fee(chance: Random, order: Order, execution: Execution) -> JsonObject:
    lag = _LATEST_S if chance.random() < _LATE_SHARE else chance.choice(_LAGS_S)
    posted = execution.at + timedelta(seconds=chance.randint(*lag), milliseconds=chance.randrange(1, 1000))
    row = {
        "id": f"{execution.at:%Y%m%d}000000000::{new_id(chance)}",
        "activity_type": "CFEE",
        "date": execution.at.date().isoformat(),
        "created_at": rfc3339.render(posted),
        "status": "executed",
        "currency": "USD",
    }
    if order.ticket.side == "sell":
        return row | {
            "net_amount": f"-{fee_schedule.usd_fee(execution)}",
            "description": "Coin Pair Transaction Fee (USD)",
        }
    return row | {
        "net_amount": "0",
        "description": "Coin Pair Transaction Fee (Non USD)",
        "symbol": order.ticket.instrument.position_symbol,
        "qty": f"-{plain(fee_schedule.coin_fee(execution))}",
        "price": plain(execution.price),
    }
