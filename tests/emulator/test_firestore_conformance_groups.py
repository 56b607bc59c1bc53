"""Collection groups and listings, on Google's emulator and on the stand-in alike."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from google.cloud import firestore
from google.cloud.firestore import Query

from tests.emulator.firestore_servers import connect, fill

pytest_plugins = ["tests.emulator.firestore_fixtures"]


@pytest.fixture(scope="module")
def forest(either_address: str) -> Iterator[firestore.Client]:
    """Collections of the same id at several depths."""
    paths = ["c/a", "c/a/c/z", "c/a!/c/z", "d/a/c/z", "d/a/c/z/c/y", "d/a/e/z", "d!/a/c/z"]
    with closing(connect(either_address, "forest")) as client:
        fill(client, {path: {"depth": path.count("/")} for path in paths})
        yield client


def _paths(query: Query) -> list[str]:
    return [snapshot.reference.path for snapshot in query.get()]


def test_a_collection_group_finds_documents_at_every_depth(forest: firestore.Client) -> None:
    everywhere = ["c/a", "c/a/c/z", "c/a!/c/z", "d/a/c/z", "d/a/c/z/c/y", "d!/a/c/z"]

    assert _paths(forest.collection_group("c").limit(100)) == everywhere
    assert _paths(forest.collection_group("c").order_by("depth").start_at({"depth": 5})) == ["d/a/c/z/c/y"]


def test_a_collection_group_goes_on_after_a_name(forest: firestore.Client) -> None:
    query = forest.collection_group("c").order_by("__name__")

    assert _paths(query.start_after({"__name__": forest.document("c/a!/c/z")}).limit(2)) == ["d/a/c/z", "d/a/c/z/c/y"]


def test_a_collection_holds_its_own_documents_only(forest: firestore.Client) -> None:
    assert _paths(forest.collection("c").limit(100)) == ["c/a"]
    assert _paths(forest.collection("d/a/c").limit(100)) == ["d/a/c/z"]


def test_missing_parents_and_their_collections_are_listed(forest: firestore.Client) -> None:
    assert [collection.id for collection in forest.collections()] == ["c", "d", "d!"]
    assert [collection.id for collection in forest.document("d/a").collections()] == ["c", "e"]
    assert [document.id for document in forest.collection("c").list_documents(page_size=1)] == ["a", "a!"]


def test_a_recursive_delete_takes_everything_below(either_db: firestore.Client) -> None:
    fill(either_db, {path: {} for path in ("c/a", "c/Z/d/b", "c/a/d/b/e/f", "cc/a")})

    either_db.recursive_delete(either_db.collection("c"), chunk_size=2)

    assert [collection.id for collection in either_db.collections()] == ["cc"]
