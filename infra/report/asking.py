"""What the report asks: a file of `questions/` is one question, over one view, with a filter on its ds."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from google.cloud.bigquery import ArrayQueryParameter, ScalarQueryParameter

from schemas.questions import question_named
from shared.warehouse import Warehouse

Row = Mapping[str, Any]

_OWN = Path(__file__).parent / "questions"
QUESTIONS: Mapping[str, str] = {
    **{path.stem: path.read_text(encoding="utf-8") for path in sorted(_OWN.glob("*.sql"))},
    "fees": question_named("fee_reconciliation").sql,
}
"""The SQL of each question; one of them everybody can ask by its name."""
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
    with ThreadPoolExecutor(max_workers=len(QUESTIONS)) as threads:
        answers = threads.map(lambda sql: _answer(warehouse, scope, sql), QUESTIONS.values())
        return Answers(warehouse.dataset, scope, dict(zip(QUESTIONS, answers, strict=True)))


def _answer(warehouse: Warehouse, scope: Scope, sql: str) -> list[Row]:
    return list(warehouse.rows(sql, [one for one in scope.parameters if f"@{one.name}" in sql]))
