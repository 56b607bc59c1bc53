"""The lean client against the one that it stands in for: the same messages, the same snapshots, the same histories."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore
from google.cloud.firestore_v1 import GeoPoint, _helpers, base_client, base_query
from google.cloud.firestore_v1.types import (
    BatchGetDocumentsResponse,
    Document,
    RunQueryResponse,
    StructuredQuery,
    Write,
)
from hypothesis import given
from hypothesis import strategies as st

from tests.simulation import lean_client
from tests.simulation.firestore import PROJECT, connect
from tests.simulation.histories import History
from tests.simulation.substitution import substituted
from tests.simulation.world import World

HISTORIES, MANY = 6, 300
DOCUMENTS = f"projects/{PROJECT}/databases/(default)/documents"
TIMES = st.datetimes(timezones=st.just(UTC), min_value=datetime(1, 1, 2), max_value=datetime(9999, 12, 30))  # noqa: DTZ001 - Hypothesis adds the zone
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text()
    | st.binary()
    | TIMES
    | TIMES.map(lambda time: DatetimeWithNanoseconds.combine(time.date(), time.timetz()))
    | st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(min_size=1), inner, max_size=3),
    max_leaves=12,
)
FIELDS = st.dictionaries(st.text(min_size=1), VALUES, max_size=6)


def bytes_of(message: Any) -> bytes:
    raw = getattr(message, "_pb", message)
    data: bytes = raw.SerializeToString(deterministic=True)
    return data


@given(VALUES)
def test_a_value_is_written_as_the_client_writes_it(value: Any) -> None:
    assert bytes_of(lean_client.encode_value(value)) == bytes_of(_helpers.encode_value(value))


@pytest.mark.parametrize("value", [object(), [firestore.SERVER_TIMESTAMP], {"a": [object()]}])
def test_what_the_client_does_not_take_for_a_value_is_not_written_either(value: Any) -> None:
    with pytest.raises(TypeError):
        _helpers.encode_value(value)

    with pytest.raises(TypeError):
        lean_client.encode_value(value)


@given(FIELDS)
def test_a_document_is_written_whole_as_the_client_writes_it(fields: dict[str, Any]) -> None:
    lean, full = (writes(f"{DOCUMENTS}/c/d", fields) for writes in (lean_client.writes_of_set, wrapped_writes))

    assert list(map(bytes_of, lean)) == list(map(bytes_of, full))


def wrapped_writes(path: str, fields: dict[str, Any]) -> Any:
    return _helpers.pbs_for_set_no_merge(path, fields)


@pytest.mark.parametrize("nested", [False, True])
def test_what_the_server_is_to_fill_in_is_left_to_it(nested: bool) -> None:  # noqa: FBT001 - a parameter
    fields: dict[str, Any] = {"at": firestore.SERVER_TIMESTAMP, "n": 1}
    fields = {"inner": fields} if nested else fields

    (written,) = lean_client.writes_of_set(f"{DOCUMENTS}/c/d", fields)

    assert bytes_of(written) == bytes_of(wrapped_writes(f"{DOCUMENTS}/c/d", fields)[0])
    assert written.update_transforms


def test_a_document_that_asks_for_a_field_to_go_is_refused_as_the_client_refuses_it() -> None:
    with pytest.raises(ValueError, match="DELETE_FIELD"):
        lean_client.writes_of_set(f"{DOCUMENTS}/c/d", {"n": firestore.DELETE_FIELD})


@given(FIELDS)
def test_snapshots_are_read_as_the_client_reads_them(fields: dict[str, Any]) -> None:
    client = World(0).clients.stock
    found = Document(name=f"{DOCUMENTS}/c/d", fields=_helpers.encode_dict(fields), update_time=NOW, create_time=NOW)
    got, told = BatchGetDocumentsResponse(found=found, read_time=NOW), RunQueryResponse(document=found, read_time=NOW)
    collection, references = client.collection("c"), {found.name: client.document("c/d")}

    lean = lean_client.snapshot_of_get(got, references, client)
    full = base_client._parse_batch_get(got, references, client)  # noqa: SLF001 - what is stood in for
    assert seen(lean) == seen(full)
    lean_told = lean_client.snapshot_of_query(told, collection, f"{DOCUMENTS}/c")
    full_told = base_query._query_response_to_snapshot(told, collection, f"{DOCUMENTS}/c")  # noqa: SLF001 - as above
    assert seen(lean_told) == seen(full_told)


NOW = datetime(2021, 9, 1, 12, 30, 15, 123456, tzinfo=UTC)


def seen(snapshot: Any) -> tuple[Any, ...]:
    times = (snapshot.read_time, snapshot.create_time, snapshot.update_time)
    return snapshot.exists, snapshot.reference.path, str(snapshot.to_dict()), times, [type(one) for one in times]


def test_absent_documents_are_read_as_absent() -> None:
    client = World(0).clients.stock
    missing = BatchGetDocumentsResponse(missing=f"{DOCUMENTS}/c/d", read_time=NOW)

    snapshot = lean_client.snapshot_of_get(missing, {f"{DOCUMENTS}/c/d": client.document("c/d")}, client)

    assert (snapshot.exists, snapshot.to_dict(), snapshot.read_time) == (False, None, NOW)
    assert lean_client.snapshot_of_query(RunQueryResponse(read_time=NOW), client.collection("c"), "") is None


@given(FIELDS)
def test_a_copy_is_equal_and_shares_nothing_that_can_change(fields: dict[str, Any]) -> None:
    copied = lean_client.deepcopy(fields)

    assert str(copied) == str(fields)
    assert not {id(one) for one in changeable(copied)} & {id(one) for one in changeable(fields)}


def changeable(value: Any) -> list[Any]:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [value] * isinstance(value, dict | list) + [found for one in inner for found in changeable(one)]


@pytest.mark.parametrize(
    "made",
    [
        lambda: StructuredQuery(limit=3, from_=[StructuredQuery.CollectionSelector(collection_id="c")]),
        lambda: StructuredQuery({"from": [{"collection_id": "c"}]}),
        lambda: Document(name="n", update_time=NOW),
        lambda: Write(update=Document(name="n", fields={"a": {"integer_value": 1}}), current_document=None),
        lambda: Document(Document(name="n")),
        lambda: StructuredQuery.Order(direction=StructuredQuery.Direction.DESCENDING),
    ],
)
def test_messages_are_wrapped_alike_converted_or_not(made: Any) -> None:
    with substituted(lean_client.LEAN):
        lean = made()

    assert bytes_of(lean) == bytes_of(made())


def test_a_message_with_a_field_that_it_does_not_have_is_refused() -> None:
    with substituted(lean_client.LEAN), pytest.raises(ValueError, match="Unknown field"):
        Document(nmae="n")


def test_retries_are_those_of_the_generated_client() -> None:
    world = World(0)
    lean, full = (connect(world.firestore, lean=lean).stock for lean in (True, False))

    for method in ("begin_transaction", "commit", "rollback", "batch_get_documents", "run_query"):
        assert retry_of(lean, method) == retry_of(full, method)


def retry_of(client: Any, method: str) -> str:
    transport = client._firestore_api.transport  # noqa: SLF001 - as above
    called = transport._wrapped_methods[getattr(transport, method)]  # noqa: SLF001 - as above
    return re.sub(" at 0x[0-9a-f]+", "", str(called._retry))  # noqa: SLF001 - as above


def test_outside_a_world_the_client_is_the_stock_one() -> None:
    with World(0).governed():
        assert _helpers.encode_value is lean_client.encode_value

    assert all(getattr(owner, name) is not lean for owner, name, lean in lean_client.LEAN)


def everything(seed: int, *, lean: bool) -> tuple[Any, ...]:
    """What was told of a history, every version of every document in bytes, and all rows."""
    history = History(seed, lean=lean)
    history.unfold()
    world = history.world
    return history.told, world.firestore.store.history, [table.rows for table in world.dataset.tables.values()]


@pytest.mark.parametrize("number", [HISTORIES, pytest.param(MANY, marks=pytest.mark.nightly)])
def test_histories_are_the_same_to_the_byte_with_all_that_the_client_does(number: int) -> None:
    for seed in range(number):
        assert everything(seed, lean=True) == everything(seed, lean=False)
