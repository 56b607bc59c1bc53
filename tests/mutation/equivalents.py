"""Mutants that somebody looked at and found to change nothing: `equivalent.toml`, each with its reason."""

import tomllib
from collections.abc import Iterable
from pathlib import Path

from tests.mutation.mutant import Mutant

_LIST = Path(__file__).with_name("equivalent.toml")

Equivalent = tuple[str, str]
"""Function and the lines that differ; the numbers of mutants shift with the code."""


def known() -> frozenset[Equivalent]:
    """Read the list; an entry without a reason is none."""
    entries = tomllib.loads(_LIST.read_text(encoding="utf-8"))["equivalent"]
    return frozenset((entry["function"], entry["change"].strip()) for entry in entries if entry["why"])


def as_listed(mutant: Mutant) -> Equivalent:
    """Describe a mutant as the list does."""
    return mutant.function, mutant.change


def stale(files: Iterable[str], mutants: Iterable[Mutant]) -> list[Equivalent]:
    """List what is about functions of some files and is no mutant of them."""
    modules = tuple(f"{file.removesuffix('.py').replace('/', '.')}." for file in files)
    made = set(map(as_listed, mutants))
    return sorted(one for one in known() if one[0].startswith(modules) and one not in made)
