"""One row by itself: does it pass the schema it was written under, and do its columns agree with each other? Pure."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import localcontext
from typing import Any, Generic, TypeVar

from pydantic import ValidationError

from schemas import SCHEMA_VERSION
from schemas.bigquery import columns
from schemas.table import ArchivedRow
from shared.formulae import EXACT

R = TypeVar("R", bound=ArchivedRow)

Record = Mapping[str, Any]
"""A row as BigQuery answers it."""
CURRENT = int(SCHEMA_VERSION)


@dataclass(frozen=True)
class Checked(Generic[R]):
    """A row held to its schema."""

    row: R | None
    """The row, if it is one."""
    faults: tuple[str, ...] = ()
    """The columns that are wrong."""
    newer: bool = False
    """Whether it was written under a schema that this program does not know, so that it cannot be judged."""


def version_of(record: Record) -> int | None:
    """Read the schema version that a row was written under; None when it states none."""
    text = record.get("schema_version")
    return int(text) if isinstance(text, str) and text.isascii() and text.isdecimal() else None


def check(model: type[R], record: Record) -> Checked[R]:
    """Hold a row to the schema it was written under.

    A column that came later is NULL in an older row, whatever it may be today; a value there was put in by hand.
    """
    version = version_of(record)
    if version is None:
        return Checked(None, ("schema_version",))
    if version > CURRENT:
        return Checked(None, newer=True)
    later = {column.name for column in columns(model) if column.since > version}
    faults = [name for name in sorted(later) if record[name] is not None]
    try:
        row = model.model_validate(dict(record))
    except ValidationError as error:
        places = dict.fromkeys(str(one["loc"][0]) for one in error.errors(include_input=False) if one["loc"])
        return Checked(None, (*faults, *(name for name in places if name not in later)))
    return Checked(row, tuple(faults))


def key_is_whole(model: type[ArchivedRow], record: Record) -> bool:
    """Whether a row can be placed at all: it states its key and its revision."""
    return all(record[name] is not None for name in (*model.TABLE.key, "source_rev"))


def differing(held: Record, expected: Mapping[str, object]) -> Iterator[str]:
    """Name the columns that hold something else than expected."""
    return (name for name, value in expected.items() if held[name] != value)


def recomputed(
    row: R, follows: Callable[[R, datetime | None], Mapping[str, object]], as_of: datetime | None
) -> list[str]:
    """Name the derived columns that do not follow from the others, or of which that cannot be told."""
    with localcontext(EXACT):
        try:
            return list(differing(vars(row), follows(row, as_of)))
        except (ArithmeticError, ValueError) as error:
            return [f"cannot be computed ({type(error).__name__})"]
