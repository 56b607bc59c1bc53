"""Alpaca's own OpenAPI documents, which a package of theirs carries as data."""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from importlib.metadata import distribution
from pathlib import Path
from typing import Any, NamedTuple

from jsonschema.exceptions import ValidationError
from openapi_schema_validator import OAS31Validator, oas31_format_checker

Schema = dict[str, Any]

# How the text of a query reads as a value of a type; a comma parts the items of a list.
_READERS: dict[str | None, Callable[[str], Any]] = {
    "integer": int,
    "number": float,
    "boolean": json.loads,
    "array": lambda text: text.split(","),
}
_ANY_ROW = "[]"
_SPECS = "alpaca_mcp_server/specs"
_VARIABLE = re.compile(r"<[^>]+>|\{[^}]+\}")


class Departure(NamedTuple):
    """Where an answer is not as the document of its path says.

    Attributes:
        path: The path in the document.
        field: The place in the answer, or in each of its rows; `[]` stands for any item of an inner list.
        rule: What is broken, in JSON Schema's word; `undocumented` for a field that the document does not know.
    """

    path: str
    field: str
    rule: str


@cache
def documents() -> tuple[Schema, ...]:
    """The documents of the trading host and of the data host, which share no path.

    The package is not imported: it is installed without what it needs.
    """
    package = distribution("alpaca-mcp-server")
    files = (Path(str(package.locate_file(f"{_SPECS}/{name}-api.json"))) for name in ("trading", "market-data"))
    return tuple(json.loads(file.read_text("utf-8")) for file in files)


@cache
def documented_path(rule: str) -> str:
    """The document's spelling of a path in which `<name>` or the like stands for the variable part.

    Raises:
        LookupError: The documents know no such path.
    """
    for document in documents():
        for path in document["paths"]:
            if _VARIABLE.sub("*", path) == _VARIABLE.sub("*", rule):
                return str(path)
    raise LookupError(f"{rule} is not in the documents")


def query_mistakes(path: str, query: Mapping[str, str]) -> set[str]:
    """The parameters of a query that the document does not know, or that it says hold something else."""
    document = _document(path)
    stated = [_resolved(document, each) for each in document["paths"][path]["get"].get("parameters", [])]
    schemas = {each["name"]: each["schema"] for each in stated if each["in"] == "query"}
    return {
        name
        for name, text in query.items()
        if name not in schemas or not _fits(text, {**schemas[name], "components": document["components"]})
    }


def _fits(text: str, schema: Schema) -> bool:
    kind = _resolved(schema, schema).get("type")
    value = _READERS.get(kind, str)(text)
    return bool(OAS31Validator(schema, format_checker=oas31_format_checker).is_valid(value))


def samples(path: str) -> list[Any]:
    """The documents' own samples of a 200 answer."""
    document, content = _document(path), _content(path)
    stated = (_resolved(document, each) for each in content.get("examples", {}).values())
    return [each["value"] for each in stated] + ([content["example"]] if "example" in content else [])


def departures(path: str, answer: Any) -> set[Departure]:
    """Where a 200 answer differs from its schema, read as if it allowed no other fields than those it names."""
    return {
        Departure(path, field, rule) for error in _validator(path).iter_errors(answer) for field, rule in _places(error)
    }


@cache
def _validator(path: str) -> Any:
    schema = {**_content(path)["schema"], "components": _document(path)["components"]}
    return OAS31Validator(_closed(schema), format_checker=oas31_format_checker)


def _content(path: str) -> Schema:
    content: Schema = _document(path)["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
    return content


def _document(path: str) -> Schema:
    return next(document for document in documents() if path in document["paths"])


def _resolved(document: Schema, part: Schema) -> Schema:
    if "$ref" not in part:
        return part
    found = document
    for name in part["$ref"].removeprefix("#/").split("/"):
        found = found[name]
    return found


def _closed(schema: Any) -> Any:
    """The schema, with no fields beside those that its objects name."""
    if isinstance(schema, list):
        return [_closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: _closed(part) for name, part in schema.items()}
    return {"additionalProperties": False, **parts} if isinstance(parts.get("properties"), dict) else parts


def _places(error: ValidationError) -> list[tuple[str, str]]:
    """Field and rule of what is wrong in the end: of alternatives that all fail, in the one that fits best."""
    branches = defaultdict(list)
    for cause in error.context or ():
        branches[cause.schema_path[0]].extend(_places(cause))
    if branches:
        return min(branches.values(), key=len)
    where = [_ANY_ROW if isinstance(part, int) else str(part) for part in error.absolute_path]
    return [(_spelled([*where, *name]), rule) for name, rule in _faults(error)]


def _faults(error: ValidationError) -> Iterator[tuple[list[str], str]]:
    """The rule that is broken, and by which field of the object where it is about one."""
    match error.validator:
        case "additionalProperties":
            yield from (([name], "undocumented") for name in error.instance.keys() - error.schema["properties"].keys())
        case "required":
            # One error for each missing field, which only its message names.
            yield [error.message.split("'")[1]], "required"
        case rule:
            yield [], str(rule)


def _spelled(places: list[str]) -> str:
    return ".".join(places).replace(f".{_ANY_ROW}", _ANY_ROW).removeprefix(f"{_ANY_ROW}.")
