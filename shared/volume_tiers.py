"""Which volume tier of crypto fees an account was in, by what it traded. Pure."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from shared.account_executions import BrokerExecution
from shared.crypto_fees import Tiers
from shared.fee_table import tier_of

VOLUME_DAYS = timedelta(days=30)
"""Crypto volume of this time decides the tier, from the day after on."""


def volume_tiers(executions: Sequence[BrokerExecution], known_from: datetime | None) -> Tiers:
    """Find the volume tier of each day with crypto executions, where the 30 days before it are known whole."""
    if known_from is None:
        return {}
    traded: dict[date, Decimal] = {}
    for one in executions:
        if one.in_dollars:
            traded[one.day] = traded.get(one.day, Decimal(0)) + one.notional
    days = {one.day for one in executions if datetime.combine(one.day - VOLUME_DAYS, time.min, UTC) >= known_from}
    volumes = {day: sum((usd for d, usd in traded.items() if day - VOLUME_DAYS <= d < day), Decimal(0)) for day in days}
    return {day: tier_of(volume, day) for day, volume in volumes.items()}
