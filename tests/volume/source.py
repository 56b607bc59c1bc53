"""A Firestore with as many documents as a test wants: written to the stand-in's file before its server starts."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from google.cloud.firestore_v1._helpers import encode_dict
from google.cloud.firestore_v1.types import Document

from infra.local.firestore.disk import DatabaseFile, StoredDocument
from shared.batching import batches
from tests.emulator.builders import HOUR, START, Fields, rejected_signal
from tests.emulator.firestore_servers import embedded_server
from tests.stack import LocalStack

_WRITTEN = datetime(2021, 12, 1, tzinfo=UTC)
_MICROS = int(_WRITTEN.timestamp()) * 1_000_000
_HOURS = 240
"""Signals are made over ten days, again and again: a million of them still want the bars of seventeen days."""
_AT_ONCE = 10_000


@contextmanager
def rejected_signals(stack: LocalStack, directory: Path, count: int, **changes: object) -> Iterator[LocalStack]:
    """The stack with a Firestore of its own that holds this many rejected signals, each with these changes."""
    path = directory / f"signals-{count}.sqlite"
    root = f"projects/{stack.environment['GOOGLE_CLOUD_PROJECT']}/databases/(default)/documents"
    with closing(DatabaseFile(path)) as file:
        for some in batches(_signals(f"{root}/rejected_signals", count, dict(changes)), _AT_ONCE):
            file.commit(some, _MICROS)
    with embedded_server("--data", str(path)) as address:
        yield stack.changed(FIRESTORE_EMULATOR_HOST=address)


def _signals(collection: str, count: int, changes: Fields) -> Iterator[StoredDocument]:
    """Make the documents from one, by changing what differs."""
    stamped = {"create_time": _WRITTEN, "update_time": _WRITTEN}
    document = Document.pb(Document(fields=encode_dict({**rejected_signal(0), **changes}), **stamped))
    for number in range(count):
        name = f"signal-{number:07}"
        document.name = f"{collection}/{name}"
        document.fields["signal_id"].string_value = name
        document.fields["created_at"].timestamp_value.FromDatetime(START + number % _HOURS * HOUR)
        yield StoredDocument(document.name, _MICROS, document.SerializeToString())
