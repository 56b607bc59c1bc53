"""JSON whose decimal numbers keep every digit they were written with."""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson

JsonObject = dict[str, Any]


def loads(text: str | bytes) -> Any:
    """Parse JSON; a number with a fraction or an exponent becomes a Decimal.

    Raises:
        ValueError: The text is not JSON, or holds NaN or Infinity, which JSON does not know.
    """
    return json.loads(text, parse_float=Decimal, parse_constant=_refuse)


def dumps(value: Mapping[str, Any] | list[Any], *, indent: bool = False) -> bytes:
    """Write JSON; a Decimal becomes a number with exactly its digits, never a float's rounding of them."""
    return orjson.dumps(value, default=_digits, option=orjson.OPT_INDENT_2 if indent else None)


def _digits(value: object) -> orjson.Fragment:
    if isinstance(value, Decimal) and value.is_finite():
        return orjson.Fragment(format(value, "f"))
    raise TypeError(f"{value!r} has no place in JSON")


def _refuse(constant: str) -> Any:
    raise ValueError(f"{constant} is not JSON")
