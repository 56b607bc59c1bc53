"""What the judge knows of a table."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple


class TableName(NamedTuple):
    """A table by its three names."""

    project: str
    dataset: str
    table: str

    def __str__(self) -> str:
        return ".".join(self)


@dataclass(frozen=True)
class Field:
    """One column."""

    name: str
    type: str
    """As the REST API spells it: INTEGER or INT64, …"""
    mode: str = "NULLABLE"


@dataclass(frozen=True)
class Definition:
    """One table."""

    name: TableName
    fields: tuple[Field, ...]
    partitioned_by: str | None = None
    requires_filter: bool = False

    def __contains__(self, column: object) -> bool:
        return isinstance(column, str) and any(column.lower() == field.name.lower() for field in self.fields)


Tables = Callable[[TableName], Definition | None]
"""Looks a table up; None when there is no such table, or when it is a view."""
