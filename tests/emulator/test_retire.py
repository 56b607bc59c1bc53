"""Retirement on real servers: what goes is in the table at its exact revision; everything else stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery

from jobs.registry import loops
from schemas.rejected_signals import RejectedSignal
from schemas.run_record import Status
from shared import documents
from shared.audit import Audit
from shared.warehouse import open_bigquery
from tests.emulator.builders import live_signal, position, put, rejected_signal, strategy, write_market
from tests.emulator.promises import read_table
from tests.emulator.wire import PATIENCE_S, Call, Gate, Wire
from tests.stack import LocalStack

FAR_AHEAD = "2062-01-01T00:00:00Z"
"""Ahead of every clock, so that only real time counts."""
LONG_AGO = "TIMESTAMP '2021-09-02T00:00:00Z'"


@pytest.fixture
def archived(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Five archived trades, one open position and one in quarantine."""
    stack.seed(write_market(tmp_path, range(1, 6)))
    put(stack, "live_positions", *map(position, range(1, 6)), position(6, status="OPEN"), position(7, qty="NaN"))
    assert stack.run("trades").counts.archived == 5
    age(stack)
    return stack


def age(stack: LocalStack, table: str = "fact_trades") -> None:
    """Let all the rows be written, and revised, long ago."""
    written = f"archived_at = {LONG_AGO}, revised_at = IF(revised_by IS NULL, NULL, {LONG_AGO})"
    stack.rows(f"UPDATE {table} SET {written} WHERE ds >= '2000-01-01'")  # noqa: S608 - our own tables


def names(stack: LocalStack, collection: str = "live_positions") -> set[str]:
    return {one.id for one in stack.firestore.collection(collection).stream()}


def numbers(*which: int) -> set[str]:
    return {f"position-{number:04}" for number in which}


def receipts(stack: LocalStack) -> dict[str, dict[str, Any]]:
    found = (one.to_dict() or {} for one in stack.firestore.collection("retired").stream())
    return {one["path"]: one for one in found}


def assert_nothing_lost(stack: LocalStack, *which: int) -> None:
    """Every position is at its source, or in the table at the revision that its receipt states."""
    left, rows = names(stack), {row["trade_id"]: row for row in read_table(stack)}
    for name in numbers(*which) - left:
        receipt = receipts(stack)[f"live_positions/{name}"]
        assert rows[name]["source_rev"] >= receipt["source_rev"]


def test_by_hand_it_is_a_dry_run_unless_told_to_delete(archived: LocalStack) -> None:
    shown = archived.command("run", "retire", "--json")

    record = json.loads(shown.stdout)
    assert (shown.returncode, record["dry_run"]) == (0, True)
    assert record["outcomes"] == {"deleted live_positions": 5}
    assert len(names(archived)) == 7
    assert receipts(archived) == {}

    really = archived.command("run", "retire", "--delete")

    assert really.returncode == 0, really.stderr
    assert names(archived) == numbers(6, 7)


def test_what_is_open_or_refused_stays(archived: LocalStack) -> None:
    record = archived.run("retire", FAR_AHEAD)

    assert (record.status, record.counts.read, record.counts.revised) == (Status.SUCCEEDED, 5, 5)
    assert record.counts.not_due == 2
    assert names(archived) == numbers(6, 7)
    assert {one["table"] for one in receipts(archived).values()} == {"fact_trades"}
    assert_nothing_lost(archived, *range(1, 6))


def test_a_day_too_young_is_too_young_whatever_the_caller_calls_now(archived: LocalStack) -> None:
    just_now = datetime.now(UTC)
    for number, days in ((1, 0), (2, 89), (3, 91)):
        written = f"TIMESTAMP '{(just_now - timedelta(days=days)).isoformat()}'"
        archived.rows(
            f"UPDATE fact_trades SET archived_at = {written} "  # noqa: S608 - our own table
            f"WHERE ds >= '2000-01-01' AND trade_id = 'position-{number:04}'"
        )

    record = archived.run("retire", FAR_AHEAD)

    assert names(archived) == numbers(1, 2, 6, 7)
    assert (record.counts.revised, record.counts.not_due) == (3, 4)


def test_as_of_a_moment_gone_by_only_what_was_old_then_goes(archived: LocalStack) -> None:
    assert archived.run("retire", "2021-10-01T00:00:00Z").counts.read == 0
    assert archived.run("retire", "2022-10-01T00:00:00Z").counts.revised == 5


def test_an_edited_document_is_never_deleted_before_the_table_held_its_revision_long_enough(
    archived: LocalStack,
) -> None:
    put(archived, "live_positions", position(3, exit_reason="edited"))

    archived.run("retire", FAR_AHEAD)
    assert names(archived) == numbers(3, 6, 7)

    assert archived.run("trades").counts.revised == 1
    archived.run("retire", FAR_AHEAD)
    assert names(archived) == numbers(3, 6, 7)

    age(archived)
    archived.run("retire", FAR_AHEAD)
    assert names(archived) == numbers(6, 7)
    assert {row["exit_reason"] for row in read_table(archived) if row["trade_id"] == "position-0003"} == {"edited"}


def test_a_row_revised_before_revisions_were_dated_keeps_its_document(archived: LocalStack) -> None:
    archived.rows("UPDATE fact_trades SET revised_by = 'one' WHERE ds >= '2000-01-01' AND trade_id = 'position-0002'")

    archived.run("retire", FAR_AHEAD)

    assert names(archived) == numbers(2, 6, 7)


def test_a_table_that_differs_from_its_model_stops_the_run_before_anything_goes(archived: LocalStack) -> None:
    archived.parts().tables.hold(RejectedSignal)
    settings = archived.settings()
    client = open_bigquery(settings)
    table = client.get_table(f"{settings.project}.{settings.dataset}.fact_rejected_signals")
    table.schema = [*table.schema, bigquery.SchemaField("strange", "STRING")]
    client.update_table(table, ["schema"])

    record = archived.run("retire", FAR_AHEAD)

    assert (record.status, record.error and record.error.type) == (Status.FAILED, "SchemaDriftError")
    assert len(names(archived)) == 7
    shown = archived.command("run", "retire")
    assert shown.returncode == 1
    assert "column strange is unknown to the schema" in shown.stderr


def test_a_table_that_does_not_exist_is_named(archived: LocalStack) -> None:
    assert archived.run("retire", FAR_AHEAD).status is Status.SUCCEEDED

    assert '"tables": ["fact_rejected_signals", "fact_signals_expired"]' in archived.log.getvalue()


def test_a_document_edited_between_look_and_delete_stays(archived: LocalStack, wire: Wire) -> None:
    gate = Gate(lambda call: (call.server, call.name) == ("firestore", "Commit") and call.mentions("retired/"))
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        retiring = thread.submit(archived.changed(**wire.environment).run, "retire", FAR_AHEAD)
        with gate.held():
            put(archived, "live_positions", position(3, exit_reason="edited"))
        record = retiring.result(PATIENCE_S)
    assert (record.status, record.counts.revised, record.counts.pending) == (Status.PARTIAL, 4, 1)
    assert record.outcomes == {"deleted live_positions": 4, "edited meanwhile live_positions": 1}
    assert names(archived) == numbers(3, 6, 7)
    assert "live_positions/position-0003" not in receipts(archived)


def test_a_document_that_comes_back_is_archived_again_and_goes_again(archived: LocalStack) -> None:
    archived.run("retire", FAR_AHEAD)
    put(archived, "live_positions", position(1, exit_reason="back"))

    assert archived.run("trades").counts.revised == 1
    age(archived)
    archived.run("retire", FAR_AHEAD)

    assert names(archived) == numbers(6, 7)
    assert_nothing_lost(archived, *range(1, 6))


def test_signals_go_too_and_strategies_never(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path))
    put(stack, "rejected_signals", rejected_signal(1))
    put(stack, "live_signals", live_signal(2), live_signal(3, status="ACTIVE"))
    put(stack, "dim_strategies", strategy(1))
    for job in ("strategies", "rejected-signals", "expired-signals"):
        assert stack.run(job).counts.archived == 1
        age(stack, loops()[job].table)

    assert stack.run("retire", FAR_AHEAD).counts.revised == 2

    assert names(stack, "rejected_signals") == set()
    assert names(stack, "live_signals") == {"signal-0003"}
    assert names(stack, "dim_strategies") == {"strategy-0001"}


def test_a_row_that_is_missing_keeps_its_document(archived: LocalStack) -> None:
    archived.rows("DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND trade_id = 'position-0002'")

    archived.run("retire", FAR_AHEAD)

    assert names(archived) == numbers(2, 6, 7)


def test_a_zombie_s_late_delete_does_not_touch_a_newer_document(archived: LocalStack, wire: Wire) -> None:
    def deletes(call: Call) -> bool:
        return (call.server, call.name) == ("firestore", "Commit") and call.mentions("retired/")

    gate = Gate(deletes)
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        zombie = thread.submit(archived.changed(**wire.environment).run, "retire", FAR_AHEAD)
        with gate.held():
            put(archived, "live_positions", position(1, exit_reason="newer"))
            archived.run("trades")
        zombie.result(PATIENCE_S)
    assert names(archived) == numbers(1, 6, 7)


def test_the_audit_knows_what_was_retired_and_misses_what_is_lost(archived: LocalStack) -> None:
    archived.run("retire", FAR_AHEAD)

    whole = archived.command("audit", "trades", "--json")
    (report,) = json.loads(whole.stdout)
    assert (whole.returncode, report["retired"], report["orphaned"]["count"]) == (0, 5, 0)

    archived.rows("DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND trade_id = 'position-0002'")

    broken = archived.command("audit", "trades", "--json")
    (report,) = json.loads(broken.stdout)
    assert (broken.returncode, report["lost"]["examples"]) == (3, ["live_positions/position-0002"])


def test_the_audit_reads_receipts_page_by_page(
    archived: LocalStack, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    archived.run("retire", FAR_AHEAD)
    monkeypatch.setattr(documents, "PAGE", 2)
    wire.set()

    report = Audit(loops()["trades"], archived.changed(**wire.environment).parts(), None).check()

    assert (report.retired, report.passed) == (5, True)
    asked = [call for call in wire.calls if call.name == "RunQuery" and call.mentions("retired")]
    assert len(asked) == 3
