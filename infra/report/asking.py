"""The report's own questions: a file of `questions/` is one, over one view, with a filter on its ds."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

from shared.warehouse import Warehouse

Row = Mapping[str, Any]

QUESTIONS = Path(__file__).parent / "questions"
MOST_ROWS = 3000
"""Trades, or moonshots, that a page shows one by one: a browser draws and scrolls that many without effort."""


@dataclass(frozen=True)
class Scope:
    """What a report is about."""

    since: date
    until: date
    """The last day, included."""
    strategies: tuple[str, ...] = ()
    """Only these; empty means all."""
    most_rows: int = MOST_ROWS

    @property
    def parameters(self) -> list[ScalarQueryParameter | ArrayQueryParameter]:
        """The parameters that questions may name."""
        return [
            ScalarQueryParameter("since", "DATE", self.since),
            ScalarQueryParameter("until", "DATE", self.until),
            ScalarQueryParameter("limit", "INT64", self.most_rows),
            ArrayQueryParameter("strategies", "STRING", list(self.strategies)),
        ]


@dataclass(frozen=True)
class Answers:
    """What the warehouse says about one scope."""

    dataset: str
    """Project and dataset."""
    scope: Scope
    rows: Mapping[str, Sequence[Row]]
    """By question."""

    def __getitem__(self, question: str) -> Sequence[Row]:
        """Look up the answer to a question by its name."""
        return self.rows[question]


def ask(warehouse: Warehouse, scope: Scope) -> Answers:
    """Ask all questions, side by side: BigQuery takes about as long for one as for all."""
    files = sorted(QUESTIONS.glob("*.sql"))
    with ThreadPoolExecutor(max_workers=len(files)) as threads:
        answers = threads.map(lambda path: _answer(warehouse, scope, path), files)
        return Answers(warehouse.dataset, scope, {path.stem: rows for path, rows in zip(files, answers, strict=True)})


def _answer(warehouse: Warehouse, scope: Scope, path: Path) -> list[Row]:
    sql = path.read_text(encoding="utf-8")
    return list(warehouse.rows(sql, [one for one in scope.parameters if f"@{one.name}" in sql]))
