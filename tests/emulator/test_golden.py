"""Golden pairs: every loop turns the documents of its folder into exactly the rows written beside them.

A new loop is tested by adding `tests/golden/<job>/input/` (a fixture directory) and `rows.json`; `--write-golden`
writes the latter from a run, to be read before it is committed.
"""

import json
from pathlib import Path
from typing import Any

import pytest

from jobs.registry import loops
from tests.emulator.stable_rows import stable
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
    rows = sorted((stable(record) for record in found), key=lambda record: str(record[table.key[0]]))
    return {
        "rows": rows,
        "quarantine": {path: record["reason"] for path, record in sorted(stack.quarantined().items())},
    }
