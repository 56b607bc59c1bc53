"""Hostile documents in a real Firestore: written as raw messages, and read back as it holds them."""

from collections.abc import Iterator, Mapping
from typing import Any

from google.api_core.exceptions import InvalidArgument
from google.cloud.firestore_v1.types import document, firestore, query, write

from shared.batching import sized_batches
from tests.hostile.documents import Fields
from tests.stack import LocalStack

_Document = document.Document.pb()
_MAX_BYTES = 4_000_000
_OWNER = [("authorization", "Bearer owner")]
"""Google's emulator lets nobody else write in batches."""


def put(stack: LocalStack, collection: str, documents: Mapping[str, Fields]) -> list[str]:
    """Write documents, each by itself; return the ids of those that Firestore itself refuses."""
    root = f"projects/{stack.firestore.project}/databases/(default)/documents"
    raw = [_Document(name=f"{root}/{collection}/{name}", fields=fields) for name, fields in documents.items()]
    refused: list[str] = []
    for some in sized_batches(raw, 100, _MAX_BYTES, lambda one: int(one.ByteSize())):
        refused += _write(stack, some)
    return refused


def _write(stack: LocalStack, some: list[Any]) -> list[str]:
    """Write a batch; Google's emulator refuses a whole one for the sake of one document, so halves of it are tried."""
    writes = [write.Write(update=document.Document.wrap(one)) for one in some]
    try:
        answer = stack.firestore._firestore_api.batch_write(  # noqa: SLF001 - the stock client would encode the values anew
            request=firestore.BatchWriteRequest(database=some[0].name.split("/documents/")[0], writes=writes),
            metadata=_OWNER,
        )
    except InvalidArgument:
        middle = len(some) // 2
        return _write(stack, some[:middle]) + _write(stack, some[middle:]) if middle else [_id(some[0])]
    return [_id(one) for one, status in zip(some, answer.status, strict=True) if status.code]


def _id(raw: Any) -> str:
    return str(raw.name.rsplit("/", 1)[1])


def read(stack: LocalStack, collection: str) -> Iterator[Any]:
    """The documents as raw messages."""
    selected = query.StructuredQuery.CollectionSelector(collection_id=collection)
    asked = firestore.RunQueryRequest(
        parent=f"projects/{stack.firestore.project}/databases/(default)/documents",
        structured_query=query.StructuredQuery(from_=[selected]),
    )
    for answer in stack.firestore._firestore_api.run_query(request=asked):  # noqa: SLF001 - as above
        raw = firestore.RunQueryResponse.pb(answer)
        if raw.HasField("document"):
            yield raw.document
