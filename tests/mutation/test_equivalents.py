"""The list of mutants that change nothing keeps to the code: mutmut, which would know it all, is not installed here."""

import ast
from collections.abc import Iterator
from functools import cache

import pytest

from tests.mutation.equivalents import Equivalent, known
from tests.mutation.groups import GROUPS
from tests.planted.nursery import CHECKOUT

FILES = {file for group in GROUPS.values() for file in group.files}


Function = ast.FunctionDef | ast.AsyncFunctionDef


def functions(node: ast.AST, inside: str) -> Iterator[tuple[str, Function]]:
    """The functions and methods of a module with their names, as the list gives them."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ClassDef):
            yield from functions(child, f"{inside}.{child.name}")
        elif isinstance(child, Function):
            yield f"{inside}.{child.name}", child


@cache
def bodies() -> dict[str, set[str]]:
    """The lines of every function that is mutated."""
    found = {}
    for file in FILES:
        text = (CHECKOUT / file).read_text(encoding="utf-8")
        lines = [line.strip() for line in text.splitlines()]
        for name, function in functions(ast.parse(text), file.removesuffix(".py").replace("/", ".")):
            found[name] = set(lines[function.lineno - 1 : function.end_lineno])
    return found


@pytest.mark.parametrize("one", sorted(known()), ids=lambda one: one[0])
def test_what_is_listed_as_equivalent_is_about_lines_that_its_function_still_has(one: Equivalent) -> None:
    function, change = one
    mutated = {line[1:] for line in change.splitlines() if line.startswith("-")}

    assert mutated
    assert mutated <= bodies().get(function, set())
