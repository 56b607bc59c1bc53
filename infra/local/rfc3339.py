"""Times as they travel: RFC 3339 text outside, aware UTC datetimes inside."""

import re
from datetime import UTC, datetime

_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|[+-]\d{2}:\d{2})")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def parse(text: str) -> datetime:
    """The instant that an RFC 3339 text names.

    Digits after the microsecond are cut off, as Firestore itself does.

    Raises:
        ValueError: The text is something else, has no offset, or names a date that does not exist.
    """
    if not _INSTANT.fullmatch(text):
        raise ValueError(f"{text!r} is not an RFC 3339 time with an offset, such as 2026-09-28T14:29:31Z")
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} lies outside the years 1 to 9999 in UTC") from error


def parse_moment(text: str) -> datetime:
    """Like `parse`, but a bare date is accepted and means its midnight in UTC.

    Raises:
        ValueError: As for `parse`.
    """
    return parse(f"{text}T00:00:00Z" if _DAY.fullmatch(text) else text)


def render(instant: datetime) -> str:
    """The UTC text of an aware instant, ending in Z."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")
