"""Which position plays which part: clean, open, spoilt, at odds with the broker."""

from dataclasses import dataclass, replace

from infra.local.demo_data.dirty import MISFIT_INSTRUMENTS, POSITION_FAULTS, Misfit, misfits
from infra.local.demo_data.instruments import INSTRUMENTS
from infra.local.demo_data.market import Market
from infra.local.demo_data.month import in_one_bar, paper_trades, trade_month
from infra.local.demo_data.orders import Order
from infra.local.demo_data.seeding import stream
from infra.local.demo_data.trades import Statement, Trade

_LOST = 2


@dataclass(frozen=True)
class Cast:
    """All positions of the demo."""

    clean: tuple[Trade, ...]
    """Closed; every one of them becomes a row."""
    open: tuple[Trade, ...]
    spoilt: tuple[Trade, ...]
    """Closed and known to the broker; their documents get one fault each, in the order of the faults."""
    misfits: tuple[Misfit, ...]
    broker_orders: tuple[Order, ...]
    """Everything the broker knows, also what was traded by hand and has no document."""


def make_cast(seed: int, market: Market) -> Cast:
    """Trade the month and hand out the parts."""
    month = trade_month(seed, market)
    chance = stream(seed, "cast")
    chosen = chance.sample(month.closed, len(POSITION_FAULTS) + _LOST)
    spoilt = tuple(replace(trade, statement=Statement.AGREES) for trade in chosen[_LOST:])
    chosen_ids = {trade.position_id for trade in chosen}
    executed = [trade for trade in month.closed if trade.position_id not in chosen_ids]
    odd = misfits(chance, paper_trades(chance, market, MISFIT_INSTRUMENTS), chosen[:_LOST])
    instant, *paper = paper_trades(chance, market, INSTRUMENTS)
    at_broker = [*executed, *spoilt, *month.manual, *month.open, *(each.trade for each in odd if each.is_at_broker)]
    return Cast(
        clean=(*executed, in_one_bar(instant), *paper),
        open=month.open,
        spoilt=spoilt,
        misfits=tuple(odd),
        broker_orders=tuple(order for trade in at_broker for order in trade.broker_orders),
    )
