"""A dry run: it writes nothing anywhere, and says exactly what the run then does."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from jobs.registry import loops
from tests.emulator import moments
from tests.emulator.builders import DOCUMENTS, position, put, write_market
from tests.emulator.job_process import GIT_HASH, errors_of, start_job
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import PATIENCE_S, Wire
from tests.stack import LocalStack

TEXT = {
    "trades": "exit_reason",
    "rejected-signals": "rejection_reason",
    "expired-signals": "strategy_id",
    "strategies": "timeframe",
}
"""Job → a field of its documents to edit and to spoil."""
OWN = {"run_id", "revised_by", "revised_at", "archived_at"}
"""Columns that only the run itself can know."""


def dry_run(job: str, stack: LocalStack, wire: Wire, output: Path) -> dict[str, Any]:
    """Run `python -m jobs.… --dry-run --json` and return what it printed."""
    wire.set()
    module = f"jobs.{job.replace('-', '_')}"
    process = start_job(stack.changed(**wire.environment), output, "--dry-run", "--json", module=module)
    process.join(PATIENCE_S)
    assert process.exitcode == 0, errors_of(output).read_text(encoding="utf-8")
    printed: dict[str, Any] = json.loads(output.read_text(encoding="utf-8"))
    return printed


def everything(stack: LocalStack) -> dict[str, Any]:
    """The revision of every document, and every row of every table."""
    client = stack.firestore
    found = {one.reference.path: one.update_time for many in client.collections() for one in many.stream()}
    rows = {job: read_table(stack, job) for job in (*DOCUMENTS, "account-snapshot")}
    return {**found, **rows}


def live_a_while(job: str, stack: LocalStack, directory: Path) -> None:
    """Leave a table with old rows, and documents that are new, edited, spoilt, cured and as they were."""
    collection, document, name = loops()[job].source, DOCUMENTS[job], TEXT[job]
    stack.seed(write_market(directory, range(1, 9)))
    for each in (*DOCUMENTS, "account-snapshot"):
        stack.run(each)
    put(stack, collection, *map(document, range(1, 4)), *(document(n, **{name: 5}) for n in (4, 5)))
    stack.run(job)
    put(stack, collection, document(2, **{name: "edited"}), document(4))
    put(stack, collection, document(6), document(7, **{name: ""}), document(8, new_field=[1]))


@pytest.mark.parametrize("job", DOCUMENTS)
def test_a_dry_run_writes_nothing_and_tells_what_the_run_then_does(
    job: str, stack: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    live_a_while(job, stack, tmp_path)
    before = everything(stack)

    told = dry_run(job, stack, wire, tmp_path / "output")

    assert everything(stack) == before
    assert [str(call) for call in wire.calls if moments.writes(call)] == []
    assert all(call.name.startswith("GET ") for call in wire.calls if call.server == "broker")
    done = stack.run(job, GIT_HASH=GIT_HASH)
    assert told["counts"] == done.counts.model_dump()
    assert told["rejects_by_reason"] == done.rejects_by_reason
    assert (told["status"], told["drift"], told["blind_spot"]) == (done.status.value, done.drift, done.blind_spot)
    promises = Promises(stack, job)
    assert by_key(job, told["new"]) == by_key(job, written_by(job, done.run_id, promises, "run_id"))
    assert by_key(job, told["revised"]) == by_key(job, written_by(job, done.run_id, promises, "revised_by"))
    refused = {one["path"]: (one["reason"], one["errors"]) for one in promises.quarantine if not one["resolved_at"]}
    assert {one["path"]: (one["reason"], one["errors"]) for one in told["rejects"]} == refused
    assert told["new"]
    assert told["rejects"]
    assert told["revised"] or job == "strategies"


def written_by(job: str, run_id: str, promises: Promises, column: str) -> list[dict[str, Any]]:
    """The rows that a run wrote, as JSON values."""
    model = loops()[job].row
    return [model.model_validate(row).model_dump(mode="json") for row in promises.rows if row[column] == run_id]


def by_key(job: str, rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """Rows by the text of their key, without what only the run can know; numbers are compared as numbers."""
    names = loops()[job].row.TABLE.key
    return {
        "|".join(str(row[name]) for name in names): {
            name: _comparable(value) for name, value in row.items() if name not in OWN
        }
        for row in rows
    }


def _comparable(value: Any) -> Any:
    try:
        return Decimal(value)
    except (TypeError, ValueError, ArithmeticError):
        return value


def test_a_dry_run_of_an_empty_dataset_creates_nothing(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    put(stack, "live_positions", position(1))
    process = start_job(wired, output := tmp_path / "output", "--dry-run")
    process.join(PATIENCE_S)
    assert process.exitcode == 1
    assert "the table does not exist" in output.read_text(encoding="utf-8")
    assert [str(call) for call in wire.calls if moments.writes(call)] == []
    assert [one.id for one in stack.firestore.collections()] == ["live_positions"]


def test_a_dry_run_says_that_a_commit_is_still_open(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    stack.run("trades")
    stack.run("strategies")
    intent = {"stream": "s", "run_id": "trades-dead", "n": 1, "created_at": position(1)["entry_time"]}
    stack.firestore.document("job_leases/fact_trades").update({"intent": intent})
    told = dry_run("trades", stack, wire, tmp_path / "output")
    assert told["open_intent"] == "trades-dead"
    assert (stack.firestore.document("job_leases/fact_trades").get().to_dict() or {})["intent"] == intent


def test_a_dry_run_shows_a_revision_with_the_fee_that_was_posted(stack: LocalStack, wire: Wire, tmp_path: Path) -> None:
    live_a_while("trades", stack, tmp_path)
    stack.rows(
        "UPDATE fact_trades SET actual_fee_usd = NUMERIC '0.25', fees_usd = NUMERIC '0.25', fee_finalized = TRUE, "
        "fee_method = 'EXACT', fee_reconciled_at = TIMESTAMP '2021-10-01T00:00:00Z', "
        "pnl_usd = gross_pnl_usd - NUMERIC '0.25' WHERE ds >= '2000-01-01' AND trade_id = 'position-0002'"
    )
    told = dry_run("trades", stack, wire, tmp_path / "output")
    done = stack.run("trades", GIT_HASH=GIT_HASH)
    written = written_by("trades", done.run_id, Promises(stack), "revised_by")
    assert by_key("trades", told["revised"]) == by_key("trades", written)
