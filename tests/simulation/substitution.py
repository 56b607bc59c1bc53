"""Names of other people's modules that mean something else for a while."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Substitute = tuple[Any, str, Any]
"""Whose name it is, the name, and what it means meanwhile."""


@contextmanager
def substituted(substitutes: Iterable[Substitute]) -> Iterator[None]:
    """Let names mean something else. Several may be inside at once, each with the same substitutes.

    The library's own `mock.patch` does as much, for a hundred times the price.
    """
    before = [(owner, name, getattr(owner, name)) for owner, name, _ in substitutes]
    _assign(substitutes)
    try:
        yield
    finally:
        _assign(before)


def _assign(values: Iterable[Substitute]) -> None:
    for owner, name, value in values:
        setattr(owner, name, value)
