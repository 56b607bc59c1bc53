"""Load a fixture directory into the local stack: documents into Firestore, orders and bars into the stand-in broker."""

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from google.cloud import firestore

from infra.local.fixtures import Reference, collections, require_parts
from infra.local.stack import StackError
from shared.batching import sized_batches
from shared.settings import Settings

BATCH = 300
"""Documents per commit."""
MAX_BATCH_BYTES = 5_000_000


def seed(directory: Path, client: firestore.Client, settings: Settings) -> dict[str, int]:
    """Load everything a fixture directory holds; documents with the same id are replaced. Returns counts by collection.

    Raises:
        FixtureError: A file is malformed, and the message names file, line and field; or there is nothing to load.
        StackError: The broker refused the directory, or does not answer.
    """
    directory = directory.resolve()
    require_parts(directory)
    counts: dict[str, int] = {}
    if (directory / "firestore").is_dir():
        for batch in sized_batches(collections(directory), BATCH, MAX_BATCH_BYTES, lambda item: len(str(item[2]))):
            _write(client, settings, batch)
            for collection, _, _ in batch:
                counts[collection] = counts.get(collection, 0) + 1
    if (directory / "broker.json").exists() or (directory / "bars").is_dir():
        seed_broker(directory, settings.alpaca_base_url)
    return counts


def _write(client: firestore.Client, settings: Settings, batch: list[tuple[str, str, dict[str, Any]]]) -> None:
    writes = client.batch()
    for collection, name, fields in batch:
        writes.set(client.collection(settings.collection(collection)).document(name), _native(fields, client))
    writes.commit()


def _native(value: Any, client: firestore.Client) -> Any:
    """Replace references by those of the client; everything else is native already."""
    match value:
        case Reference():
            return client.document(value.path.split("/documents/", 1)[-1])
        case dict():
            return {key: _native(item, client) for key, item in value.items()}
        case list():
            return [_native(item, client) for item in value]
        case _:
            return value


def seed_broker(directory: Path, broker_url: str) -> None:
    """Load the broker's side of a fixture directory.

    Raises:
        StackError: The broker refused it, or does not answer.
    """
    request = urllib.request.Request(  # noqa: S310 - a loopback address
        f"{broker_url}/_admin/seed",
        data=json.dumps({"directory": str(directory)}).encode(),
        headers={"Content-Type": "application/json"},
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:  # noqa: S310 - a loopback address
            answer.read()
    except urllib.error.HTTPError as error:
        raise StackError(f"the stand-in broker refused {directory}: {error.read().decode(errors='replace')}") from None
    except OSError as error:
        raise StackError(f"the stand-in broker at {broker_url} does not answer: {error}") from None
