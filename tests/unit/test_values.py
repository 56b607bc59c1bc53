import json
import math
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from google.cloud.firestore import GeoPoint as FirestorePoint
from google.cloud.firestore_v1.types import document as messages
from google.protobuf.struct_pb2 import NullValue
from google.protobuf.timestamp_pb2 import Timestamp
from google.type.latlng_pb2 import LatLng
from hypothesis import given
from hypothesis import strategies as st

from infra.local import fixture_values
from shared.values import (
    GeoPoint,
    NoRevisionError,
    Reference,
    decode,
    decode_document,
    moment,
    rfc3339,
    tagged,
    to_json,
    to_json_anyway,
    to_json_for_hash,
)
from tests.unit import anything

MOMENT = datetime(2026, 3, 2, 10, 0, 0, 123456, tzinfo=UTC)
_Value = messages.Value.pb()
_PLAIN = {bool: "boolean_value", int: "integer_value", float: "double_value", str: "string_value", bytes: "bytes_value"}


def message(value: Any) -> Any:
    """The raw message of a value, as the service would send it."""
    if isinstance(value, list):
        return _Value(array_value={"values": [message(item) for item in value]})
    if isinstance(value, dict):
        return _Value(map_value={"fields": {name: message(item) for name, item in value.items()}})
    if type(value) in _PLAIN:
        return _Value(**{_PLAIN[type(value)]: value})
    return _special(value)


def _special(value: Any) -> Any:
    match value:
        case datetime():
            return _Value(timestamp_value=stamp(value))
        case Reference():
            return _Value(reference_value=value.path)
        case GeoPoint():
            return _Value(geo_point_value=LatLng(latitude=value.latitude, longitude=value.longitude))
        case _:
            return _Value(null_value=NullValue.NULL_VALUE)


def stamp(value: datetime) -> Timestamp:
    found = Timestamp()
    found.FromDatetime(value)
    return found


def same(one: Any, other: Any) -> bool:
    """Equality that tells 1 from 1.0 and knows that NaN is NaN."""
    if type(one) is not type(other):
        return False
    if isinstance(one, float):
        return one == other or (math.isnan(one) and math.isnan(other))
    if isinstance(one, dict):
        return sorted(one) == sorted(other) and all(same(one[name], other[name]) for name in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, False, 0, -(2**63), 2**63 - 1, 1.5, -0.0, math.inf, "", "käse\x00", b"", b"\x00\xff", MOMENT),
        *(Reference("projects/p/databases/(default)/documents/a/b"), GeoPoint(52.5, -13.25)),
        *([], [1, [2.0, "3"]], {}, {"a": {"b": [None, {"c": b"d"}]}}),
    ],
    ids=repr,
)
def test_every_type_of_value_is_decoded(value: Any) -> None:
    assert same(decode(message(value)), value)


def test_not_a_number_stays_not_a_number() -> None:
    assert math.isnan(decode(message(math.nan)))


def test_a_value_without_content_is_null() -> None:
    assert decode(_Value()) is None


@given(anything.stored_values)
def test_whatever_firestore_sends_is_decoded_whole(value: Any) -> None:
    assert same(decode(message(value)), value)


@pytest.mark.parametrize(
    ("seconds", "nanos", "expected"),
    [
        (0, 0, "1970-01-01T00:00:00+00:00"),
        (0, 999, "1970-01-01T00:00:00+00:00"),
        (0, 999_999_999, "1970-01-01T00:00:00.999999+00:00"),
        (-1, 999_999_999, "1969-12-31T23:59:59.999999+00:00"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00+00:00"),
        (253_402_300_799, 999_999_000, "9999-12-31T23:59:59.999999+00:00"),
    ],
)
def test_a_timestamp_is_cut_to_the_microsecond(seconds: int, nanos: int, expected: str) -> None:
    assert moment(Timestamp(seconds=seconds, nanos=nanos)) == datetime.fromisoformat(expected)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_timestamp_keeps_every_microsecond(value: datetime) -> None:
    assert moment(stamp(value)) == value


@pytest.mark.parametrize("path", ["live_positions/p 1/legs/documents", "live_positions/p 1/documents/documents"])
@pytest.mark.parametrize("database", ["(default)", "documents"])
def test_a_document_keeps_its_path_its_id_and_its_revision(database: str, path: str) -> None:
    raw = messages.Document.pb()(
        name=f"projects/p/databases/{database}/documents/{path}",
        fields={"qty": message(1.5)},
        update_time=stamp(MOMENT),
    )

    document = decode_document(raw)

    assert (document.path, document.id) == (path, "documents")
    assert (document.update_time, document.fields) == (MOMENT, {"qty": 1.5})
    assert document.size == raw.ByteSize()


def test_a_document_without_an_update_time_is_not_taken_for_one_of_1970() -> None:
    raw = messages.Document.pb()(name="projects/p/databases/(default)/documents/c/one")

    with pytest.raises(NoRevisionError, match="c/one was answered without its update time"):
        decode_document(raw)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "null"),
        (True, "true"),
        (1, "1"),
        (1.0, "1.0"),
        (2**63 - 1, "9223372036854775807"),
        (0.1, "0.1"),
        (math.nan, '{"$double":"NaN"}'),
        (math.inf, '{"$double":"Infinity"}'),
        (-math.inf, '{"$double":"-Infinity"}'),
        (Decimal("1.50"), '"1.50"'),
        ("käse\x00", '"käse\\u0000"'),
        (b"\x00\xff", '{"$bytes":"AP8="}'),
        (MOMENT, '{"$timestamp":"2026-03-02T10:00:00.123456Z"}'),
        (Reference("a/b"), '{"$ref":"a/b"}'),
        (GeoPoint(52.5, -13.25), '{"$geo":[52.5,-13.25]}'),
        ([1, "2", None], '[1,"2",null]'),
        ({"b": 1, "a": {"d": 2, "c": 3}}, '{"a":{"c":3,"d":2},"b":1}'),
        ({"$ref": "a/b"}, '{"$map":{"$ref":"a/b"}}'),
    ],
    ids=repr,
)
def test_every_type_of_value_has_its_json(value: Any, expected: str) -> None:
    assert to_json(value) == expected


def read_back(value: Any) -> Any:
    """A value as fixture directories are read, which use the same tags."""
    match value:
        case fixture_values.Reference():
            return Reference(value.path)
        case FirestorePoint():
            return GeoPoint(value.latitude, value.longitude)
        case dict():
            return {name: read_back(item) for name, item in value.items()}
        case list():
            return [read_back(item) for item in value]
        case _:
            return value


@given(anything.stored_values)
def test_json_loses_nothing(value: Any) -> None:
    text = to_json(value)

    assert same(read_back(fixture_values.decode(json.loads(text), "value")), value)


@given(anything.stored_values)
def test_json_is_the_same_for_the_same_value(value: Any) -> None:
    def turned(one: Any) -> Any:
        if isinstance(one, dict):
            return {name: turned(item) for name, item in reversed(one.items())}
        return [turned(item) for item in one] if isinstance(one, list) else one

    assert to_json(turned(value)) == to_json(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"b": "\ud800", "a": [1, MOMENT]}, '{"a":[1,{"$timestamp":"2026-03-02T10:00:00.123456Z"}],"b":"\\ud800"}'),
        ({"b": 2**70, "a": b"\x00\xff"}, '{"a":{"$bytes":"AP8="},"b":1180591620717411303424}'),
        ({"b": "käse", "a": None}, '{"a":null,"b":"käse"}'),
    ],
)
def test_what_json_refuses_is_written_all_the_same(value: Any, expected: str) -> None:
    assert to_json_anyway(value) == expected


@given(anything.stored_values)
def test_what_json_takes_is_written_as_ever(value: Any) -> None:
    assert to_json_anyway(value) == to_json(value)


def test_for_a_hash_a_map_that_looks_like_a_tagged_value_stays_one_at_any_depth() -> None:
    look = {"$ref": "a/b"}
    value = {"b": [look, {"$geo": look}], "a": Reference("a/b"), "$": {"$ref": MOMENT}}

    tagged_moment = '{"$timestamp":"2026-03-02T10:00:00.123456Z"}'
    assert to_json_for_hash(value) == (
        f'{{"$":{{"$ref":{tagged_moment}}},"a":{{"$ref":"a/b"}},"b":[{{"$ref":"a/b"}},{{"$geo":{{"$ref":"a/b"}}}}]}}'
    )
    assert to_json([look, {"x": look}]) == '[{"$map":{"$ref":"a/b"}},{"x":{"$map":{"$ref":"a/b"}}}]'


def test_what_is_nested_without_end_is_not_written() -> None:
    endless: list[Any] = []
    endless.append(endless)

    with pytest.raises(RecursionError):
        to_json_anyway(endless)


def test_tagging_leaves_plain_values_alone() -> None:
    plain = {"a": [1, 2.5, "x", None, True, {"b": []}]}

    assert tagged(plain) == plain


offsets = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29), timezones=offsets))  # noqa: DTZ001 - by contract
def test_a_time_is_written_in_utc_and_read_back_the_same(value: datetime) -> None:
    text = rfc3339(value)

    assert text.endswith("Z")
    assert datetime.fromisoformat(text) == value


@pytest.fixture
def far_away(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let the machine be in another zone."""
    monkeypatch.setenv("TZ", "Asia/Kathmandu")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("far_away")
def test_a_time_is_written_in_utc_wherever_the_machine_is() -> None:
    assert rfc3339(MOMENT) == "2026-03-02T10:00:00.123456Z"
