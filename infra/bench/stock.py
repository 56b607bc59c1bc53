"""The collection by the stock client, as its manual shows it."""

from collections.abc import Iterator
from typing import Any

from google.cloud.firestore import DocumentSnapshot

from infra.bench.documents import COLLECTION
from shared.documents import open_firestore
from shared.settings import Settings


def streamed(settings: Settings) -> Iterator[DocumentSnapshot[Any]]:
    """Yield every document, in the order of names."""
    collection = open_firestore(settings).collection(settings.collection(COLLECTION))
    yield from collection.order_by("__name__").stream()
