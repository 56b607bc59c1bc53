"""The month of the trading desks: who trades what, when, and how often."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from itertools import groupby
from random import Random
from typing import NamedTuple

from infra.local.demo_data.closing import SHAPES
from infra.local.demo_data.course import Course, run_course
from infra.local.demo_data.instruments import AAPL, BTC, CALL, CENT, ETH, MSFT, PUT, Instrument
from infra.local.demo_data.market import Market
from infra.local.demo_data.seeding import deck, stream
from infra.local.demo_data.sessions import DAY, MONTH_END, MONTH_START
from infra.local.demo_data.trades import Statement, Trade, closed_trade, open_trade, paper_trade
from infra.local.fixtures import Bar

_MONDAY, _TUESDAY, _WEDNESDAY, _THURSDAY, _FRIDAY = range(5)
_MANUAL_TRADES = 3
_PAPER_BARS = 9


@dataclass(frozen=True)
class Desk:
    """One strategy. Stocks and options are traded on different days, which keeps each day's fee rows of one kind."""

    strategy_id: str
    instruments: tuple[Instrument, ...]
    weekdays: frozenset[int]
    bars_per_position: int
    short_share: float


CRYPTO = Desk("crypto_momentum", (BTC, ETH), frozenset(range(7)), 17, 0.0)
EQUITY = Desk("equity_mean_reversion", (AAPL, MSFT), frozenset({_THURSDAY, _FRIDAY, _MONDAY}), 3, 0.4)
OPTION = Desk("option_swing", (CALL, PUT), frozenset({_TUESDAY, _WEDNESDAY}), 4, 0.25)
DESKS = (CRYPTO, EQUITY, OPTION)

_STATEMENTS = {
    Statement.AGREES: 84,
    Statement.ENTRY_OFF: 4,
    Statement.EXIT_OFF: 4,
    Statement.ENTRY_NULL: 3,
    Statement.EXIT_MISSING: 2,
    Statement.EXIT_ZERO: 2,
    Statement.SILENT: 1,
}


class Stake(NamedTuple):
    """A position that is still open; it was entered on one of its desk's days."""

    instrument: Instrument
    is_long: bool
    entered: datetime


_STILL_OPEN = (
    Stake(BTC, is_long=True, entered=datetime(2026, 10, 3, tzinfo=UTC)),
    Stake(MSFT, is_long=True, entered=datetime(2026, 10, 5, tzinfo=UTC)),
    Stake(CALL, is_long=True, entered=datetime(2026, 10, 6, tzinfo=UTC)),
    Stake(PUT, is_long=False, entered=datetime(2026, 10, 7, tzinfo=UTC)),
)
_DISTANT_STOP = Decimal("0.3")


@dataclass(frozen=True)
class Month:
    """Positions by what became of them; `manual` ones were traded by hand and have no document."""

    closed: tuple[Trade, ...]
    manual: tuple[Trade, ...]
    open: tuple[Trade, ...]


def trade_month(seed: int, market: Market) -> Month:
    """Let every desk trade the month."""
    chance = stream(seed, "trades")
    trades = [trade for desk in DESKS for each in desk.instruments for trade in _positions(chance, desk, each, market)]
    statements = deck(chance, _STATEMENTS, len(trades))
    stated = [replace(trade, statement=each) for trade, each in zip(trades, statements, strict=True)]
    by_hand = chance.sample([trade for trade in stated if trade.instrument in EQUITY.instruments], _MANUAL_TRADES)
    return Month(
        closed=tuple(trade for trade in stated if trade not in by_hand),
        manual=tuple(by_hand),
        open=tuple(_open(chance, market, stake) for stake in _STILL_OPEN),
    )


def paper_trades(chance: Random, market: Market, instruments: Sequence[Instrument]) -> list[Trade]:
    """One position per instrument that the broker never saw; on paper even coins can be sold short."""
    return [_paper(chance, market, instrument) for instrument in instruments]


def in_one_bar(trade: Trade) -> Trade:
    """The position, left in the bar it was entered in: the engine stamps both with the same time."""
    return replace(trade, exit=trade.entry._replace(price=trade.entry.price + CENT), exit_reason="TIME_EXIT")


def desk_of(instrument: Instrument) -> Desk:
    """The desk that trades the instrument."""
    return next(desk for desk in DESKS if instrument in desk.instruments)


def _positions(chance: Random, desk: Desk, instrument: Instrument, market: Market) -> Iterator[Trade]:
    """One position after another, never two at a time: the broker nets long and short of one symbol."""
    slots = list(_slots(desk, market.between(instrument.symbol, MONTH_START, MONTH_END)))
    shapes = deck(chance, SHAPES[instrument.asset_class], len(slots))
    for slot, shape in zip(slots, shapes, strict=True):
        is_long = chance.random() >= desk.short_share
        course = _better(chance, instrument, slot, is_long=is_long)
        plan = paper_trade(chance, desk.strategy_id, instrument, course, is_long=is_long)
        yield closed_trade(chance, plan, course, shape)


def _better(chance: Random, instrument: Instrument, bars: Sequence[Bar], *, is_long: bool) -> Course:
    """The better of two courses: the desks have a little skill."""
    sign = 1 if is_long else -1
    two = [run_course(chance, instrument, bars, is_long=is_long) for _ in range(2)]
    return max(two, key=lambda course: sign * (course.exit.price / course.entry.price))


def _slots(desk: Desk, bars: Sequence[Bar]) -> Iterator[Sequence[Bar]]:
    for is_traded, group in groupby(bars, key=lambda bar: bar.time.weekday() in desk.weekdays):
        if is_traded:
            run = list(group)
            count = len(run) // desk.bars_per_position
            yield from (run[len(run) * n // count : len(run) * (n + 1) // count] for n in range(count))


def _paper(chance: Random, market: Market, instrument: Instrument) -> Trade:
    bars = market.between(instrument.symbol, MONTH_START, MONTH_END)
    start = chance.randrange(len(bars) - _PAPER_BARS)
    is_long = chance.random() < 0.5  # noqa: PLR2004 - either way
    course = run_course(chance, instrument, bars[start : start + _PAPER_BARS], is_long=is_long)
    return paper_trade(chance, desk_of(instrument).strategy_id, instrument, course, is_long=is_long)


def _open(chance: Random, market: Market, stake: Stake) -> Trade:
    instrument, is_long = stake.instrument, stake.is_long
    bars = market.between(instrument.symbol, stake.entered, stake.entered + DAY)
    course = run_course(chance, instrument, bars, is_long=is_long)
    plan = paper_trade(chance, desk_of(instrument).strategy_id, instrument, course, is_long=is_long)
    trade = open_trade(chance, plan)
    return replace(trade, stop=(trade.entry.price * (1 - trade.sign * _DISTANT_STOP)).quantize(CENT))
