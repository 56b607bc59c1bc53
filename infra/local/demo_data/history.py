"""The days before: the exchange's calendar and the account's equity at each close."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from random import Random

from infra.local.demo_data.cash_book import CashBook, to_cent
from infra.local.demo_data.market import Market
from infra.local.demo_data.sessions import AS_OF, DAY, MONTH_START, days, is_session, settlement_day
from infra.local.exact_json import JsonObject

DEPOSIT = Decimal("40000.00")
"""What the account began with, US dollars."""
FIRST_DAY = date(2026, 8, 3)
"""Where the history begins."""

_BASE_DAY = date(2026, 7, 31)
_CALENDAR = (date(2026, 8, 1), date(2026, 10, 31))
_BAD_DAYS = range(9, 14)  # a losing streak in mid-August: the account has a drawdown to show


def calendar_rows() -> list[JsonObject]:
    """Every session of three months with the day its trades settle."""
    return [
        {
            "date": day.isoformat(),
            "open": "09:30",
            "close": "16:00",
            "session_open": "0400",
            "session_close": "2000",
            "settlement_date": settlement_day(day).isoformat(),
        }
        for day in days(*_CALENDAR)
        if is_session(day)
    ]


def before_the_month(chance: Random) -> list[Decimal]:
    """Equity at each close of August, when other positions were traded."""
    equity, curve = DEPOSIT, []
    for number, _ in enumerate(_sessions(FIRST_DAY, MONTH_START.date() - DAY)):
        drift, spread = (-0.009, 0.002) if number in _BAD_DAYS else (0.0016, 0.003)
        equity = to_cent(equity * (1 + Decimal(f"{chance.gauss(drift, spread):.6f}")))
        curve.append(equity)
    return curve


def history_row(earlier: Sequence[Decimal], book: CashBook, market: Market) -> JsonObject:
    """The portfolio history: one point per session, stamped 20:00 in New York, which is midnight UTC."""
    sessions = list(_sessions(FIRST_DAY, AS_OF.date() - DAY))
    later = [book.equity(_stamp(day), market) for day in sessions[len(earlier) :]]
    curve = [*earlier, *later]
    changes = [now - before for before, now in zip([DEPOSIT, *curve], curve, strict=False)]
    return {
        "timestamp": [int(_stamp(day).timestamp()) for day in sessions],
        "equity": curve,
        "profit_loss": changes,
        "profit_loss_pct": [
            round(change / before, 6) for change, before in zip(changes, [DEPOSIT, *curve], strict=False)
        ],
        "base_value": DEPOSIT,
        "base_value_asof": _BASE_DAY.isoformat(),
        "timeframe": "1D",
        "cashflow": {},
    }


def _sessions(first: date, last: date) -> Iterator[date]:
    return (day for day in days(first, last) if is_session(day))


def _stamp(day: date) -> datetime:
    return datetime.combine(day + DAY, time(), tzinfo=UTC)
