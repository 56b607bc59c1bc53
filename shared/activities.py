"""Account activities of the broker: which of them count, corrections taken into account. Pure.

Fees arrive as rows of type CFEE (crypto) and FEE (US dollars). Neither names the order it belongs to.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from shared.fees import REGULATORY

CRYPTO = "CFEE"
OTHER = "OTHER"
"""A fee that belongs to no trade, or to none that this system knows how to find."""

Activity = Mapping[str, Any]
"""An account activity as the broker's JSON has it."""

_SUB_TYPE = re.compile(r"(REG|TAF|CAT|ORF|OCC) fee\b")
_CONTROL = re.compile(r"for proceed of \$?(?P<number>\d[\d,]*(?:\.\d+)?)\s*(?P<unit>shares?|contracts?|trades?)?")
_COIN_FEE = "Coin Pair Transaction Fee"
_RANK = {"executed": 0, "correct": 1, "canceled": 2}


class UnreadableActivityError(Exception):
    """An activity that must be understood cannot be: the broker's own row is broken."""


Refuse = Callable[[Activity, UnreadableActivityError], None]
"""What becomes of a row that cannot be understood."""


def raises(_row: Activity, error: UnreadableActivityError) -> None:
    """Let an unreadable row be an error."""
    raise error


def effective(rows: Iterable[Activity]) -> list[Activity]:
    """Keep what counts, in the order of ids: a function of the set of rows, whatever their order and repetition.

    A row that corrects or cancels another one names it (`previous_id`, the whole id or its last part). A correction of
    a daily fee that names none replaces that day's row of its sub type, unless both state their unit and they differ;
    of several such corrections the latest counts. A cancelled row never counts, and cancelling a correction does not
    bring back what it corrected.
    """
    latest: dict[str, Activity] = {}
    for row in rows:
        held = latest.setdefault(row["id"], row)
        if _precedence(row) > _precedence(held):
            latest[row["id"]] = row
    gone = set(_superseded(latest.values()))
    counting = (row for row in latest.values() if _state(row) in {"executed", "correct"})
    return sorted((row for row in counting if not gone & _names(row)), key=lambda row: str(row["id"]))


def _state(row: Activity) -> str:
    """Tell the state of a row; one that is no word is unknown, and what is unknown does not count."""
    stated = row.get("status") or "executed"
    return stated if isinstance(stated, str) else ""


def _precedence(row: Activity) -> tuple[int, str]:
    """Of two readings of one row the later state counts; between equal states any rule will do that knows no order."""
    return _RANK.get(_state(row), -1), json.dumps(row, sort_keys=True)


def _superseded(rows: Iterable[Activity]) -> Iterator[str]:
    listed = list(rows)
    for row in listed:
        if _state(row) not in {"correct", "canceled"}:
            continue
        if previous := row.get("previous_id"):
            yield from {str(previous)} - _names(row)
        elif _state(row) == "correct" and (place := _daily(row)):
            others = (one for one in listed if _is_earlier(one, row) and _same_daily(place, _daily(one)))
            yield from (str(one["id"]) for one in others)


def _is_earlier(one: Activity, correction: Activity) -> bool:
    """Tell whether a nameless correction corrects a row of its day: the posting, or an older such correction."""
    if one.get("status") != "correct":
        return True
    return not one.get("previous_id") and _posted(one) < _posted(correction)


def _posted(row: Activity) -> tuple[str, str]:
    instant = instant_or_none(row.get("created_at"))
    return instant.isoformat() if instant else "", str(row["id"])


def _names(row: Activity) -> set[str]:
    identity = str(row["id"])
    return {identity, identity.rpartition("::")[2]}


def _daily(row: Activity) -> tuple[str, str, str] | None:
    """Tell day, sub type and unit of a fee that the broker posts once a day; None for any other row."""
    kind = kind_of(row)
    return (str(row.get("date")), kind, control_of(row)[1]) if kind in REGULATORY else None


def _same_daily(one: tuple[str, str, str], other: tuple[str, str, str] | None) -> bool:
    if other is None or one[:2] != other[:2]:
        return False
    return one[2] == other[2] or not (one[2] and other[2])


def kind_of(row: Activity) -> str:
    """Tell the kind of a fee; old rows state no sub type, and dollar fees of coins may come as FEE."""
    description = str(row.get("description") or "")
    if row.get("activity_type") == "CFEE" or description.startswith(_COIN_FEE):
        return CRYPTO
    if row.get("activity_type") != "FEE":
        return OTHER
    stated = row.get("activity_sub_type")
    if not stated:
        found = _SUB_TYPE.match(description)
        return found[1] if found else OTHER
    return str(stated) if stated in REGULATORY else OTHER


def control_of(row: Activity) -> tuple[Decimal | None, str]:
    """Read the base out of a description such as "TAF fee for proceed of 1572 shares (89 trades) on …"."""
    found = _CONTROL.search(str(row.get("description") or ""))
    # Only proceeds are dollars; of any other number without a unit nobody can tell what it counts.
    if not found or not (found["unit"] or kind_of(row) == "REG"):
        return None, ""
    return Decimal(found["number"].replace(",", "")), f"{found['unit'].rstrip('s')}s" if found["unit"] else "dollars"


def day_of_row(row: Activity) -> date:
    """Read the day a fee is for.

    Raises:
        UnreadableActivityError: It states none.
    """
    try:
        return date.fromisoformat(str(row.get("date")))
    except ValueError:
        raise UnreadableActivityError(f"activity {row['id']}: a fee without a date") from None


def instant_or_none(value: object) -> datetime | None:
    """Read a time with an offset; None for anything else."""
    try:
        moment = datetime.fromisoformat(str(value))
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (ValueError, OverflowError):
        return None
