"""Which volume tier of crypto fees an account was in, by what it traded. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from shared.account_executions import BrokerExecution
from shared.crypto_fees import Tiers
from shared.fee_table import tier_of

VOLUME_DAYS = timedelta(days=30)
"""Crypto volume of this time decides the tier, from the day after on."""


def volume_tiers(executions: Sequence[BrokerExecution], known: Sequence[tuple[datetime, datetime]]) -> Tiers:
    """Find the volume tier of each day with crypto executions, where the 30 days before it are known whole."""
    traded: dict[date, Decimal] = {}
    for one in executions:
        if one.in_dollars:
            traded[one.day] = traded.get(one.day, Decimal(0)) + one.notional
    days = {one.day for one in executions if _is_known(one.day, known)}
    volumes = {day: sum((usd for d, usd in traded.items() if day - VOLUME_DAYS <= d < day), Decimal(0)) for day in days}
    return {day: tier_of(volume, day) for day, volume in volumes.items()}


def volume_span(day: date) -> tuple[datetime, datetime]:
    """Name the time whose fills decide a day's tier."""
    begins = datetime.combine(day, time.min, UTC)
    return begins - VOLUME_DAYS, begins


def _is_known(day: date, known: Sequence[tuple[datetime, datetime]]) -> bool:
    first, last = volume_span(day)
    return any(start <= first and last <= end for start, end in known)
