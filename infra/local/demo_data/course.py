"""How a position goes: where it enters, which level it meets first, when it leaves."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random

from infra.local.demo_data.instruments import CENT, Instrument
from infra.local.demo_data.orders import Fill
from infra.local.demo_data.sessions import HOUR, SESSION_HOURS
from infra.local.fixtures import Bar

_OTHER_REASONS = ("TIME_EXIT", "TIME_EXIT", "SIGNAL_REVERSAL", "TRAILING_STOP")


@dataclass(frozen=True)
class Risk:
    """Distance of stop and target from the entry, as fractions of it."""

    stop: Decimal
    target: Decimal


RISK = {
    "CRYPTO": Risk(Decimal("0.012"), Decimal("0.018")),
    "EQUITY": Risk(Decimal("0.006"), Decimal("0.009")),
    "OPTION": Risk(Decimal("0.14"), Decimal("0.20")),
}


@dataclass(frozen=True)
class Course:
    """Entry, exit and a moment shortly before the exit at which a part may already have been closed."""

    entry: Fill
    part: Fill
    exit: Fill
    exit_reason: str
    stop: Decimal
    target: Decimal


def run_course(chance: Random, instrument: Instrument, bars: Sequence[Bar], *, is_long: bool) -> Course:
    """Enter in an early bar, leave at the first level met in a later one, or with the last bar.

    Raises:
        ValueError: Fewer than two bars: the levels are only looked for after the bar of the entry.
    """
    if len(bars) < 2:  # noqa: PLR2004 - one to enter, one to leave
        raise ValueError(f"{instrument.symbol}: a course takes two bars")
    first = chance.randrange(max(1, len(bars) // 3))
    entry = fill_in(chance, bars[first], moment_in(chance, bars[first]))
    stop, target = levels(instrument, entry.price, is_long=is_long)
    for bar in bars[first + 1 :]:
        left = _meet(chance, bar, stop, target, is_long=is_long)
        if left:
            break
    else:
        left = fill_in(chance, bar, moment_in(chance, bar)), chance.choice(_OTHER_REASONS)
    exit_, reason = left
    part = fill_in(chance, bar, exit_.at - timedelta(seconds=chance.randint(60, 400)))
    return Course(entry, part, exit_, reason, stop, target)


def levels(instrument: Instrument, entry: Decimal, *, is_long: bool) -> tuple[Decimal, Decimal]:
    """Stop and first target for an entry price."""
    risk = RISK[instrument.asset_class]
    sign = 1 if is_long else -1
    stop, target = (entry * (1 - sign * risk.stop), entry * (1 + sign * risk.target))
    return max(CENT, stop.quantize(CENT)), max(CENT, target.quantize(CENT))


def moment_in(chance: Random, bar: Bar) -> datetime:
    """A moment in the traded part of the bar, late enough that something can have happened minutes before."""
    half_hour = bar.time.hour == SESSION_HOURS.start
    return bar.time + timedelta(seconds=chance.randrange(2400 if half_hour else 600, HOUR.seconds - 60))


def fill_in(chance: Random, bar: Bar, at: datetime) -> Fill:
    """A price the bar has seen, off its extremes where it has room."""
    price = (bar.low + (bar.high - bar.low) * Decimal(chance.randint(15, 85)) / 100).quantize(CENT)
    return _fill(bar, at, price)


def _meet(chance: Random, bar: Bar, stop: Decimal, target: Decimal, *, is_long: bool) -> tuple[Fill, str] | None:
    """The fill at the first level the bar reaches, the stop before the target; beyond a level it opens at its open."""
    worst, best, sign = (bar.low, bar.high, 1) if is_long else (bar.high, bar.low, -1)
    at = moment_in(chance, bar)
    if sign * (worst - stop) <= 0:
        slipped = stop - sign * CENT * chance.randint(0, 4)
        beyond = sign * (bar.open - stop) <= 0
        return _fill(bar, at, bar.open if beyond else _within(bar, slipped)), "STOP_LOSS"
    if sign * (best - target) >= 0:
        beyond = sign * (bar.open - target) >= 0
        return _fill(bar, at, bar.open if beyond else target), "TP1"
    return None


def _within(bar: Bar, price: Decimal) -> Decimal:
    return min(max(price, bar.low), bar.high)


def _fill(bar: Bar, at: datetime, price: Decimal) -> Fill:
    return Fill(at, price, min(price - bar.low, bar.high - price))
