"""Timeframes of bars: their names, and which bar a moment belongs to; and the clock of the stock market."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
NEW_YORK = ZoneInfo("America/New_York")
_SHORTEST_MONTH = timedelta(days=28)

_NAME = re.compile(r"(\d+)(Min|T|Hour|H|Day|D|Week|W|Month|M)")
_UNITS = {"T": "Min", "H": "Hour", "D": "Day", "W": "Week", "M": "Month"}
_AMOUNTS = {"Min": range(1, 60), "Hour": range(1, 24), "Day": (1,), "Week": (1,), "Month": (1, 2, 3, 4, 6, 12)}
# A month counts as its longest: the length is only compared with the spacing of finer bars.
_LENGTHS = {
    "Min": timedelta(minutes=1),
    "Hour": timedelta(hours=1),
    "Day": DAY,
    "Week": 7 * DAY,
    "Month": 31 * DAY,
}


@dataclass(frozen=True)
class Timeframe:
    """An amount of a unit, such as 15 Min; buckets are aligned to UTC."""

    amount: int
    unit: str

    @classmethod
    def parse(cls, name: str) -> Self:
        """Read a name such as `15Min`, `1Hour` or `1D`.

        Raises:
            ValueError: Not a timeframe that the venue serves.
        """
        match = _NAME.fullmatch(name)
        amount, unit = (int(match[1]), _UNITS.get(match[2], match[2])) if match else (0, "")
        if amount not in _AMOUNTS.get(unit, ()):
            raise ValueError(f"invalid timeframe: {name}")
        return cls(amount, unit)

    @property
    def length(self) -> timedelta:
        """How long a bar lasts, at most."""
        return self.amount * _LENGTHS[self.unit]

    def can_be_built_from(self, spacing: timedelta) -> bool:
        """Whether bars that far apart fill this timeframe's buckets exactly."""
        if self.unit == "Month" and spacing >= _SHORTEST_MONTH:
            return spacing <= self.length
        whole = DAY if self.unit == "Month" else self.length
        return spacing <= whole and whole % spacing == timedelta(0)

    def opening(self, moment: datetime) -> datetime:
        """When the bar that holds the moment opens.

        Minutes and hours are counted from midnight, weeks begin on Monday, and groups of months in January.
        """
        midnight = moment.replace(hour=0, minute=0, second=0, microsecond=0)
        match self.unit:
            case "Day":
                return midnight
            case "Week":
                return midnight - midnight.weekday() * DAY
            case "Month":
                return midnight.replace(month=(midnight.month - 1) // self.amount * self.amount + 1, day=1)
            case _:
                return midnight + (moment - midnight) // self.length * self.length
