"""Field paths (`a.b`, `` `odd name`.b ``) and what they reach inside a document."""

import functools
import re
from collections.abc import Iterable

from infra.local.firestore.errors import invalid
from infra.local.firestore.messages import (
    BatchGetDocumentsRequest,
    CreateDocumentRequest,
    Document,
    Fields,
    GetDocumentRequest,
    ListDocumentsRequest,
    UpdateDocumentRequest,
    Value,
)

FieldPath = tuple[str, ...]

Masked = (
    BatchGetDocumentsRequest | CreateDocumentRequest | GetDocumentRequest | ListDocumentsRequest | UpdateDocumentRequest
)
"""The requests that can ask for some fields only."""

NAME: FieldPath = ("__name__",)
"""The pseudo field that stands for the document's own name."""

_SEGMENT = re.compile(r"([a-zA-Z_][a-zA-Z_0-9]*)|`((?:[^`\\]|\\.)+)`", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@functools.lru_cache(maxsize=4_096)
def parse(text: str) -> FieldPath:
    """The names along a path, with quotes and escapes removed."""
    names = []
    position = 0
    while True:
        match = _SEGMENT.match(text, position)
        if match is None:
            raise invalid(f'Invalid field path "{text}": quote names that are not plain identifiers with backticks.')
        names.append(match[1] or _ESCAPED.sub(r"\1", match[2]))
        position = match.end()
        if position == len(text):
            return tuple(names)
        if text[position] != ".":
            raise invalid(f'Invalid field path "{text}": expected "." at index {position}.')
        position += 1


def read(fields: Fields, path: FieldPath) -> Value | None:
    """The value at the path, or None where there is none."""
    for name in path[:-1]:
        if name not in fields or fields[name].WhichOneof("value_type") != "map_value":
            return None
        fields = fields[name].map_value.fields
    return fields.get(path[-1])


def replace(fields: Fields, path: FieldPath, value: Value) -> None:
    """Puts the value at the path; whatever stands in the way of a map becomes one."""
    for name in path[:-1]:
        step = fields[name]
        step.map_value.SetInParent()
        fields = step.map_value.fields
    fields[path[-1]].CopyFrom(value)


def remove(fields: Fields, path: FieldPath) -> None:
    """Takes the value at the path away, if there is one."""
    for name in path[:-1]:
        if name not in fields or fields[name].WhichOneof("value_type") != "map_value":
            return
        fields = fields[name].map_value.fields
    if path[-1] in fields:
        del fields[path[-1]]


def project(document: Document, paths: Iterable[FieldPath]) -> Document:
    """The document with these fields only; its name and times always stay."""
    kept = Document(name=document.name, create_time=document.create_time, update_time=document.update_time)
    for path in paths:
        value = read(document.fields, path)
        if value is not None:
            replace(kept.fields, path, value)
    return kept


def masked(document: Document, request: Masked) -> Document:
    """The document with the fields of the request's mask; the whole of it when the request has none."""
    if not request.HasField("mask"):
        return document
    return project(document, map(parse, request.mask.field_paths))
