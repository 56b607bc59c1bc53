"""What every source document is: tolerant of spelling, intolerant of garbage.

Numbers may arrive as int, double or string, times as timestamps or RFC 3339 strings. Anything else is refused with a
reason code, never repaired by guessing.
"""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal
from math import isfinite
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainValidator, model_validator
from pydantic_core import PydanticCustomError

from schemas.columns import is_text
from schemas.reasons import Reason

DOCUMENT_ID = "__id__"
"""Name under which the reader passes the document's id; Firestore reserves names of this form, so none collides."""

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)
"""Times outside [EARLIEST, LATEST) are not trading history."""

NUMERIC_LIMIT = Decimal(10) ** 29
"""NUMERIC holds 29 digits before the point."""

_NANO = Decimal("1e-9")
_FAR_BELOW = 28
"""Digits before the point with which no rounding reaches the limit."""
_EXACT = Context(prec=400, rounding=ROUND_HALF_EVEN)
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_NOT_FINITE = re.compile(r"[+-]?(nan|inf|infinity)", re.ASCII | re.IGNORECASE)
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d{1,9})?([Zz]|[+-]\d\d:[0-5]\d)?", re.ASCII)


def refuse(reason: Reason, message: str) -> PydanticCustomError:
    """Build the error that carries a reason code through pydantic. The message must not contain the value."""
    return PydanticCustomError(reason.value, "{explanation}", {"explanation": message})


def numeric(value: Decimal) -> Decimal:
    """Round half-even to the 9 decimals of NUMERIC.

    Raises:
        PydanticCustomError: OUT_OF_RANGE when more than 29 digits stand before the point.
    """
    if value.is_finite() and value.adjusted() < _FAR_BELOW:
        rounded = _EXACT.quantize(value, _NANO)
        return rounded or rounded.copy_abs()
    return _close_to_the_limit(value)


def _close_to_the_limit(value: Decimal) -> Decimal:
    # copy_abs, unlike abs, does not round to the context's 28 digits.
    if value.copy_abs() >= NUMERIC_LIMIT:
        raise refuse(Reason.OUT_OF_RANGE, "more than 29 digits before the decimal point")
    rounded = value.quantize(_NANO, context=_EXACT)
    if rounded.copy_abs() >= NUMERIC_LIMIT:
        raise refuse(Reason.OUT_OF_RANGE, "more than 29 digits before the decimal point")
    return rounded or rounded.copy_abs()


def _decimal(value: object) -> Decimal:
    # Of nearly every number one of these says it all; isinstance with several types is slow.
    if type(value) is float and isfinite(value):
        return numeric(Decimal(repr(value)))
    if type(value) is int or (type(value) is str and _NUMBER.fullmatch(value)):
        return numeric(Decimal(value))
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        raise refuse(Reason.BAD_TYPE, "expected a number")
    if isinstance(value, str) and not _NUMBER.fullmatch(value):
        reason = Reason.NOT_FINITE if _NOT_FINITE.fullmatch(value) else Reason.BAD_TYPE
        raise refuse(reason, "expected a finite decimal number")
    # repr() is the shortest decimal that reads back as the same double: what the engine meant to write.
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if not number.is_finite():
        raise refuse(Reason.NOT_FINITE, "expected a finite number")
    return numeric(number)


def _positive(value: object) -> Decimal:
    return _above_zero(_decimal(value))


def _above_zero(number: Decimal) -> Decimal:
    if number <= 0:
        raise refuse(Reason.NOT_POSITIVE, "expected a number above zero (after rounding to 9 decimals)")
    return number


def _fill(value: object) -> Decimal | None:
    """Read a fill price: null and zero mean that the engine did not learn it, which is no error."""
    if value is None:
        return None
    number = _decimal(value)
    return _above_zero(number) if number else None


def _instant(value: object) -> datetime:
    if isinstance(value, str):
        if not (match := _RFC3339.fullmatch(value)):
            raise refuse(Reason.BAD_TYPE, "expected a timestamp or an RFC 3339 string")
        if match[2] is None:
            raise refuse(Reason.NAIVE_TIME, "the time has no offset from UTC")
        value = _parsed(value)
    if not isinstance(value, datetime):
        raise refuse(Reason.BAD_TYPE, "expected a timestamp or an RFC 3339 string")
    if value.tzinfo is None:
        raise refuse(Reason.NAIVE_TIME, "the time has no offset from UTC")
    # Compared before conversion: converting the first or last representable hour would overflow.
    if not EARLIEST <= value < LATEST:
        raise refuse(Reason.OUT_OF_RANGE, "the time lies outside 2000 to 2099")
    return value.astimezone(UTC)


def _parsed(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text.upper())
    except ValueError as error:
        raise refuse(Reason.BAD_TYPE, "the time does not exist in the calendar") from error


def as_instant_or_none(value: object) -> datetime | None:
    """Read a time as documents write it; None when it is none."""
    try:
        return _instant(value)
    except PydanticCustomError:
        return None


def as_text(value: object) -> str:
    """Take a non-empty string as it is; refuse anything else."""
    if not isinstance(value, str):
        raise refuse(Reason.BAD_TYPE, "expected a string")
    if not value:
        raise refuse(Reason.MISSING_FIELD, "the string is empty")
    if not is_text(value):
        raise refuse(Reason.BAD_TYPE, "half a character is no text")
    return value


def _optional_text(value: object) -> str | None:
    return None if value is None or value == "" else as_text(value)


def _text_or_time(value: object) -> datetime | str:
    return _instant(value) if isinstance(value, datetime) else as_text(value)


def _whole(value: object) -> int:
    number = _decimal(value)
    if number != number.to_integral_value():
        raise refuse(Reason.BAD_TYPE, "expected a whole number")
    return int(number)


def _flag(value: object) -> bool:
    if not isinstance(value, bool):
        raise refuse(Reason.BAD_TYPE, "expected true or false")
    return value


def _map(value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise refuse(Reason.BAD_TYPE, "expected a map")
    return value


def as_list(value: object) -> list[Any]:
    """Take a list as it is; refuse anything else."""
    if not isinstance(value, list):
        raise refuse(Reason.BAD_TYPE, "expected a list")
    return value


def _side(value: object) -> str:
    return {"buy": "LONG", "sell": "SHORT"}.get(text := as_text(value), text)


# These functions say all there is to say, so pydantic checks nothing after them.
Number = Annotated[Decimal, PlainValidator(_decimal)]
Positive = Annotated[Decimal, PlainValidator(_positive)]
FillPrice = Annotated[Decimal | None, PlainValidator(_fill)]
Time = Annotated[datetime, PlainValidator(_instant)]
String = Annotated[str, PlainValidator(as_text)]
OptionalString = Annotated[str | None, PlainValidator(_optional_text)]
Whole = Annotated[int, PlainValidator(_whole)]
Stated = Annotated[datetime | str, PlainValidator(_text_or_time)]
"""A date the engine wrote for itself, as text or as a timestamp; kept out of every rule."""
Flag = Annotated[bool, PlainValidator(_flag)]
Map = Annotated[dict[str, Any], PlainValidator(_map)]
Strings = Annotated[list[String], BeforeValidator(as_list)]
DocumentSide = Annotated[Literal["LONG", "SHORT"], BeforeValidator(_side)]
DocumentAssetClass = Annotated[Literal["CRYPTO", "EQUITY", "OPTION"], BeforeValidator(as_text)]


def _is_zero(value: object) -> bool:
    try:
        return _decimal(value) == 0
    except PydanticCustomError:
        return False


def _is_same(one: object, other: object) -> bool:
    return one == other and isinstance(one, bool) == isinstance(other, bool)


class Document(BaseModel):
    """Base of all source documents. Unknown fields are kept in `extra`."""

    model_config = ConfigDict(extra="allow", frozen=True, use_attribute_docstrings=True, hide_input_in_errors=True)

    SPELLINGS: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    """Field name → other names the trading engine writes for it. The first that carries a value wins."""
    ZERO_IS_UNKNOWN: ClassVar[frozenset[str]] = frozenset()
    """Fields of more than one spelling in which zero means that the engine did not learn the value."""
    KEY: ClassVar[str | None] = None
    """The field that repeats the document's id, if any."""

    document_id: str = Field(alias=DOCUMENT_ID, min_length=1)
    """Id of the document in its collection; the reader supplies it."""

    @model_validator(mode="before")
    @classmethod
    def _one_spelling(cls, fields: dict[str, Any]) -> dict[str, Any]:
        """Move each field to its first spelling. A second spelling with another value stays among the extras."""
        fields = {name: value for name, value in fields.items() if value is not None or not cls._is_known(name)}
        for name, others in cls.SPELLINGS.items():
            for other in others:
                if other in fields and cls._is_blank(name, fields.get(name)):
                    fields[name] = fields.pop(other)
                elif other in fields and (cls._is_blank(name, fields[other]) or _is_same(fields[name], fields[other])):
                    del fields[other]
        return fields

    @classmethod
    def _is_blank(cls, name: str, value: object) -> bool:
        """Whether a spelling carries nothing, so that the other one counts: null, an empty string, no fill price."""
        return value is None or value == "" or (name in cls.ZERO_IS_UNKNOWN and _is_zero(value))

    @classmethod
    def _is_known(cls, name: str) -> bool:
        # A field of the document that is called as ours is here is no field of ours.
        ours = name in cls.model_fields and name != "document_id"
        return ours or any(name in others for others in cls.SPELLINGS.values())

    @classmethod
    def spelling(cls, name: str, fields: Mapping[str, Any]) -> str:
        """Find out under which of its names a document states a field: the one that counts, else one it writes."""
        written = [one for one in (name, *cls.SPELLINGS.get(name, ())) if one in fields]
        return next((one for one in written if not cls._is_blank(name, fields[one])), next(iter(written), name))

    @model_validator(mode="after")
    def _key_matches(self) -> Self:
        if self.KEY and getattr(self, self.KEY) != self.document_id:
            raise refuse(Reason.KEY_MISMATCH, f"{self.KEY} differs from the document's id")
        return self

    @property
    def extra(self) -> dict[str, Any]:
        """Fields that no schema knows."""
        return self.model_extra or {}
