"""What a section of the report is made of: words, figures, and the table behind each figure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from infra.report.asking import Row


@dataclass(frozen=True)
class Column:
    """One column of a table."""

    key: str
    """Name of the value in a row."""
    title: str
    """Heading, with the unit."""
    write: Callable[[Any], str]
    """Writes the value for people."""
    numeric: bool = True
    """Whether it aligns to the right."""


@dataclass(frozen=True)
class Table:
    """Rows for people."""

    caption: str
    columns: Sequence[Column]
    rows: Sequence[Row]

    def written(self) -> list[list[str]]:
        """Write every cell."""
        return [[column.write(row[column.key]) for column in self.columns] for row in self.rows]


@dataclass(frozen=True)
class Plot:
    """One plot."""

    name: str
    """Tells it from the others of the page: letters and hyphens."""
    title: str
    """What is drawn, with the unit."""
    reading: str
    """How it is read, also for those who do not see it."""
    spec: Mapping[str, Any]
    """Vega-Lite, without theme and width."""


@dataclass(frozen=True)
class Figure:
    """Plots of the same numbers, and these."""

    plots: Sequence[Plot]
    table: Table


@dataclass(frozen=True)
class Section:
    """One question and its answer."""

    name: str
    title: str
    """The question."""
    answer: str
    """In a sentence or two; where there is nothing to show, that."""
    parts: Sequence[Figure | Table]
    """Figures, and tables that are an answer of their own, which are always open."""
    note: str
    """What the numbers mean, and where they come from."""

    @property
    def figures(self) -> list[Figure]:
        """The parts with plots."""
        return [part for part in self.parts if isinstance(part, Figure)]
