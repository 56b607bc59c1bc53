"""Fixture directories: the state of a trading system on disk, to seed emulators from and to write demo data to.

```
DIR/firestore/<collection>.ndjson   one document a line; `_id` is its id, see `fixture_values` for typed values
DIR/bars/<SYMBOL, / as ->.csv[.gz]  see `fixture_bars`
DIR/broker.json                     the broker's account, orders, activities, positions … in its own JSON shapes
```
Every part may be absent, but not all of them.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from infra.local import exact_json
from infra.local.atomic_file import replace_file
from infra.local.exact_json import JsonObject
from infra.local.fixture_bars import Bar, bar_files, read_bars, write_bars
from infra.local.fixture_values import FixtureError, Reference, decode, encode

__all__ = [
    "Bar",
    "FixtureError",
    "Reference",
    "bar_files",
    "collections",
    "read_bars",
    "read_broker",
    "require_parts",
    "write_bars",
    "write_broker",
    "write_collection",
]

Document = tuple[str, str, dict[str, Any]]


def collections(directory: Path) -> Iterator[Document]:
    """Every document of a fixture directory as `(collection, document id, fields)`, in the order of the files.

    Raises:
        FixtureError: The directory is missing or a line is malformed; names file, line and field.
    """
    require_directory(directory)
    folder = directory / "firestore"
    for path in sorted(folder.iterdir()) if folder.is_dir() else ():
        if path.name.startswith("."):
            continue
        if path.suffix != ".ndjson":
            raise FixtureError(f"{path}: expected a name ending in .ndjson")
        yield from _documents(path)


def write_collection(directory: Path, name: str, documents: Iterable[tuple[str, Mapping[str, Any]]]) -> Path:
    """Write a collection from `(document id, fields)`, in place of what was there.

    Raises:
        FixtureError: A value that Firestore does not hold, or a field called `_id`.
    """
    path = directory / "firestore" / f"{name}.ndjson"
    lines = [_line(f"{name}/{document_id}", document_id, fields) for document_id, fields in documents]
    replace_file(path, "".join(lines).encode())
    return path


def read_broker(directory: Path) -> JsonObject:
    """The content of `broker.json`, numbers exact; empty when there is no such file.

    Raises:
        FixtureError: The directory is missing or the file is not a JSON object.
    """
    require_directory(directory)
    path = directory / "broker.json"
    if not path.exists():
        return {}
    try:
        content = exact_json.loads(path.read_bytes())
    except ValueError as error:
        raise FixtureError(f"{path}: {error}") from error
    if not isinstance(content, dict):
        raise FixtureError(f"{path}: expected a JSON object with account, orders, activities …")
    return content


def write_broker(directory: Path, broker: Mapping[str, Any]) -> Path:
    """Write `broker.json`; a Decimal becomes a JSON number with its digits, so give money as text."""
    path = directory / "broker.json"
    replace_file(path, exact_json.dumps(broker, indent=True) + b"\n")
    return path


def require_directory(directory: Path) -> None:
    """Refuse a path that is not a directory: a misspelt one would seed nothing, silently.

    Raises:
        FixtureError: It is missing or a file.
    """
    if not directory.is_dir():
        raise FixtureError(f"{directory}: no such fixture directory")


def require_parts(directory: Path) -> None:
    """Refuse a directory of another layout, which would seed nothing, silently.

    Raises:
        FixtureError: It is missing, or holds none of the parts.
    """
    require_directory(directory)
    parts = (directory / "firestore", directory / "bars", directory / "broker.json")
    if not any(part.exists() for part in parts):
        raise FixtureError(
            f"{directory} holds nothing to load: expected firestore/<collection>.ndjson, bars/<symbol>.csv or "
            "broker.json"
        )


def _documents(path: Path) -> Iterator[Document]:
    with path.open(encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines, start=1):
            if line.strip():
                yield _document(f"{path}:{number}", path.stem, line)


def _document(where: str, collection: str, line: str) -> Document:
    try:
        fields = json.loads(line, parse_constant=_refuse)
    except ValueError as error:
        raise FixtureError(f"{where}: {error}") from error
    if not isinstance(fields, dict):
        raise FixtureError(f"{where}: expected a JSON object")
    document_id = fields.pop("_id", None)
    if not isinstance(document_id, str) or not document_id or "/" in document_id:
        raise FixtureError(f"{where}: field _id: {document_id!r} is not a document id")
    try:
        return collection, document_id, {name: decode(value, name) for name, value in fields.items()}
    except FixtureError as error:
        raise FixtureError(f"{where}: field {error}") from error


def _line(where: str, document_id: str, fields: Mapping[str, Any]) -> str:
    if "_id" in fields:
        raise FixtureError(f"{where}: field _id: the name is taken by the document id")
    try:
        body = {"_id": document_id} | {name: encode(value, name) for name, value in fields.items()}
    except FixtureError as error:
        raise FixtureError(f"{where}: field {error}") from error
    return json.dumps(body, ensure_ascii=False) + "\n"


def _refuse(constant: str) -> Any:
    raise ValueError(f'{constant} is not JSON; write {{"$double": "{constant}"}}')
