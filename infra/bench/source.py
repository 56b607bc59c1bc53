"""Fill an emulator with the documents to measure with."""

from collections.abc import Iterator
from pathlib import Path

from google.cloud import firestore

from infra.bench.documents import COLLECTION, positions, write_market
from infra.local.seed import seed as load_directory
from shared.batching import batches
from shared.documents import open_firestore
from shared.settings import Settings

_AT_ONCE = 500
"""Writes of one commit; the service takes no more."""


def fill(settings: Settings, directory: Path, count: int, seed: int) -> None:
    """Write this many positions to Firestore and the bars around them to the stand-in broker."""
    client = open_firestore(settings)
    for writes in _writes(client, settings, count, seed):
        writes.commit()
    load_directory(write_market(directory), client, settings)


def _writes(client: firestore.Client, settings: Settings, count: int, seed: int) -> Iterator[firestore.WriteBatch]:
    collection = client.collection(settings.collection(COLLECTION))
    for some in batches(positions(count, seed), _AT_ONCE):
        writes = client.batch()
        for name, fields in some:
            writes.set(collection.document(name), fields)
        yield writes
