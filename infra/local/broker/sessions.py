"""Trading sessions of US equities: the calendar and the clock.

Between the first and the last day of a fixture's calendar only its days are sessions, so holidays and half days are
what it says. Outside, every weekday is a full session that settles the next weekday.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time
from itertools import count, takewhile
from typing import NamedTuple

from infra.local.broker.call import Call
from infra.local.broker.timeframe import DAY, NEW_YORK
from infra.local.exact_json import JsonObject

_FIRST_DAY = date(1970, 1, 1)
_LAST_DAY = date(2029, 12, 31)
_SATURDAY = 5


class Session(NamedTuple):
    """When the market opens and closes on one day."""

    opens: datetime
    closes: datetime


def calendar(call: Call) -> list[JsonObject]:
    """GET /v2/calendar: the sessions from `start` to `end`, both included; from 1970 to 2029 at most."""
    start = max(call.query.day("start") or _FIRST_DAY, _FIRST_DAY)
    end = min(call.query.day("end") or _LAST_DAY, _LAST_DAY)
    days = takewhile(lambda row: row["date"] <= end.isoformat(), _rows_from(start, call.ledger.calendar))
    return list(days)


def clock(call: Call) -> JsonObject:
    """GET /v2/clock: whether the market is open now, and when that changes."""
    now = call.now.astimezone(NEW_YORK)
    upcoming = _sessions_closing_after(now, call.ledger.calendar)
    current = next(upcoming)
    is_open = current.opens <= now
    following = next(upcoming) if is_open else current
    return {
        "timestamp": now.isoformat(),
        "is_open": is_open,
        "next_open": following.opens.isoformat(),
        "next_close": current.closes.isoformat(),
    }


def _sessions_closing_after(now: datetime, stated: Mapping[date, JsonObject]) -> Iterator[Session]:
    sessions = (_session(row) for row in _rows_from(now.date(), stated))
    return (session for session in sessions if session.closes > now)


def _rows_from(start: date, stated: Mapping[date, JsonObject]) -> Iterator[JsonObject]:
    """The calendar's rows from a day on, without end."""
    first, last = min(stated, default=date.max), max(stated, default=date.min)
    for day in (start + number * DAY for number in count()):
        if day in stated:
            yield stated[day]
        elif not first <= day <= last and day.weekday() < _SATURDAY:
            yield _full_session(day)


def _full_session(day: date) -> JsonObject:
    settlement = next(later for later in (day + number * DAY for number in count(1)) if later.weekday() < _SATURDAY)
    return {
        "date": day.isoformat(),
        "open": "09:30",
        "close": "16:00",
        "session_open": "0400",
        "session_close": "2000",
        "settlement_date": settlement.isoformat(),
    }


def _session(row: JsonObject) -> Session:
    day = date.fromisoformat(row["date"])
    opens, closes = (datetime.combine(day, time.fromisoformat(row[name]), NEW_YORK) for name in ("open", "close"))
    return Session(opens, closes)
