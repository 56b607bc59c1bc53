"""Terraform's language, as far as a check without Terraform reads it."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import hcl2

_BLOCK = "__is_block__"
_INTERPOLATION = "${"


@dataclass(frozen=True)
class Body:
    """What is between the braces of a block."""

    attributes: Mapping[str, Any]
    """Argument → number, bool, list, object, or text: `"quoted"` for a string, `${…}` for an expression."""
    blocks: tuple["Block", ...]


@dataclass(frozen=True)
class Block:
    """One block: `resource "google_service_account" "job" { … }`."""

    kind: str
    labels: tuple[str, ...]
    body: Body

    @property
    def name(self) -> str:
        """Spell it as messages do."""
        return ".".join((*(() if self.kind == "resource" else (self.kind,)), *self.labels))


@cache
def parse(text: str) -> tuple[Block, ...]:
    """Read a file."""
    return _body(hcl2.loads(text)).blocks


def _body(read: Mapping[str, Any]) -> Body:
    attributes: dict[str, Any] = {}
    blocks: list[Block] = []
    for name, value in read.items():
        if name.startswith("__"):
            continue
        found = [_block(name, one) for one in value if _is_block(one)] if isinstance(value, list) else []
        if found:
            blocks += found
        else:
            attributes[name] = value
    return Body(attributes, tuple(blocks))


def _is_block(value: object) -> bool:
    """Tell a block, under as many labels as it has, from an object."""
    while isinstance(value, dict) and len(value) == 1 and _BLOCK not in value:
        value = next(iter(value.values()))
    return isinstance(value, dict) and _BLOCK in value


def _block(kind: str, value: Any) -> Block:
    labels: list[str] = []
    while _BLOCK not in value:
        ((label, value),) = value.items()
        labels.append(label.strip('"'))
    return Block(kind, tuple(labels), _body(value))


def code(text: str) -> str:
    """Leave out comments and what strings say; what they interpolate stays."""
    return "".join(_code(text))


_IN_CODE = re.compile(r'#[^\n]*|"|[{}]|[^#"{}]+')
_IN_STRING = re.compile(r'\\.|\$\$\{|\$\{|"|.', re.DOTALL)


def _code(text: str) -> Iterator[str]:
    inside: list[str] = []  # what is open: strings, interpolations, braces
    at = 0
    while at < len(text):
        in_string = bool(inside) and inside[-1] == '"'
        token = (_IN_STRING if in_string else _IN_CODE).match(text, at)[0]  # type: ignore[index]  # one always matches
        at += len(token)
        if token in ({_INTERPOLATION} if in_string else {"{", '"'}):
            inside.append(token)
        elif token == ('"' if in_string else "}") and inside:
            inside.pop()
        yield " " if in_string or token[0] in '#"' else token
