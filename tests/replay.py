"""Failures that say how to see them again."""

from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def replayed_by(command: str) -> Iterator[None]:
    """Add the one command that replays it to whatever fails inside; pytest shows it below the failure."""
    try:
        yield
    except Exception as error:
        error.add_note(f"replay: {command}")
        raise
