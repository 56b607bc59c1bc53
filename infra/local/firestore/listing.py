"""The two listing methods: documents of a collection, collections of a document. Pages continue by the last id."""

import base64
import binascii
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from infra.local.firestore import fields
from infra.local.firestore.collection import Bound, NameRange
from infra.local.firestore.errors import invalid
from infra.local.firestore.messages import (
    Document,
    ListCollectionIdsRequest,
    ListCollectionIdsResponse,
    ListDocumentsRequest,
    ListDocumentsResponse,
)
from infra.local.firestore.names import check_id, check_parent, path_key
from infra.local.firestore.snapshot import Snapshot
from infra.local.firestore.store import Scope

_DEFAULT_PAGE = 300


class PageToken(NamedTuple):
    """Where a listing goes on: the instant that its first page was read at, and the last id of the page before."""

    micros: int
    last_id: str

    def encode(self) -> str:
        """The token as the client carries it."""
        return base64.urlsafe_b64encode(f"{self.micros}/{self.last_id}".encode()).decode()


def decode_token(text: str) -> PageToken | None:
    """The token of a request, None on its first page."""
    if not text:
        return None
    try:
        micros, last_id = base64.urlsafe_b64decode(text).decode().split("/")
        return PageToken(int(micros), last_id)
    except (binascii.Error, UnicodeDecodeError, ValueError):
        raise invalid("The page_token is not one that this server gave out.") from None


def list_documents(request: ListDocumentsRequest, snapshot: Snapshot) -> ListDocumentsResponse:
    """One page of the documents directly in a collection, ordered by id.

    With `show_missing`, ids that hold no document but have collections below them are listed too.
    """
    check_parent(request.parent)
    check_id(request.collection_id)
    if request.order_by not in ("", "__name__"):
        raise invalid("Documents can be listed by __name__ only.")
    size = _page_size(request)
    token = decode_token(request.page_token)
    found = dict(_documents(request, snapshot, token, size + 1))
    page = sorted(found)[:size]
    return ListDocumentsResponse(
        documents=[fields.masked(found[identifier], request) for identifier in page],
        next_page_token=PageToken(snapshot.micros, page[-1]).encode() if len(found) > size else "",
    )


def _documents(
    request: ListDocumentsRequest, snapshot: Snapshot, token: PageToken | None, at_most: int
) -> Iterator[tuple[str, Document]]:
    collection = f"{request.parent}/{request.collection_id}"
    after = token.last_id if token else ""
    if request.show_missing:
        for identifier in _children(snapshot, collection):
            if identifier > after:
                yield identifier, Document(name=f"{collection}/{identifier}")
    lower = Bound((*path_key(collection), after), inclusive=False)
    scope = Scope(request.parent, request.collection_id, descendants=False)
    for found in islice(snapshot.scan(scope, NameRange(lower)), at_most):
        yield found.key[-1], Document.FromString(found.body)


def list_collection_ids(request: ListCollectionIdsRequest, snapshot: Snapshot) -> ListCollectionIdsResponse:
    """One page of the ids of the collections directly under a document or the root."""
    parent = check_parent(request.parent)
    token = decode_token(request.page_token)
    found = sorted(each for each in _children(snapshot, parent) if token is None or each > token.last_id)
    page = found[: _page_size(request)]
    more = len(page) < len(found)
    token_text = PageToken(snapshot.micros, page[-1]).encode() if more else ""
    return ListCollectionIdsResponse(collection_ids=page, next_page_token=token_text)


def _page_size(request: ListDocumentsRequest | ListCollectionIdsRequest) -> int:
    if request.page_size < 0:
        raise invalid("page_size cannot be negative.")
    return request.page_size or _DEFAULT_PAGE


def _children(snapshot: Snapshot, name: str) -> set[str]:
    """The first segments below a name on the way to any collection that holds a document."""
    depth = name.count("/") + 1
    return {collection.split("/")[depth] for collection in snapshot.below(name)}
