"""Whatever the stock client stores, the reader reads as the stock client does, up to the types it names its own."""

import itertools
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from datetime import datetime
from typing import Any, NamedTuple

import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.field_path import FieldPath
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shared.documents import Documents
from shared.settings import load
from shared.values import GeoPoint, RawDocument, Reference
from tests.emulator.firestore_servers import connect
from tests.emulator.stored_documents import Fields, as_deep_as_it_goes, documents, every_edge

pytest_plugins = ["tests.emulator.firestore_fixtures"]

PROJECT = "reader-agreement"
_COLLECTIONS = itertools.count(1)


class Readers(NamedTuple):
    """Two ways to read one server."""

    stock: firestore.Client
    ours: Documents


class Found(NamedTuple):
    """A document as somebody read it, in a form that only equals what has the same values of the same types."""

    id: str
    update_time: str
    fields: Any


@pytest.fixture(scope="module")
def readers(either_address: str) -> Iterator[Readers]:
    with closing(connect(either_address, PROJECT)) as stock:
        yield Readers(
            stock, Documents(load({"GOOGLE_CLOUD_PROJECT": PROJECT, "FIRESTORE_EMULATOR_HOST": either_address}))
        )


def in_our_types(value: Any) -> Any:
    """Turn what the stock client read into what the reader makes of it: times, references and places."""
    match value:
        case datetime():  # One of two classes that count nanoseconds.
            return datetime.combine(value.date(), value.timetz())
        case firestore.DocumentReference():
            return Reference(value._document_path)  # noqa: SLF001 - it shows the full name nowhere else
        case firestore.GeoPoint():
            return GeoPoint(value.latitude, value.longitude)
        case dict():
            return {name: in_our_types(item) for name, item in value.items()}
        case list():
            return [in_our_types(item) for item in value]
        case _:
            return value


def exactly(value: Any) -> Any:
    """Write a value so that 1, 1.0 and True differ, and 0.0 and -0.0, and not-a-number equals itself."""
    if type(value) is dict:
        return {name: exactly(item) for name, item in value.items()}
    if type(value) is list:
        return [exactly(item) for item in value]
    return type(value), repr(value)


def by_stock(snapshots: Iterable[firestore.DocumentSnapshot[Any]]) -> list[Found]:
    return [
        Found(one.id, exactly(in_our_types(one.update_time)), exactly(in_our_types(one.to_dict()))) for one in snapshots
    ]


def by_us(found: Iterable[RawDocument]) -> list[Found]:
    return [Found(one.id, exactly(one.update_time), exactly(one.fields)) for one in found]


def store(collection: firestore.CollectionReference, stored: Mapping[str, Fields]) -> None:
    batch = collection._client.batch()  # noqa: SLF001 - a collection shows its client nowhere else
    for name, fields in stored.items():
        batch.set(collection.document(name), dict(fields))
    batch.commit()


@settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    # A server serves all examples; each has a collection of its own.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_both_read_the_same_documents_at_the_same_revisions_in_the_same_order(
    readers: Readers, data: st.DataObject
) -> None:
    agree(readers, data.draw(documents(readers.stock)))


def test_both_read_every_extreme_value_and_every_odd_name(readers: Readers) -> None:
    agree(readers, every_edge())


def test_both_read_what_is_nested_as_deep_as_it_goes(readers: Readers) -> None:
    agree(readers, {"deep": as_deep_as_it_goes()})


def agree(readers: Readers, stored: Mapping[str, Fields]) -> None:
    """Store documents in a collection of their own, and let both read it in each way there is."""
    name = f"c{next(_COLLECTIONS)}"
    collection = readers.stock.collection(name)
    store(collection, stored)
    some, moment = every_second_field(stored), readers.ours.server_time()
    by_name = collection.order_by("__name__")
    references = [collection.document(each) for each in stored]

    named = by_stock(by_name.select(["__name__"]).stream())
    whole, masked = by_stock(by_name.stream()), by_stock(by_name.select(some).stream())
    looked_up = by_stock(readers.stock.get_all(references, field_paths=some))

    assert len(whole) == len(named) == len(masked) == len(looked_up) == len(stored)
    assert by_us(readers.ours.scan(name, moment)) == whole
    assert by_us(readers.ours.scan(name, moment, ["__name__"])) == named
    assert by_us(readers.ours.scan(name, moment, some)) == masked
    assert by_us(readers.ours.page(name, moment, whole[0].id, (), len(whole))) == whole[1:]
    for at in (None, moment):
        assert by_id(by_us(readers.ours.named(name, stored, at))) == by_id(whole)
    fetched = readers.ours.fetch(name, list(stored), some, moment)
    assert {each: exactly(fields) for each, fields in fetched.items()} == {one.id: one.fields for one in looked_up}


def every_second_field(stored: Mapping[str, Fields]) -> list[str]:
    """Some field names of a collection, written as field paths are."""
    return [FieldPath(name).to_api_repr() for name in sorted({name for each in stored.values() for name in each})][::2]


def by_id(found: Iterable[Found]) -> dict[str, Found]:
    """Look-ups answer in no order."""
    return {one.id: one for one in found}
