"""Files that commands write: what goes wrong with one is blamed on it, and on nothing else."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click


@contextmanager
def blamed(path: Path) -> Iterator[None]:
    """Say which file cannot be written.

    Raises:
        click.FileError: In place of an OSError.
    """
    try:
        yield
    except OSError as error:
        raise click.FileError(str(path), error.strerror) from None


@contextmanager
def written(path: Path) -> Iterator[None]:
    """Write a file inside, and say so when it is done.

    Raises:
        click.FileError: It cannot be written.
    """
    with blamed(path):
        yield
    click.echo(f"wrote {path}", err=True)
