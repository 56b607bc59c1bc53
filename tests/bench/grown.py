"""A Firestore with as many closed positions as a test wants: written to the file of the stand-in before it starts."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.types import Document

from infra.bench.documents import COLLECTION, positions
from infra.local.firestore.disk import DatabaseFile, StoredDocument
from shared.batching import batches
from tests.emulator.firestore_servers import embedded_server
from tests.stack import LocalStack

_WRITTEN = datetime(2026, 6, 1, tzinfo=UTC)
_MICROS = int(_WRITTEN.timestamp()) * 1_000_000
_AT_ONCE = 10_000


@contextmanager
def holding(stack: LocalStack, directory: Path, count: int) -> Iterator[LocalStack]:
    """The stack with a Firestore of its own that holds this many positions."""
    path = directory / f"positions-{count}.sqlite"
    root = f"projects/{stack.environment['GOOGLE_CLOUD_PROJECT']}/databases/(default)/documents"
    with closing(DatabaseFile(path)) as file:
        for some in batches(_stored(f"{root}/{COLLECTION}", count), _AT_ONCE):
            file.commit(some, _MICROS)
    with embedded_server("--data", str(path)) as address:
        yield stack.changed(FIRESTORE_EMULATOR_HOST=address)


def _stored(collection: str, count: int) -> Iterator[StoredDocument]:
    for identifier, fields in positions(count, seed=1):
        name = f"{collection}/{identifier}"
        stamped = {"create_time": _WRITTEN, "update_time": _WRITTEN}
        document = Document(name=name, fields=encode_dict(fields), **stamped)
        yield StoredDocument(name, _MICROS, Document.serialize(document))
