"""Documents: what can be stored, how it comes back, and their times. On Google's emulator and on the stand-in alike."""

import math
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from google.api_core import exceptions
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import ArrayValue, CommitRequest, Document, MapValue, Value, Write
from google.type.latlng_pb2 import LatLng

pytest_plugins = ["tests.emulator.firestore_fixtures"]

_MAX_DOCUMENT_BYTES = 1_048_576


def _update(database: str, path: str, **fields: Value) -> Write:
    return Write(update=Document(name=f"{database}/documents/{path}", fields=fields))


def _fields(document: firestore.DocumentReference) -> dict[str, Any]:
    return document.get().to_dict() or {}


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        0,
        -(2**63),
        2**63 - 1,
        0.1,
        math.inf,
        -math.inf,
        datetime(1, 1, 1, tzinfo=UTC),
        datetime(2026, 2, 3, 4, 5, 6, 789012, tzinfo=timezone(timedelta(hours=9))),
        "",
        "Zürich 😀",
        b"\x00\xff",
        firestore.GeoPoint(-90.0, 180.0),
        [],
        [1, "two", None, {"three": [4]}],
        {},
        {"a.b": {"c`d": 1, "e\\f g": 2}},
    ],
)
def test_a_value_comes_back_as_it_was_written(either_db: firestore.Client, value: Any) -> None:
    document = either_db.document("c/d")
    document.set({"value": value})

    assert _fields(document) == {"value": value}


def test_a_reference_comes_back_as_it_was_written(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"other": either_db.document("c/e/f/g")})

    assert _fields(document) == {"other": either_db.document("c/e/f/g")}


def test_nan_comes_back_as_nan(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"value": math.nan})

    assert math.isnan(_fields(document)["value"])


def test_integers_and_doubles_stay_apart(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"integer": 1, "double": 1.0, "negative_zero": -0.0})

    fields = _fields(document)

    assert (type(fields["integer"]), type(fields["double"])) == (int, float)
    assert math.copysign(1, fields["negative_zero"]) == -1


def test_timestamps_are_cut_down_to_microseconds(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"at": DatetimeWithNanoseconds.from_rfc3339("2026-02-03T04:05:06.123456789Z")})

    assert _fields(document) == {"at": DatetimeWithNanoseconds.from_rfc3339("2026-02-03T04:05:06.123456Z")}


def _nested_maps(levels: int) -> Value:
    value = Value(map_value=MapValue())
    for _ in range(levels - 1):
        value = Value(map_value=MapValue(fields={"m": value}))
    return value


def _array(*elements: Value) -> Value:
    return Value(array_value=ArrayValue(values=elements))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("unset", Value()),
        ("nested_array", _array(_array(Value(integer_value=1)))),
        ("pole", Value(geo_point_value=LatLng(latitude=90.5))),
        ("reference", Value(reference_value="nowhere")),
        ("too_deep", _nested_maps(21)),
        ("__reserved__", Value(integer_value=1)),
        ("long_name_" + "x" * 1_491, Value(integer_value=1)),
    ],
)
def test_a_value_that_cannot_be_stored_is_refused(
    either_api: FirestoreClient, database: str, field: str, value: Value
) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        either_api.commit(CommitRequest(database=database, writes=[_update(database, "c/d", **{field: value})]))


def test_maps_nest_twenty_levels_deep(either_api: FirestoreClient, database: str) -> None:
    write = _update(database, "c/d", nested=_nested_maps(20))

    assert either_api.commit(CommitRequest(database=database, writes=[write])).commit_time


def test_a_document_of_exactly_one_mebibyte_is_stored_and_one_byte_more_is_refused(
    either_db: firestore.Client,
) -> None:
    document = either_db.document("c/d")
    # The name takes 2 + 2 + 16 bytes, the document 32, each field its name and text plus a byte for either.
    room = _MAX_DOCUMENT_BYTES - 20 - 32 - (1 + 1 + 600_000 + 1) - (1 + 1 + 1)
    document.set({"a": "x" * 600_000, "b": "x" * room})

    with pytest.raises(exceptions.InvalidArgument):
        document.set({"a": "x" * 600_000, "b": "x" * (room + 1)})


def test_an_id_has_at_most_1500_bytes(either_db: firestore.Client) -> None:
    either_db.document("c/" + "é" * 750).set({})

    with pytest.raises(exceptions.InvalidArgument):
        either_db.document("c/" + "é" * 750 + "x").set({})


@pytest.mark.parametrize("path", ["c/.", "c/..", "c/__reserved__", "__reserved__/d"])
def test_reserved_ids_are_refused(either_db: firestore.Client, path: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        either_db.document(path).set({})


def test_ids_that_datastore_made_from_numbers_are_refused(either_db: firestore.Client) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        either_db.document("c/__id7__").set({})


@pytest.mark.parametrize("number", [7, -5, 2**63 - 1])
def test_whoever_asks_for_an_id_that_datastore_would_make_of_a_number_is_answered(
    either_db: firestore.Client, number: int
) -> None:
    assert not either_db.document(f"c/__id{number}__").get().exists


@pytest.mark.parametrize("number", ["0", "007", "-0", "+7", "\N{ARABIC-INDIC DIGIT SEVEN}", str(2**63)])
def test_what_only_looks_like_such_an_id_is_refused(either_db: firestore.Client, number: str) -> None:
    with pytest.raises(exceptions.InvalidArgument):
        either_db.document(f"c/__id{number}__").get()


def test_a_new_document_is_created_and_updated_at_its_commit(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")

    committed = document.set({"x": 1}).update_time
    snapshot = document.get()

    assert snapshot.create_time == snapshot.update_time == committed


def test_a_change_moves_the_update_time_and_keeps_the_create_time(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    created = document.set({"x": 1}).update_time

    changed = document.set({"x": 2}).update_time

    assert created < changed
    assert (document.get().create_time, document.get().update_time) == (created, changed)


def test_an_identical_rewrite_leaves_the_update_time_alone(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    first = document.set({"x": math.nan, "y": {"a": 1, "b": 2}}).update_time

    assert document.set({"y": {"b": 2, "a": 1}, "x": math.nan}).update_time == first
    assert document.update({"y.a": 1}).update_time == first


def test_the_same_number_as_another_type_is_a_change(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    first = document.set({"x": 1}).update_time

    assert document.set({"x": 1.0}).update_time > first


def test_update_times_increase_strictly_from_commit_to_commit(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")

    times = [document.set({"x": x}).update_time for x in range(20)]

    assert sorted(set(times)) == times


def test_a_missing_document_reads_as_absent(either_db: firestore.Client) -> None:
    assert not either_db.document("c/d").get().exists


def test_get_document_refuses_what_is_not_there(either_api: FirestoreClient, database: str) -> None:
    with pytest.raises(exceptions.NotFound):
        either_api.get_document({"name": f"{database}/documents/c/d"})


def test_deleting_a_missing_document_is_no_error(either_db: firestore.Client) -> None:
    either_db.document("c/d").delete()

    assert not either_db.document("c/d").get().exists


def test_a_document_that_was_deleted_starts_anew(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"old": 1})
    document.delete()

    created = document.create({"new": 1}).update_time

    assert (_fields(document), document.get().create_time) == ({"new": 1}, created)


def test_get_returns_the_fields_that_were_asked_for(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"map": {"wanted": 1, "unwanted": 2}, "odd name": 3, "unwanted": 4})

    snapshot = document.get(["map.wanted", "`odd name`", "absent"])

    assert snapshot.to_dict() == {"map": {"wanted": 1}, "odd name": 3}


def test_get_all_reads_each_document_once_at_one_time(either_db: firestore.Client) -> None:
    documents = [either_db.document(f"c/{each}") for each in ("d", "no", "d")]
    documents[0].set({"x": 1})

    snapshots = list(either_db.get_all(documents))

    assert sorted((snapshot.id, snapshot.exists) for snapshot in snapshots) == [("d", True), ("no", False)]
    assert len({snapshot.read_time for snapshot in snapshots}) == 1
