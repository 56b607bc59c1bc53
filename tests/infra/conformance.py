"""Every argument and nested block of a Terraform file against the provider's own schema."""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from tests.infra.hcl import Block, Body
from tests.infra.provider import Schemas

_META_ARGUMENTS = {"count", "for_each", "depends_on", "provider"}
_META_BLOCKS = {"lifecycle", "provisioner", "connection"}
_ITSELF = {"alias", "version"}
"""What Terraform takes of every provider block."""


def problems(block: Block, schemas: Schemas) -> Iterator[str]:
    """Say what the provider would refuse in a resource, a data source or its own configuration."""
    known: Mapping[str, Mapping[str, Any]] = {"resource": schemas.resources, "data": schemas.data}
    if block.kind == "provider":
        yield from _body(block.body, schemas.provider, f"provider.{block.labels[0]}")
    elif block.kind in known:
        schema = known[block.kind].get(block.labels[0])
        if schema is None:
            what = f"{block.kind} {block.labels[0]}"
            yield f"{block.name}: no {what} in the extract; does `make provider-schema` find it?"
        else:
            yield from _body(_without_meta(block.body), schema, block.name)


def _without_meta(body: Body) -> Body:
    attributes = {name: value for name, value in body.attributes.items() if name not in _META_ARGUMENTS}
    return Body(attributes, tuple(block for block in body.blocks if block.kind not in _META_BLOCKS))


def _body(body: Body, schema: Mapping[str, Any], where: str) -> Iterator[str]:
    yield from _arguments(body.attributes, schema["attributes"], where)
    named = [(*_named(block), block) for block in body.blocks]
    yield from _counts(named, schema["block_types"], where)
    for name, _, block in named:
        if nested := schema["block_types"].get(name):
            yield from _body(_content(block), nested["block"], f"{where}.{name}")
        else:
            yield f"{where}: no block {name}"


def _arguments(given: Mapping[str, Any], known: Mapping[str, Any], where: str) -> Iterator[str]:
    for name, value in given.items():
        attribute = known.get(name)
        if attribute is None:
            yield f"{where}: no argument {name}"
        elif not (attribute.get("required") or attribute.get("optional")):
            yield f"{where}: {name} is told by the service, not to it"
        elif not _fits(value, attribute["type"]):
            yield f"{where}: {name} is a {_spelled(attribute['type'])}, not {value!r}"
        elif not _is_listed(value, attribute.get("values")):
            yield f"{where}: {name} is one of {', '.join(attribute['values'])}, not {value}"
    for name, attribute in known.items():
        if attribute.get("required") and name not in given:
            yield f"{where}: {name} is missing"


def _named(block: Block) -> tuple[str, bool]:
    """Name what a block stands for, and tell whether there may be any number of it."""
    return (block.labels[0], True) if block.kind == "dynamic" else (block.kind, False)


def _content(block: Block) -> Body:
    """Look into a dynamic block."""
    if block.kind != "dynamic":
        return block.body
    return next(inner.body for inner in block.body.blocks if inner.kind == "content")


def _counts(named: Sequence[tuple[str, bool, Block]], known: Mapping[str, Any], where: str) -> Iterator[str]:
    fixed = Counter(name for name, dynamic, _ in named if not dynamic)
    dynamic = {name for name, dynamic, _ in named if dynamic}
    for name, nested in known.items():
        if fixed[name] < nested.get("min_items", 0) and name not in dynamic:
            yield f"{where}: block {name} is missing"
        if fixed[name] > nested.get("max_items", fixed[name]):
            yield f"{where}: block {name} stands here {fixed[name]} times, {nested['max_items']} at most"


def _fits(value: object, kind: Any) -> bool:
    """Tell whether a literal can become a type, as Terraform turns one into another; an expression always may."""
    if isinstance(value, str) and ("${" in value or not value.startswith('"')):
        return True
    text = value.strip('"') if isinstance(value, str) else None
    match kind:
        case "string":
            return not isinstance(value, list | dict)
        case "bool":
            return isinstance(value, bool) or text in {"true", "false"}
        case "number":
            numeric = isinstance(value, int | float) and not isinstance(value, bool)
            return numeric or (text is not None and re.fullmatch(r"-?\d+(\.\d+)?", text) is not None)
        case ["list", element]:
            return isinstance(value, list) and all(_fits(one, element) for one in value)
        case ["map", element]:
            return isinstance(value, dict) and all(_fits(one, element) for one in _values(value))
        case _:
            return True


def _is_listed(value: object, values: Sequence[str] | None) -> bool:
    """Tell whether a literal is among the values that an argument may take; an expression is taken as told."""
    return values is None or not isinstance(value, str) or "${" in value or value.strip('"') in values


def _values(value: Mapping[str, Any]) -> Iterator[Any]:
    return (one for name, one in value.items() if not name.startswith("__"))


def _spelled(kind: Any) -> str:
    return kind if isinstance(kind, str) else f"{kind[0]} of {_spelled(kind[1])}s"
