"""How values are written for people: dollars, percent, counts, days, times in UTC, and texts that cannot misbehave."""

import hashlib
import math
from datetime import date, datetime
from decimal import Decimal

from infra.cli.show import harmless

Number = Decimal | float | int

NOTHING = "\N{EN DASH}"
"""What is written where there is no value."""
MINUS = "\N{MINUS SIGN}"
_TURNING = {code: f"\\u{code:04x}" for code in (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))}
"""Characters that turn the direction of the text after them, written out."""
_LONGEST = 60
"""Characters of a text from elsewhere; longer ones are cut and told apart by a digest."""
_DIGITS = 8
_MINUTE_S = 60
_HOUR_S = 3600


def usd(value: Number | None) -> str:
    """Write US dollars to the cent: 1,234.50."""
    return _grouped(value, 2)


def signed_usd(value: Number | None) -> str:
    """Write a gain or a loss in US dollars with its sign: +1,234.50."""
    return _signed(value, usd(value))


def price(value: Number | None) -> str:
    """Write a price in US dollars, with as many digits as it needs: 0.00001234."""
    return NOTHING if value is None else f"{Decimal(value).normalize():,f}"


def percent(value: Number | None) -> str:
    """Write percent to the hundredth: 12.34 %."""
    return _with_unit(_grouped(value, 2), "%")


def signed_percent(value: Number | None) -> str:
    """Write percent with its sign."""
    return _signed(value, percent(value))


def fine_percent(value: Number | None) -> str:
    """Write a small percentage to the ten-thousandth, with its sign."""
    return _signed(value, _with_unit(_grouped(value, 4), "%"))


def share(value: float | None) -> str:
    """Write a fraction of 1 as percent."""
    return percent(None if value is None else value * 100)


def ratio(value: float | None) -> str:
    """Write a ratio to the hundredth."""
    return _grouped(value, 2)


def count(value: int | None) -> str:
    """Write how many: 1,234."""
    return _grouped(value, 0)


def duration(seconds: Number | None) -> str:
    """Write how long something took: 0.8 s, 12 min 5 s, 3 h 20 min."""
    if seconds is None:
        return NOTHING
    whole = round(seconds)
    if whole < _MINUTE_S:
        return f"{seconds:.1f} s"
    if whole < _HOUR_S:
        return f"{whole // _MINUTE_S} min {whole % _MINUTE_S} s"
    return f"{whole // _HOUR_S:,} h {whole % _HOUR_S // _MINUTE_S} min"


def day(value: date | None) -> str:
    """Write a date: 2021-07-01."""
    return NOTHING if value is None else value.isoformat()


def moment(value: datetime | None) -> str:
    """Write a time to the minute, UTC, as headings say: 2021-07-01 09:30."""
    return NOTHING if value is None else f"{value:%Y-%m-%d %H:%M}"


def yes(value: bool | None) -> str:  # noqa: FBT001 - a column's value
    """Write a truth."""
    return NOTHING if value is None else "yes" if value else "no"


def text(value: str | None) -> str:
    """Write a text from elsewhere: what steers is written out, cut where it is longer than anybody reads."""
    if not value:
        return NOTHING
    if len(value) > _LONGEST:
        digest = hashlib.sha256(value.encode()).hexdigest()[:_DIGITS]
        value = f"{value[: _LONGEST - _DIGITS]}…{digest}"
    return harmless(value).translate(_TURNING)


def plural(number: int, one: str, many: str = "") -> str:
    """Write how many of something: 1 trade, 1,234 trades."""
    return f"{count(number)} {one if number == 1 else many or one + 's'}"


def _grouped(value: Number | None, digits: int) -> str:
    if value is None or not math.isfinite(value):
        return NOTHING
    written = f"{abs(value):,.{digits}f}"
    return f"{MINUS}{written}" if value < 0 and written.strip("0.,") else written


def _signed(value: Number | None, written: str) -> str:
    return f"+{written}" if value is not None and value > 0 and written != NOTHING else written


def _with_unit(written: str, unit: str) -> str:
    return written if written == NOTHING else f"{written}\N{NARROW NO-BREAK SPACE}{unit}"
