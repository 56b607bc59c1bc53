"""The hand-written types of the protobuf messages, held against the messages themselves."""

import ast
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from infra.local.firestore import messages

_STUB = Path(messages.__file__).with_suffix(".pyi")
_NOT_MESSAGES = {"Message", "Repeated", "Fields"}


def _declared(body: Sequence[ast.stmt], owner: Any) -> Iterator[tuple[Any, str]]:
    """Each message of the stub with each field that the stub gives it."""
    for node in body:
        if isinstance(node, ast.ClassDef) and node.name not in _NOT_MESSAGES:
            message = getattr(owner, node.name)
            yield from _declared(node.body, message)
            for field in node.body:
                if isinstance(field, ast.AnnAssign) and isinstance(field.target, ast.Name):
                    yield message, field.target.id


def test_every_field_with_a_type_exists_in_its_message() -> None:
    declared = list(_declared(ast.parse(_STUB.read_text()).body, messages))
    unknown = [(message, field) for message, field in declared if field not in message.DESCRIPTOR.fields_by_name]

    assert declared
    assert unknown == []
