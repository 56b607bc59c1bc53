"""Golden pairs: every loop turns the documents of its folder into exactly the rows written beside them.

A new loop is tested by adding `tests/golden/<job>/input/` (a fixture directory) and `rows.json`; `--write-golden`
writes the latter from a run, to be read before it is committed.
"""

import json
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobs.registry import loops
from schemas.table import PROVENANCE
from tests.stack import AS_OF, LocalStack

GOLDEN = Path(__file__).parent.parent / "golden"


@pytest.mark.parametrize("job", loops())
def test_a_loop_turns_its_golden_documents_into_its_golden_rows(
    job: str, stack: LocalStack, request: pytest.FixtureRequest
) -> None:
    folder = GOLDEN / job.replace("-", "_")
    stack.seed(folder / "input")
    stack.run(job, AS_OF)
    outcome = _outcome(job, stack)
    if request.config.getoption("write_golden"):
        (folder / "rows.json").write_text(json.dumps(outcome, indent=2) + "\n", encoding="utf-8")
    assert json.loads((folder / "rows.json").read_text(encoding="utf-8")) == outcome


def _outcome(job: str, stack: LocalStack) -> dict[str, Any]:
    row = loops()[job].row
    table = row.TABLE
    found = stack.rows(f"SELECT * FROM {table.name} WHERE ds >= '2000-01-01'")  # noqa: S608 - our own table names
    rows = sorted((_stable(record) for record in found), key=lambda record: str(record[table.key[0]]))
    return {
        "rows": rows,
        "quarantine": {path: record["reason"] for path, record in sorted(stack.quarantined().items())},
    }


def _stable(record: dict[str, Any]) -> dict[str, Any]:
    """Drop provenance but the unknown fields, and name the times that are the document's own revision."""
    revision = record["source_rev"]
    kept = {name: value for name, value in record.items() if name not in PROVENANCE or name == "source_extra"}
    return {name: _written(value, revision) for name, value in kept.items()}


def _written(value: Any, revision: datetime) -> Any:
    if value == revision:
        return "the revision"
    if value == revision.date():
        return "the revision's day"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.isoformat() if isinstance(value, date) else value
