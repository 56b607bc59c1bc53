"""What a person reads in quarantine: the words for every refusal of a value."""

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from schemas import document as kinds
from schemas.reasons import Reason
from schemas.trades import PositionDocument
from shared.quarantine import Reject
from tests.unit.samples import guarded

TOO_BIG = "more than 29 digits before the decimal point"
NOT_A_TIME = "expected a timestamp or an RFC 3339 string"
NAIVE = "the time has no offset from UTC"


@pytest.mark.parametrize(
    ("kind", "value", "reason", "words"),
    [
        (kinds.Number, True, Reason.BAD_TYPE, "expected a number"),
        (kinds.Number, [1], Reason.BAD_TYPE, "expected a number"),
        (kinds.Number, "many", Reason.BAD_TYPE, "expected a finite decimal number"),
        (kinds.Number, "-Infinity", Reason.NOT_FINITE, "expected a finite decimal number"),
        (kinds.Number, float("inf"), Reason.NOT_FINITE, "expected a finite number"),
        (kinds.Number, 10**29, Reason.OUT_OF_RANGE, TOO_BIG),
        (kinds.Number, f"{'9' * 29}.9999999999", Reason.OUT_OF_RANGE, TOO_BIG),
        (kinds.Positive, 0, Reason.NOT_POSITIVE, "expected a number above zero (after rounding to 9 decimals)"),
        (kinds.FillPrice, -1, Reason.NOT_POSITIVE, "expected a number above zero (after rounding to 9 decimals)"),
        (kinds.Whole, "1.5", Reason.BAD_TYPE, "expected a whole number"),
        (kinds.Flag, 1, Reason.BAD_TYPE, "expected true or false"),
        (kinds.Map, [], Reason.BAD_TYPE, "expected a map"),
        (kinds.Strings, {}, Reason.BAD_TYPE, "expected a list"),
        (kinds.String, 1, Reason.BAD_TYPE, "expected a string"),
        (kinds.String, "", Reason.MISSING_FIELD, "the string is empty"),
        (kinds.String, "half of one: \ud800", Reason.BAD_TYPE, "half a character is no text"),
        (kinds.Time, "yesterday", Reason.BAD_TYPE, NOT_A_TIME),
        (kinds.Time, 5, Reason.BAD_TYPE, NOT_A_TIME),
        (kinds.Time, "2026-03-02T10:00:00+05:60", Reason.BAD_TYPE, NOT_A_TIME),
        (kinds.Time, "2026-03-02T10:00:00", Reason.NAIVE_TIME, NAIVE),
        (kinds.Time, datetime(2026, 3, 2), Reason.NAIVE_TIME, NAIVE),  # noqa: DTZ001 - a naive time is the point
        (kinds.Time, "2026-02-30T10:00:00Z", Reason.BAD_TYPE, "the time does not exist in the calendar"),
        (kinds.Time, datetime(2100, 1, 1, tzinfo=UTC), Reason.OUT_OF_RANGE, "the time lies outside 2000 to 2099"),
    ],
)
def test_a_value_is_refused_for_its_reason_in_these_words(kind: Any, value: Any, reason: Reason, words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        TypeAdapter(kind).validate_python(value)

    (error,) = caught.value.errors()
    assert (error["type"], error["msg"]) == (reason.value, words)


def test_a_key_that_differs_is_refused_by_the_field_s_name() -> None:
    result = guarded(PositionDocument, position_id="p-2")

    assert isinstance(result, Reject)
    assert [fault.message for fault in result.faults] == ["position_id differs from the document's id"]


def test_a_text_or_a_time_is_taken_as_it_is_written() -> None:
    class Written(BaseModel):
        ds: kinds.Stated

    assert Written(ds="2026-03-02").ds == "2026-03-02"
    assert Written(ds=datetime(2026, 3, 2, tzinfo=UTC)).ds == datetime(2026, 3, 2, tzinfo=UTC)
