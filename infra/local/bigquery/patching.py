"""Replacing parts of bqemulator: only in the version they were written against, and only what is really there."""

from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, version
from typing import Any

_WRITTEN_AGAINST = {"bqemulator": "1.4.0", "duckdb": "2.0"}


class UnexpectedEmulatorError(RuntimeError):
    """The installed bqemulator is not the one that the replacements were written for."""


def require_versions() -> None:
    """Refuse any bqemulator and DuckDB but those known here.

    Raises:
        UnexpectedEmulatorError: Another version is installed, or none.
    """
    for package, expected in _WRITTEN_AGAINST.items():
        installed = _installed(package)
        if not f"{installed}.".startswith(f"{expected}."):
            raise UnexpectedEmulatorError(
                f"{package} {installed} is installed, but infra/local/bigquery was written against {expected}: "
                f"install that, or check every replacement against {installed} and change the version in patching.py"
            )


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise UnexpectedEmulatorError(f"{package} is not installed: install golden-thread[local]") from None


def replace(owner: object, name: str, make: Callable[[Any], Any]) -> None:
    """Put ``make(what is there)`` in the place of an attribute.

    Raises:
        UnexpectedEmulatorError: There is no such attribute, so replacing it would change nothing.
    """
    if not hasattr(owner, name):
        raise UnexpectedEmulatorError(f"{owner!r} has no {name!r} to replace: its package has changed")
    setattr(owner, name, make(getattr(owner, name)))
