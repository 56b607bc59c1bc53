"""Preconditions, masks, transforms and batches, on Google's emulator and on the stand-in alike."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from google.api_core import exceptions
from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.types import (
    ArrayValue,
    BatchWriteRequest,
    CommitRequest,
    Document,
    DocumentMask,
    DocumentTransform,
    Precondition,
    Value,
    Write,
)

pytest_plugins = ["tests.emulator.firestore_fixtures"]

_ADMIN = [("authorization", "Bearer owner")]  # Google's emulator wants it for batch writes
_STALE = datetime(2026, 1, 1, tzinfo=UTC)


def _update(database: str, path: str, **fields: Value) -> Write:
    return Write(update=Document(name=f"{database}/documents/{path}", fields=fields))


def _fields(document: firestore.DocumentReference) -> dict[str, Any]:
    return document.get().to_dict() or {}


def test_create_refuses_a_document_that_exists(either_db: firestore.Client) -> None:
    either_db.document("c/d").create({"x": 1})

    with pytest.raises(exceptions.AlreadyExists):
        either_db.document("c/d").create({"x": 2})


def test_update_refuses_a_document_that_does_not_exist(either_db: firestore.Client) -> None:
    with pytest.raises(exceptions.NotFound):
        either_db.document("c/d").update({"x": 1})


def test_a_write_at_the_last_update_time_goes_through_once(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    seen = either_db.write_option(last_update_time=document.set({"x": 1}).update_time)

    document.update({"x": 2}, option=seen)

    with pytest.raises(exceptions.FailedPrecondition):
        document.update({"x": 3}, option=seen)
    with pytest.raises(exceptions.FailedPrecondition):
        document.delete(option=seen)
    assert _fields(document) == {"x": 2}


def test_an_update_time_never_fits_a_missing_document(either_db: firestore.Client) -> None:
    with pytest.raises(exceptions.FailedPrecondition):
        either_db.document("c/d").delete(option=either_db.write_option(last_update_time=_STALE))


def test_delete_can_require_that_the_document_exists(either_db: firestore.Client) -> None:
    with pytest.raises(exceptions.NotFound):
        either_db.document("c/d").delete(option=either_db.write_option(exists=True))


def test_a_mask_changes_the_fields_it_names_and_no_others(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"map": {"kept": 1, "changed": 2, "dropped": 3}, "a.b": 4, "number": 5, "gone": 6})

    document.update(
        {
            "map.changed": 20,
            "map.dropped": firestore.DELETE_FIELD,
            FieldPath("a.b").to_api_repr(): 40,
            "number.now.a": "map",
            "gone": firestore.DELETE_FIELD,
        }
    )

    assert _fields(document) == {"map": {"kept": 1, "changed": 20}, "a.b": 40, "number": {"now": {"a": "map"}}}


def test_merge_writes_over_what_is_there(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"map": {"kept": 1}, "x": 1})

    document.set({"map": {"new": 2}, "odd name": 3}, merge=True)

    assert _fields(document) == {"map": {"kept": 1, "new": 2}, "x": 1, "odd name": 3}


@pytest.mark.parametrize("path", ["a..b", "`open", "two words", "1st", ""])
def test_a_malformed_field_path_is_refused(either_api: FirestoreClient, database: str, path: str) -> None:
    write = _update(database, "c/d")
    write.update_mask = DocumentMask(field_paths=[path])

    with pytest.raises(exceptions.InvalidArgument):
        either_api.commit(CommitRequest(database=database, writes=[write]))


def test_the_server_sets_its_own_time_the_same_for_a_whole_commit(either_db: firestore.Client) -> None:
    batch = either_db.batch()
    for identifier in "de":
        batch.set(either_db.document(f"c/{identifier}"), {"at": firestore.SERVER_TIMESTAMP, "map": {"x": 1}})
    committed = batch.commit()[0].update_time

    first, second = (_fields(either_db.document(f"c/{identifier}"))["at"] for identifier in "de")

    assert first == second
    assert committed - timedelta(seconds=1) < first <= committed
    assert first.nanosecond % 1_000_000 == 0


@pytest.mark.parametrize(
    ("before", "transform", "after"),
    [
        (1, firestore.Increment(2), 3),
        (1, firestore.Increment(0.5), 1.5),
        (1.5, firestore.Increment(1), 2.5),
        ("text", firestore.Increment(1), 1),
        (2**63 - 1, firestore.Increment(5), 2**63 - 1),
        (-(2**63), firestore.Increment(-5), -(2**63)),
        (3, firestore.Maximum(5), 5),
        (3, firestore.Maximum(3.0), 3),
        ("text", firestore.Maximum(7), 7),
        (3, firestore.Minimum(2.5), 2.5),
        (0.0, firestore.Minimum(0), 0.0),
        ([1, 2, 1], firestore.ArrayUnion([2.0, 3, 3]), [1, 2, 1, 3]),
        ("text", firestore.ArrayUnion([1, 1]), [1]),
        ([1, 2.0, 1, None], firestore.ArrayRemove([1.0, None]), [2.0]),
        ("text", firestore.ArrayRemove([1]), []),
    ],
)
def test_a_transform_computes_from_what_is_stored(
    either_db: firestore.Client, before: Any, transform: Any, after: Any
) -> None:
    document = either_db.document("c/d")
    document.set({"x": before})

    document.update({"x": transform})

    assert repr(_fields(document)["x"]) == repr(after)


def test_a_transform_of_an_absent_field_starts_from_nothing(either_db: firestore.Client) -> None:
    document = either_db.document("c/d")
    document.set({"n": firestore.Increment(2), "m": {"list": firestore.ArrayUnion(["a"])}})

    assert _fields(document) == {"n": 2, "m": {"list": ["a"]}}


def test_transforms_tell_what_they_made_of_numbers(either_api: FirestoreClient, database: str) -> None:
    write = _update(database, "c/d", n=Value(integer_value=1))
    write.update_transforms = [
        DocumentTransform.FieldTransform(field_path="n", increment=Value(integer_value=1)),
        DocumentTransform.FieldTransform(field_path="n", increment=Value(integer_value=1)),
        DocumentTransform.FieldTransform(field_path="list", append_missing_elements=ArrayValue()),
    ]

    (result,) = either_api.commit(CommitRequest(database=database, writes=[write])).write_results

    assert result.transform_results == [Value(integer_value=2), Value(integer_value=3), Value(null_value=0)]


def test_a_number_can_only_be_increased_by_a_number(either_api: FirestoreClient, database: str) -> None:
    write = _update(database, "c/d")
    write.update_transforms = [DocumentTransform.FieldTransform(field_path="n", increment=Value(string_value="1"))]

    with pytest.raises(exceptions.InvalidArgument):
        either_api.commit(CommitRequest(database=database, writes=[write]))


def test_an_array_cannot_be_appended_to_an_array(either_api: FirestoreClient, database: str) -> None:
    write = _update(database, "c/d")
    inner = ArrayValue(values=[Value(array_value=ArrayValue())])
    write.update_transforms = [DocumentTransform.FieldTransform(field_path="n", append_missing_elements=inner)]

    with pytest.raises(exceptions.InvalidArgument):
        either_api.commit(CommitRequest(database=database, writes=[write]))


def test_a_batch_is_applied_in_order_at_one_time(either_db: firestore.Client) -> None:
    batch = either_db.batch()
    batch.set(either_db.document("c/d"), {"x": 1})
    batch.update(either_db.document("c/d"), {"y": 2})
    batch.set(either_db.document("c/e"), {"z": 3})

    results = batch.commit()

    assert len({result.update_time for result in results}) == 1
    assert _fields(either_db.document("c/d")) == {"x": 1, "y": 2}


def test_a_batch_with_one_bad_write_changes_nothing(either_db: firestore.Client) -> None:
    batch = either_db.batch()
    batch.set(either_db.document("c/d"), {"x": 1})
    batch.update(either_db.document("c/missing"), {"x": 1})

    with pytest.raises(exceptions.NotFound):
        batch.commit()

    assert not either_db.document("c/d").get().exists


def test_a_commit_without_writes_has_a_commit_time(either_api: FirestoreClient, database: str) -> None:
    assert either_api.commit(CommitRequest(database=database)).commit_time


def test_a_commit_cannot_reach_into_another_project(either_api: FirestoreClient, database: str) -> None:
    elsewhere = _update("projects/elsewhere/databases/(default)", "c/d")

    with pytest.raises(exceptions.InvalidArgument):
        either_api.commit(CommitRequest(database=database, writes=[elsewhere]))


def test_a_batch_write_tells_how_each_write_went(either_api: FirestoreClient, database: str) -> None:
    refused = _update(database, "c/missing")
    refused.current_document = Precondition(exists=True)
    writes = [_update(database, "c/d"), refused, Write(delete=f"{database}/documents/c/e")]

    response = either_api.batch_write(BatchWriteRequest(database=database, writes=writes), metadata=_ADMIN)

    assert [status.code for status in response.status] == [0, 5, 0]
    assert [bool(result.update_time) for result in response.write_results] == [True, False, False]


def test_a_batch_write_takes_each_document_once(either_api: FirestoreClient, database: str) -> None:
    writes = [_update(database, "c/d"), _update(database, "c/d")]

    with pytest.raises(exceptions.InvalidArgument):
        either_api.batch_write(BatchWriteRequest(database=database, writes=writes), metadata=_ADMIN)


def test_a_bulk_writer_writes(either_db: firestore.Client) -> None:
    writer = either_db.bulk_writer()
    for number in range(40):
        writer.set(either_db.document(f"c/{number}"), {"n": number})
    writer.close()

    assert either_db.collection("c").count().get()[0][0].value == 40


def test_adding_without_an_id_makes_one(either_db: firestore.Client) -> None:
    _, document = either_db.collection("c").add({"x": 1})

    assert _fields(document) == {"x": 1}


def test_the_single_document_methods_create_update_and_delete(either_api: FirestoreClient, database: str) -> None:
    parent = f"{database}/documents"
    created = either_api.create_document(
        {"parent": parent, "collection_id": "c", "document": {"fields": {"x": {"integer_value": 1}}}}
    )
    updated = either_api.update_document(
        {
            "document": {"name": created.name, "fields": {"y": {"integer_value": 2}}},
            "update_mask": {"field_paths": ["y"]},
        }
    )
    either_api.delete_document({"name": created.name})

    assert set(updated.fields) == {"x", "y"}
    assert updated.update_time > created.update_time == updated.create_time
    with pytest.raises(exceptions.NotFound):
        either_api.get_document({"name": created.name})
