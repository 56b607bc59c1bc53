"""Filters over values of every type and their order, on Google's emulator and on the stand-in alike."""

import math
from collections.abc import Iterator, Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore import CollectionReference, FieldFilter, Query
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.vector import Vector

from tests.emulator.firestore_servers import connect, fill, ids

pytest_plugins = ["tests.emulator.firestore_fixtures"]

_INSTANT = datetime(2026, 1, 1, tzinfo=UTC)

_IN_ORDER: Mapping[str, Any] = {
    "null": None,
    "false": False,
    "true": True,
    "nan": math.nan,
    "minus_infinity": -math.inf,
    "zero": 0,
    "zero_negative": -0.0,
    "one": 1,
    "one_double": 1.0,
    "one_and_a_half": 1.5,
    "two_to_53": float(2**53),
    "two_to_53_plus_one": 2**53 + 1,
    "infinity": math.inf,
    "time": _INSTANT,
    "time_later": _INSTANT + timedelta(microseconds=1),
    "text_empty": "",
    "text_a": "a",
    "text_umlaut": "ä",
    "text_last_of_two_bytes": "\uffff",
    "text_emoji": "😀",
    "bytes": b"a",
    "bytes_longer": b"a\x00",
    "point_west": firestore.GeoPoint(1.0, -2.0),
    "point": firestore.GeoPoint(1.0, 2.0),
    "list_empty": [],
    "list_null": [None],
    "list_1": [1],
    "list_1_2": [1, 2],
    "list_2": [2],
    "list_a_1": ["a", 1.0],
    "vector": Vector([9.0]),
    "vector_longer": Vector([0.0, 0.0]),
    "map_empty": {},
    "map_a": {"a": 1},
    "map_a_b": {"a": 1, "b": 0},
    "map_a2": {"a": 2},
    "map_b": {"b": 0},
}
"""Ids and the values of their field x, in Firestore's order. Equal values are in the order of their ids."""


def _without(*left_out: str) -> list[str]:
    return [identifier for identifier in _IN_ORDER if identifier not in left_out]


def _between(first: str, last: str) -> list[str]:
    order = list(_IN_ORDER)
    return order[order.index(first) : order.index(last) + 1]


@pytest.fixture(scope="module")
def mixed(either_address: str) -> Iterator[CollectionReference]:
    """One document for each value, and one without the field."""
    with closing(connect(either_address, "mixed")) as client:
        fill(client, {f"c/{each}": {"x": value} for each, value in _IN_ORDER.items()} | {"c/absent": {"y": 1}})
        yield client.collection("c")


def test_values_of_all_types_have_one_order(mixed: CollectionReference) -> None:
    assert ids(mixed.order_by("x")) == list(_IN_ORDER)


def test_descending_is_the_exact_reverse(mixed: CollectionReference) -> None:
    assert ids(mixed.order_by("x", direction=Query.DESCENDING)) == list(_IN_ORDER)[::-1]


@pytest.mark.parametrize(
    ("operator", "value", "expected"),
    [
        ("==", 1, ["one", "one_double"]),
        ("==", -0.0, ["zero", "zero_negative"]),
        ("==", 2**53, ["two_to_53"]),
        ("==", None, ["null"]),
        ("==", math.nan, ["nan"]),
        ("==", _INSTANT, ["time"]),
        ("==", [1], ["list_1"]),
        ("==", {"b": 0, "a": 1.0}, ["map_a_b"]),
        ("!=", 1, _without("null", "one", "one_double")),
        ("!=", None, _without("null")),
        ("!=", math.nan, _without("null", "nan")),
        ("<", True, ["false"]),
        ("<", 1, _between("minus_infinity", "zero_negative")),
        ("<=", math.inf, _between("minus_infinity", "infinity")),
        (">", 2**53, ["two_to_53_plus_one", "infinity"]),
        (">=", _INSTANT, ["time", "time_later"]),
        (">", "", _between("text_a", "text_emoji")),
        (">=", "ä", _between("text_umlaut", "text_emoji")),
        ("<=", b"a", ["bytes"]),
        ("<", firestore.GeoPoint(1.0, 0.0), ["point_west"]),
        ("<", [1], ["list_empty", "list_null"]),
        (">", {"a": 1}, ["map_a_b", "map_a2", "map_b"]),
        ("in", [1, "a", None], ["one", "one_double", "text_a"]),
        ("in", [[2], {}], ["list_2", "map_empty"]),
        ("not-in", [1, "a", math.nan], _without("null", "one", "one_double", "text_a")),
        ("not-in", [1, None], []),
        ("array_contains", 1, ["list_1", "list_1_2", "list_a_1"]),
        ("array_contains_any", [2, "a"], ["list_1_2", "list_2", "list_a_1"]),
    ],
)
def test_a_filter_finds(mixed: CollectionReference, operator: str, value: Any, expected: list[str]) -> None:
    assert ids(mixed.order_by("x").where(filter=FieldFilter("x", operator, value))) == expected


@pytest.mark.parametrize(
    ("operator", "value"),
    [
        ("in", []),
        ("in", list(range(31))),
        ("not-in", list(range(11))),
        ("array_contains_any", []),
    ],
)
def test_a_list_of_operands_that_is_empty_or_too_long_is_refused(
    mixed: CollectionReference, operator: str, value: Any
) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        mixed.where(filter=FieldFilter("x", operator, value)).get()


def test_references_are_ordered_segment_by_segment(either_db: firestore.Client) -> None:
    paths = ["a/b", "a/b/c/d", "a/c", "a!/b"]
    fill(either_db, {f"c/{index}": {"x": either_db.document(path)} for index, path in enumerate(paths)})
    later = either_db.collection("c").where(filter=FieldFilter("x", ">", either_db.document("a/b")))

    assert ids(either_db.collection("c").order_by("x")) == ["0", "1", "2", "3"]
    assert ids(later) == ["1", "2", "3"]


def test_nested_and_quoted_fields_can_be_filtered_and_ordered(either_db: firestore.Client) -> None:
    fill(either_db, {"c/a": {"m": {"odd name": 2}}, "c/b": {"m": {"odd name": 1}}, "c/c": {"m": 1}})
    field = FieldPath("m", "odd name").to_api_repr()

    assert ids(either_db.collection("c").order_by(field)) == ["b", "a"]
    assert ids(either_db.collection("c").where(filter=FieldFilter(field, "==", 2))) == ["a"]


def test_names_are_ordered_by_their_bytes(either_db: firestore.Client) -> None:
    ordered = ["!", "10", "9", "A", "Z", "a", "ab", "ä", "\uffff", "😀"]
    fill(either_db, {f"c/{identifier}": {} for identifier in reversed(ordered)})

    assert ids(either_db.collection("c").limit(100)) == ordered
