"""The views of the dataset: a file of this folder is one, and answers one question.

A file begins with a comment, which is the view's description; its first line is the question. {dataset} in the query
stands for project and dataset. Views read tables only, never each other, so their order does not matter. Terraform
makes them of the same files (`infra/gcp/bigquery.tf`).
"""

from dataclasses import dataclass
from itertools import takewhile
from pathlib import Path

PLACEHOLDER = "{dataset}"


@dataclass(frozen=True)
class View:
    """One view."""

    name: str
    question: str
    """What it answers, in one line."""
    details: str
    """What its columns mean, how it is computed, and which partitions a filter on ds leaves out."""
    sql: str
    """The whole file, comment included, with the placeholder."""

    @property
    def description(self) -> str:
        """Describe it as the dataset does: in one line, however long."""
        return f"{self.question} {self.details}"

    def query(self, dataset: str) -> str:
        """Write the query for a dataset, named as `project.dataset`."""
        return self.sql.replace(PLACEHOLDER, dataset)


def read(path: Path) -> View:
    """Read a view from its file.

    Raises:
        ValueError: It does not begin with a comment of a question and at least one line more.
    """
    sql = path.read_text(encoding="utf-8")
    question, details = leading_comment(path.name, sql)
    return View(path.stem, question, details, sql)


def leading_comment(name: str, sql: str) -> tuple[str, str]:
    """Split the comment that a file begins with into its question and the rest, in one line each.

    Raises:
        ValueError: There is none, or it lacks one of both.
    """
    lines = list(takewhile(lambda line: line.startswith("-- "), sql.splitlines()))
    question, *details = [line.removeprefix("-- ") for line in lines] or [""]
    if not question.endswith("?") or not details:
        raise ValueError(f"{name}: begin with a comment: a question in one line, then what the answer means")
    return question, " ".join(details)


VIEWS: tuple[View, ...] = tuple(map(read, sorted(Path(__file__).parent.glob("*.sql"))))


def view_named(name: str) -> View:
    """Find a view by its name.

    Raises:
        KeyError: No such view; the message lists those there are.
    """
    for view in VIEWS:
        if view.name == name:
            return view
    raise KeyError(f"no view {name}; there are {', '.join(view.name for view in VIEWS)}")
