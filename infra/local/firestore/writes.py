"""What one write does to one document."""

from typing import NamedTuple

from infra.local.firestore import fields
from infra.local.firestore.clock import to_micros, to_timestamp
from infra.local.firestore.errors import already_exists, failed_precondition, invalid, not_found
from infra.local.firestore.limits import normalize
from infra.local.firestore.messages import Document, Precondition, Write, WriteResult
from infra.local.firestore.names import DocumentName, check_database, database_of, parse_document
from infra.local.firestore.transforms import transform


class Outcome(NamedTuple):
    """A document after a write: its serialized message, None when it is gone, and what the client is told."""

    body: bytes | None
    result: WriteResult


def target(write: Write, database: str) -> DocumentName:
    """The document that a write is about; refuses names that cannot be stored in this database."""
    kind = write.WhichOneof("operation")
    if kind not in _NAMES:
        raise invalid("A write must be an update, a delete or a transform.")
    name = parse_document(_NAMES[kind](write))
    if database_of(name.collection) != check_database(database):
        raise invalid(f"{name.full} lies outside {database}.")
    return name


def perform(write: Write, name: DocumentName, current: bytes | None, micros: int) -> Outcome:
    """Applies a write to a document's current state, at a commit time.

    A rewrite that changes nothing keeps the update time, as Firestore does.

    Raises:
        RefusedError: The precondition does not hold, or the document could not be stored.
    """
    stored = Document.FromString(current) if current is not None else None
    if write.HasField("current_document"):
        _check(write.current_document, name, stored)
    if write.WhichOneof("operation") == "delete":
        return Outcome(None, WriteResult())
    result = WriteResult()
    document = _updated(write, name, stored)
    for wanted in (*write.transform.field_transforms, *write.update_transforms):
        result.transform_results.append(transform(document, wanted, micros))
    body = _stamped(document, stored, current, micros)
    result.update_time.CopyFrom(document.update_time)
    return Outcome(body, result)


def _check(condition: Precondition, name: DocumentName, stored: Document | None) -> None:
    if condition.WhichOneof("condition_type") == "update_time":
        _check_update_time(condition, name, stored)
    elif condition.exists and stored is None:
        raise not_found(f"No document to update: {name.full}")
    elif not condition.exists and stored is not None:
        raise already_exists(f"Document already exists: {name.full}")


def _check_update_time(condition: Precondition, name: DocumentName, stored: Document | None) -> None:
    version = to_micros(stored.update_time) if stored is not None else 0
    required = to_micros(condition.update_time)
    if version != required:
        raise failed_precondition(
            f"{name.full}: the stored version ({version}) does not match the required base version ({required})."
        )


def _updated(write: Write, name: DocumentName, stored: Document | None) -> Document:
    """The document with the write's fields, before transforms."""
    document = Document(name=name.full)
    if write.WhichOneof("operation") == "update" and not write.HasField("update_mask"):
        document.CopyFrom(write.update)
    elif stored is not None:
        document.CopyFrom(stored)
    for path in map(fields.parse, write.update_mask.field_paths):
        value = fields.read(write.update.fields, path)
        if value is None:
            fields.remove(document.fields, path)
        else:
            fields.replace(document.fields, path, value)
    return document


def _stamped(document: Document, stored: Document | None, current: bytes | None, micros: int) -> bytes:
    """Serializes the document with its times; the bytes equal `current` when nothing has changed."""
    normalize(document)
    now = to_timestamp(micros)
    document.create_time.CopyFrom(stored.create_time if stored is not None else now)
    document.update_time.CopyFrom(stored.update_time if stored is not None else now)
    body = document.SerializeToString(deterministic=True)
    if stored is None or body == current:
        return body
    document.update_time.CopyFrom(now)
    return document.SerializeToString(deterministic=True)


_NAMES = {
    "update": lambda write: write.update.name,
    "delete": lambda write: write.delete,
    "transform": lambda write: write.transform.document,
}
