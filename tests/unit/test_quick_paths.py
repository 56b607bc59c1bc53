"""What is done quickly for nearly every value comes out as the plain way would have it, for any value."""

from collections.abc import Callable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Annotated, Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import Field, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from schemas.columns import Numeric, Text, is_text
from schemas.document import NUMERIC_LIMIT, FillPrice, Number, Positive, numeric
from schemas.reasons import Reason
from shared.formulae import EXACT, gross_pnl, notional, percent, sign
from shared.values import tagged, to_json
from tests.unit import anything

_WIDE = Context(prec=400, rounding=ROUND_HALF_EVEN)
_SIZED = Annotated[Decimal, Field(max_digits=38, decimal_places=9, allow_inf_nan=False, strict=True)]
_near_the_limit = st.sampled_from((1, -1)).flatmap(
    lambda way: st.decimals(-2, 2, places=12).map(lambda off: _WIDE.add(_WIDE.multiply(NUMERIC_LIMIT, way), off))
)
decimals = st.decimals() | st.decimals(-(10**12), 10**12, places=9) | _near_the_limit
columns = st.decimals(-(10**18), 10**18, places=9)
"""Numbers that a column holds."""


def outcome(call: Callable[[], Any]) -> Any:
    """What a call answers, digit for digit, or what it refuses and why."""
    try:
        found = call()
    except ValidationError as error:
        return [(one["loc"], one["type"], one["msg"]) for one in error.errors()]
    except PydanticCustomError as error:
        return error.type
    except (ArithmeticError, orjson.JSONEncodeError, RecursionError) as error:
        return type(error)
    return str(found), type(found)


class _Text(str):
    """A string that is none to a quick look."""

    __slots__ = ()


class _Whole(int):
    """A whole number that is none to a quick look."""


def _rounded(value: Decimal) -> Decimal:
    """Round to NUMERIC, comparing with the limit before and after."""
    if value.copy_abs() >= NUMERIC_LIMIT:
        raise PydanticCustomError(Reason.OUT_OF_RANGE.value, "too large")
    rounded = value.quantize(Decimal("1e-9"), context=_WIDE)
    if rounded.copy_abs() >= NUMERIC_LIMIT:
        raise PydanticCustomError(Reason.OUT_OF_RANGE.value, "too large")
    return rounded or rounded.copy_abs()


@given(decimals)
def test_numbers_are_rounded_alike_however_far_from_the_limit(value: Decimal) -> None:
    assert outcome(lambda: numeric(value)) == outcome(lambda: _rounded(value))


@given(st.floats())
def test_a_double_of_a_document_is_the_decimal_that_it_is_written_as(value: float) -> None:
    number = TypeAdapter(Number)
    written = Decimal(repr(value))
    assert outcome(lambda: number.validate_python(value)) == outcome(lambda: number.validate_python(written))


@given(st.integers() | st.text(max_size=12) | decimals.map(str) | st.sampled_from(("1e400", "-0", "+.5", "nan", "inf")))
def test_numbers_and_texts_of_a_document_are_read_as_those_of_any_other_type_are(value: int | str) -> None:
    number, slowly = TypeAdapter(Number), _Text(value) if isinstance(value, str) else _Whole(value)
    assert outcome(lambda: number.validate_python(value)) == outcome(lambda: number.validate_python(slowly))


@given(st.none() | st.integers() | st.floats() | decimals.map(str))
def test_a_fill_price_is_a_positive_number_or_nothing(value: object) -> None:
    price, positive, number = TypeAdapter(FillPrice), TypeAdapter(Positive), TypeAdapter(Number)
    nothing = value is None or outcome(lambda: number.validate_python(value))[0] == "0E-9"
    plainly = outcome(lambda: None if nothing else positive.validate_python(value))
    assert outcome(lambda: price.validate_python(value)) == plainly


@given(decimals | anything.json_scalars)
def test_a_column_of_numbers_takes_and_refuses_what_its_digits_say(value: object) -> None:
    column, sized = TypeAdapter(Numeric), TypeAdapter[Decimal](_SIZED)
    assert outcome(lambda: column.validate_python(value)) == outcome(lambda: sized.validate_python(value))


@given(anything.texts)
def test_a_column_of_text_refuses_exactly_what_is_none(value: str) -> None:
    column = TypeAdapter(Text)
    if is_text(value):
        assert column.validate_python(value, strict=True) == value
    else:
        with pytest.raises(ValidationError, match="unicode"):
            column.validate_python(value, strict=True)


@given(anything.values)
def test_json_comes_out_as_if_every_value_were_looked_at(value: Any) -> None:
    plainly = outcome(lambda: orjson.dumps(tagged(value), option=orjson.OPT_SORT_KEYS).decode())
    assert outcome(lambda: to_json(value)) == plainly


@given(columns, columns, columns, st.sampled_from(("LONG", "SHORT")))
def test_formulae_are_what_they_say_in_exact_arithmetic(one: Decimal, two: Decimal, size: Decimal, side: str) -> None:
    with localcontext(EXACT):
        gained = outcome(lambda: _rounded(sign(side) * (two - one) * size))
        share = outcome(lambda: _rounded(one / two * 100))
        product = one * two * size
    assert outcome(lambda: gross_pnl(side, one, two, size)) == gained
    assert outcome(lambda: percent(one, two)) == share
    assert notional(one, two, size) == product
