"""The period the demo covers and the days the exchange is open."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta, timezone

FIRST_BAR = datetime(2026, 8, 25, tzinfo=UTC)
"""Where market data begins."""
MONTH_START = datetime(2026, 9, 1, tzinfo=UTC)
MONTH_END = datetime(2026, 10, 1, tzinfo=UTC)
"""The traded month, half-open."""
AS_OF = datetime(2026, 10, 15, tzinfo=UTC)
"""The moment the demo pretends to be: market data ends here."""

EASTERN = timezone(timedelta(hours=-4), "EDT")
"""Every day of the demo lies in daylight saving time, so no time zone database is needed."""
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)

# Hourly bars are aligned to the hour: the one of the opening begins half an hour before the session.
SESSION_HOURS = range(13, 20)

_CLOSED = frozenset({date(2026, 9, 7)})  # Labor Day
_BANKS_CLOSED = frozenset({date(2026, 10, 12)})  # Columbus Day: stocks trade, nothing settles


def days(first: date, last: date) -> Iterator[date]:
    """Every day from the first to the last, both included."""
    for offset in range((last - first).days + 1):
        yield first + timedelta(days=offset)


def is_session(day: date) -> bool:
    """Whether the exchange is open."""
    return day.weekday() < 5 and day not in _CLOSED  # noqa: PLR2004 - Saturday is 5


def settlement_day(traded: date) -> date:
    """One business day after the trade: stocks and options settle T+1."""
    day = traded + DAY
    while not is_session(day) or day in _BANKS_CLOSED:
        day += DAY
    return day


def around_the_clock(start: datetime, end: datetime) -> list[datetime]:
    """Opening times of hourly bars in a market that never closes."""
    return [start + HOUR * number for number in range((end - start) // HOUR)]


def in_session(start: datetime, end: datetime) -> list[datetime]:
    """Opening times of hourly bars of the stock exchange."""
    hours = around_the_clock(start, end)
    return [opened for opened in hours if is_session(opened.date()) and opened.hour in SESSION_HOURS]
