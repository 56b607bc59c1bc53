"""What Terraform files refer to is there, and what they declare is used and described."""

import re
from collections.abc import Iterator, Mapping, Sequence

from tests.infra.hcl import Block, code
from tests.infra.provider import Schemas

_REFERENCE = re.compile(r"(?<![\w.])(var|local|data\.google_\w+|google_\w+)\.(\w+)((?:\[[^\[\]]*\])?\.(\w+))?")


def dangling(files: Mapping[str, str], blocks: Sequence[Block], schemas: Schemas) -> Iterator[str]:
    """Say what is referred to and not there: a variable, a local, a resource, or what a resource does not tell."""
    there = set(declared(blocks))
    known = {**schemas.resources, **{f"data.{name}": one for name, one in schemas.data.items()}}
    for path, text in files.items():
        for kind, name, _, attribute in _REFERENCE.findall(code(text)):
            schema = known.get(kind)
            if (kind, name) not in there:
                yield f"{path}: {kind}.{name} is nowhere"
            elif schema and attribute and not {attribute} & {*schema["attributes"], *schema["block_types"]}:
                yield f"{path}: {kind}.{name} has no {attribute}"


def unused(files: Mapping[str, str], blocks: Sequence[Block]) -> Iterator[str]:
    """Say which variables and locals nobody refers to."""
    used = {(kind, name) for text in files.values() for kind, name, *_ in _REFERENCE.findall(code(text))}
    for kind, name in declared(blocks):
        if kind in {"var", "local"} and (kind, name) not in used:
            yield f"{kind}.{name} is used by nothing"


def undescribed(blocks: Sequence[Block]) -> Iterator[str]:
    """Say which variables and outputs lack a description."""
    for block in blocks:
        if block.kind in {"variable", "output"} and not str(block.body.attributes.get("description", "")).strip('"'):
            yield f"{block.name}: no description"


def declared(blocks: Sequence[Block]) -> Iterator[tuple[str, str]]:
    """List what can be referred to: (var, local or type, name)."""
    for block in blocks:
        match block.kind:
            case "variable":
                yield "var", block.labels[0]
            case "locals":
                yield from (("local", name) for name in block.body.attributes)
            case "resource":
                yield block.labels[0], block.labels[1]
            case "data":
                yield f"data.{block.labels[0]}", block.labels[1]
