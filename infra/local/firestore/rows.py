"""A document on its way through a query: parsed only when somebody asks for a field."""

from infra.local.firestore import fields
from infra.local.firestore.fields import NAME, FieldPath
from infra.local.firestore.messages import Document, Value
from infra.local.firestore.snapshot import Found
from infra.local.firestore.values import Key, reference_key, sort_key


class Row:
    """One found document."""

    __slots__ = ("_document", "body", "name", "path_key")

    def __init__(self, found: Found) -> None:
        self.path_key, self.name, self.body = found
        self._document: Document | None = None

    @property
    def document(self) -> Document:
        """The parsed message."""
        if self._document is None:
            self._document = Document.FromString(self.body)
        return self._document

    def shed(self) -> None:
        """Lets go of the parsed message, which takes ten times the room of its bytes."""
        self._document = None

    def value(self, path: FieldPath) -> Value | None:
        """The value of a field, None where the document lacks it."""
        return fields.read(self.document.fields, path)

    def key(self, path: FieldPath) -> Key | None:
        """The sort key of a field or of the name, None where the document lacks the field."""
        if path == NAME:
            return reference_key(self.path_key)
        value = self.value(path)
        return sort_key(value) if value is not None else None
