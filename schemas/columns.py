"""A type per meaning for table columns. Each maps to exactly one BigQuery type; see `schemas.bigquery`."""

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, GetCoreSchemaHandler, TypeAdapter
from pydantic_core import CoreSchema, core_schema


class JsonMark:
    """Marks a string column that holds one JSON document (BigQuery type JSON)."""


class PatchedBy:
    """Marks a column that another job owns: the archival loop writes it once and never revises it."""

    def __init__(self, job: str) -> None:
        """Name the owning job as the command line spells it."""
        self.job = job


class Since:
    """Marks a column that came with a later schema version: rows written under an older one hold NULL there."""

    def __init__(self, version: int) -> None:
        """Name the first version that has it."""
        self.version = version


class _Utc:
    """Makes a column hold times whose offset from UTC is zero, as it finds them."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.datetime_schema(strict=True, tz_constraint=0)


def is_text(value: str) -> bool:
    """Tell whether a text is one: JSON can spell half a character (a lone surrogate), and no column can hold it."""
    try:
        return value.isascii() or bool(value.encode())
    except UnicodeEncodeError:
        return False


_NANO = Decimal("1e-9")
_ANY_NUMERIC = TypeAdapter[Decimal](
    Annotated[Decimal, Field(max_digits=38, decimal_places=9, allow_inf_nan=False, strict=True)]
)


def _numeric(value: Any) -> Decimal:
    """Take a number of nine decimals and at most 29 digits before them, as rounding leaves it; ask pydantic of others.

    Of every number pydantic asks Python several questions, which took a third of what a row's validation does.
    """
    if type(value) is Decimal and value.same_quantum(_NANO) and value.adjusted() < 29:  # noqa: PLR2004 - said above
        return value
    return _ANY_NUMERIC.validate_python(value)


class _Rounded:
    """Makes a column hold what `_numeric` lets pass."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_plain_validator_function(_numeric)


Numeric = Annotated[Decimal, _Rounded()]
"""BigQuery NUMERIC: 38 digits, 9 of them decimals. Excess decimals are a bug here, for rounding happens earlier."""

Price = Numeric
"""US dollars per unit."""

Quantity = Numeric
"""Units: coins, shares or contracts."""

Usd = Numeric
"""US dollars."""

Percent = Numeric
"""Percent: 1.5 means 1.5 %."""

Instant = Annotated[datetime, _Utc()]
"""A moment, UTC, to the microsecond."""

Day = date
"""A UTC calendar date."""

Count = Annotated[int, Field(ge=0, le=2**63 - 1)]
Integer = Annotated[int, Field(ge=-(2**63), le=2**63 - 1)]
Text = Annotated[str, Field(min_length=0)]
"""Whole characters: to measure a text, pydantic encodes it, which half of one (a lone surrogate) does not survive."""
Json = Annotated[str, JsonMark()]
"""One JSON document as text."""

Side = Literal["LONG", "SHORT"]
AssetClass = Literal["CRYPTO", "EQUITY", "OPTION"]
StrategyCheck = Literal["VERIFIED", "MISMATCH", "UNKNOWN_VERSION"]
BrokerCheck = Literal["MATCHED", "CORRECTED", "NOT_FOUND"]
FeeMethod = Literal["ESTIMATED", "EXACT", "PRORATA", "NONE_POSTED"]
TheoreticalExit = Literal["TAKE_PROFIT", "STOP_LOSS", "HORIZON", "NO_MARKET_DATA", "NOT_TRADABLE"]
PositionTradeType = Literal["EXECUTED", "THEORETICAL"]
