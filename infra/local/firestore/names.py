"""Resource names: `projects/P/databases/D/documents/collection/id/collection/id…`."""

import re
from collections.abc import Callable
from typing import NamedTuple

from infra.local.firestore.errors import invalid

_DATABASE = re.compile(r"projects/[^/]+/databases/[^/]+")
_ROOT_SEGMENTS = 5
_MAX_ID_BYTES = 1_500
_SHORTEST_RESERVED = 4
_NUMERIC_ID = re.compile(r"__id(-?[1-9][0-9]{0,18})__")
_NUMBER_BITS = 63


class DocumentName(NamedTuple):
    """A document's name, taken apart where the store needs it."""

    collection: str
    """Full name of the collection."""
    id: str

    @property
    def full(self) -> str:
        """The name as the client sent it."""
        return f"{self.collection}/{self.id}"


def check_database(name: str) -> str:
    """The name itself, when it is that of a database."""
    if not _DATABASE.fullmatch(name):
        raise invalid(f'"{name}" is not a database: expected projects/PROJECT/databases/DATABASE.')
    return name


def database_of(name: str) -> str:
    """The database that a checked document, collection or root name lies in."""
    return "/".join(name.split("/", 4)[:4])


def parse_document(name: str) -> DocumentName:
    """A document that may be stored under this name; refuses ids that Firestore reserves or finds too long."""
    return _parsed(name, check_id)


def parse_lookup(name: str) -> DocumentName:
    """A document that may be asked for: under a numeric id, too, which only Datastore makes."""
    return _parsed(name, _check_known_id)


def _parsed(name: str, check: Callable[[str], None]) -> DocumentName:
    segments = _split(name)
    path = segments[_ROOT_SEGMENTS:]
    if not path or len(path) % 2:
        raise invalid(f'"{name}" is not a document: expected collection/id pairs after /documents/.')
    for segment in path:
        check(segment)
    collection, _, identifier = name.rpartition("/")
    return DocumentName(collection, identifier)


def check_reference(name: str) -> None:
    """Refuses a reference value that does not have the shape of a document name, whatever its ids."""
    segments = _split(name)
    if len(segments) <= _ROOT_SEGMENTS or len(segments) % 2 == 0:
        raise invalid(f'"{name}" is not a reference: expected collection/id pairs after /documents/.')


def check_parent(name: str) -> str:
    """The name itself, when collections can lie under it: a document or `…/documents`."""
    if len(_split(name)) % 2 == 0:
        raise invalid(f'"{name}" is not a parent: expected /documents or a document.')
    return name


def check_id(identifier: str) -> None:
    """Refuses what Firestore does not take as the id of a document or collection."""
    if identifier in ("", ".", "..") or "/" in identifier:
        raise invalid(f'"{identifier}" is not a resource id.')
    if len(identifier.encode()) > _MAX_ID_BYTES:
        raise invalid(f'The id "{identifier[:20]}…" is longer than {_MAX_ID_BYTES} bytes.')
    if is_reserved(identifier):
        raise invalid(f'The id "{identifier}" is invalid because it is reserved.')


def _check_known_id(identifier: str) -> None:
    number = _NUMERIC_ID.fullmatch(identifier)
    if number is None or int(number[1]).bit_length() > _NUMBER_BITS:
        check_id(identifier)


def is_reserved(identifier: str) -> bool:
    """Whether Firestore keeps the id or field name to itself."""
    return identifier.startswith("__") and identifier.endswith("__") and len(identifier) >= _SHORTEST_RESERVED


def path_key(name: str) -> tuple[str, ...]:
    """Orders names as Firestore does: segment by segment, by code point, which for UTF-8 is by byte.

    Numeric ids sort before all others. None can be stored here, but the client's recursive queries name the
    smallest of them to say "from the beginning".
    """
    segments = name.split("/")
    if "__id" in name:
        segments = ["" if _NUMERIC_ID.fullmatch(segment) else segment for segment in segments]
    return tuple(segments)


def _split(name: str) -> list[str]:
    segments = name.split("/")
    if len(segments) < _ROOT_SEGMENTS or segments[0] != "projects" or segments[2] != "databases":
        raise invalid(f'"{name}" does not start with projects/PROJECT/databases/DATABASE/documents.')
    if segments[4] != "documents" or "" in segments:
        raise invalid(f'"{name}" lacks a resource id, or "documents" after the database.')
    return segments
