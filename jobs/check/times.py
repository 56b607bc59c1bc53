"""When the marked records happened: late enough to have bars, early enough to be due."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.bars import LENGTHS, bar_holding
from shared.settings import Settings

Span = tuple[datetime, datetime]
"""[from, until)."""
_LATEST = 2
"""Bars before now that may not be there yet."""
_VALID = 6
"""Bars that the expired signal was valid for."""
_HELD = 2
"""Bars from the one that the position was entered in to the one that it was left in."""


@dataclass(frozen=True)
class Times:
    """The spans of the records, on the grid of bars."""

    length: timedelta
    """Of one bar."""
    rejected: Span
    """From the rejected signal to the end of its horizon."""
    expired: Span
    """The validity of the expired signal."""
    position: Span
    """From the entry to the exit of the past position, both at the opening of a bar."""

    @property
    def whole(self) -> Span:
        """From the first to the last of them."""
        starts, ends = zip(self.rejected, self.expired, self.position, strict=True)
        return min(starts), max(ends) + self.length


def times_before(now: datetime, settings: Settings) -> Times:
    """Choose spans that are over, and so long ago that their records are due at `now`."""
    length = LENGTHS[settings.bar_timeframe]
    end = bar_holding(now, length) - _LATEST * length
    horizon = timedelta(days=settings.rejected_after_days)
    wait = -(-timedelta(hours=settings.expired_after_hours) // length) * length
    entered = end - horizon
    return Times(
        length=length,
        rejected=(entered, end),
        expired=(end - wait - _VALID * length, end - wait),
        position=(entered, entered + _HELD * length),
    )
