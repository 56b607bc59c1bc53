"""What the audit must not find: wrong in a history that is right, whatever goes on around it."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from infra.cli import main
from infra.local.fixtures import write_broker
from jobs.registry import RUN_ALL, all_jobs
from shared import audit_contents, audit_leases, audit_pages, audit_table, documents
from shared.audit import Audit
from shared.audit_findings import Kind
from tests.emulator.builders import account, live_signal, put, rejected_signal, strategy
from tests.emulator.history import History
from tests.emulator.test_audit import FAR_AHEAD, audit, found, paper, path, sql, write
from tests.stack import AS_OF, LocalStack

NAMES = ("0", "Z", "a", "a b", "a!", "a\N{COMBINING ACUTE ACCENT}", "é", "\uff5e", "\U0001f600", "__x", "~")
"""Ids whose order is not the same by letters, by UTF-16 and by UTF-8."""


def test_a_history_of_all_jobs_with_edits_and_refusals_passes(stack: LocalStack, tmp_path: Path) -> None:
    history = History(stack, tmp_path)
    stack.seed(with_an_account(tmp_path / "account"))
    for timeframe in ("1Hour", "4Hour"):
        history.go_on()
        put(stack, "dim_strategies", strategy(1, timeframe=timeframe), strategy(2, active="perhaps"))
        put(stack, "rejected_signals", rejected_signal(1, pattern_name=timeframe), rejected_signal(2, entry_price=-1))
        put(stack, "live_signals", live_signal(1), live_signal(2, status="WAITING"), live_signal(3, entry_price="x"))
        for job in RUN_ALL:
            stack.run(job)

    code, reports = audit(stack)

    assert (code, list(reports)) == (0, list(all_jobs()))
    # The record of the very last run, which archived the others, waits for the next one.
    assert {job: found(report) for job, report in reports.items() if found(report)} == {"job-runs": {"pending": 1}}
    rows = {job: report["rows"] for job, report in reports.items() if report["rows"]}
    # Of the trades: two at the start, and each day a new one, the one cured, and a paper one.
    facts = {"strategies": 2, "trades": 6, "rejected-signals": 1, "expired-signals": 1, "account-snapshot": 1}
    assert rows == {**facts, "job-runs": 2 * len(RUN_ALL) - 1}
    quarantined = {job: report["quarantined"] for job, report in reports.items() if report["quarantined"]}
    assert quarantined == {"strategies": 1, "trades": 1, "rejected-signals": 1, "expired-signals": 1}


@pytest.mark.parametrize("options", [(), ("--limit", "9")], ids=["by name", "whole"])
def test_audits_and_runs_agree_on_what_stricter_rules_refuse(stack: LocalStack, options: tuple[str, ...]) -> None:
    long: dict[str, str] = {"note": "x" * 1000}
    put(stack, "live_positions", *(paper(number, **long) for number in (1, 2, 3)))
    stack.run("trades")
    put(stack, "live_positions", paper(2, **long, exit_reason="SL"), paper(4, **long))
    strict = stack.changed(MAX_DOCUMENT_BYTES="1000")

    assert strict.command("run", "trades", "--as-of", AS_OF, *options).returncode == 0

    code, reports = audit(strict, "trades")
    counted = {name: reports["trades"][name] for name in ("due", "archived", "quarantined")}
    assert (code, found(reports["trades"])) == (0, {})
    assert counted == {"due": 4, "archived": 2, "quarantined": 2}


def with_an_account(folder: Path) -> Path:
    folder.mkdir()
    write_broker(folder, {"account": account("100")})
    return folder


def test_a_history_is_shown_as_a_table_and_progress_on_standard_error(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_table, "PROGRESS", 2)
    put(stack, "live_positions", *map(paper, range(1, 5)), paper(5, qty="NaN"))
    stack.run("trades")

    done = CliRunner().invoke(main, ["audit", "trades", "fee-patch"], env=dict(stack.environment))

    assert done.exit_code == 0
    assert done.stdout.startswith("trades: holds")
    assert done.stdout.rstrip().endswith("The thread holds.")
    assert done.stderr.count("audit under way") == 2


@pytest.mark.parametrize("most", [audit_pages.PAGE, 3], ids=["on one page", "page by page"])
def test_documents_and_rows_meet_whatever_their_names(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch, most: int
) -> None:
    monkeypatch.setattr(audit_pages, "PAGE", most)
    monkeypatch.setattr(audit_contents, "BATCH_BYTES", most)
    put(stack, "live_positions", *(paper(1, position_id=name) for name in NAMES))
    assert stack.run("trades").counts.archived == len(NAMES)

    code, reports = audit(stack, "trades")

    assert (code, found(reports["trades"]), reports["trades"]["archived"]) == (0, {}, len(NAMES))


def test_before_the_first_run_everything_is_pending(stack: LocalStack) -> None:
    put(stack, "live_positions", paper(1), paper(2, status="OPEN"))

    code, reports = audit(stack, "trades")

    assert (code, found(reports["trades"])) == (0, {"pending": 1})


def test_rows_older_than_a_column_are_held_to_the_schema_of_their_time(stack: LocalStack) -> None:
    put(stack, "live_positions", paper(1))
    stack.run("trades")
    sql("UPDATE fact_trades SET schema_version = '1' WHERE ds > '2000-01-01'")(stack)
    for column in ("revised_at", "order_ids"):
        sql(f"ALTER TABLE fact_trades DROP COLUMN {column}")(stack)

    code, reports = audit(stack, "trades")

    assert (code, found(reports["trades"]), reports["trades"]["archived"]) == (0, {}, 1)


def test_what_a_run_writes_while_the_audit_reads_is_no_error(stack: LocalStack) -> None:
    put(stack, "live_positions", paper(1), paper(2))
    stack.run("trades")
    begun = Audit(all_jobs()["trades"], stack.parts(), datetime.fromisoformat(AS_OF))
    put(stack, "live_positions", paper(1, exit_reason="SL"), paper(3))
    stack.run("trades")

    report = begun.check()

    counted = {kind: finding.count for kind, finding in report.findings.items() if finding.count}
    assert (report.passed, report.rows, report.due, counted) == (True, 3, 2, {Kind.PENDING: 1})
    assert report.findings[Kind.PENDING].examples == [path(1)]


def test_receipts_and_open_records_are_looked_at_as_they_are_in_the_end(stack: LocalStack) -> None:
    put(stack, "live_positions", paper(1, qty="NaN"))
    stack.run("trades")
    begun = Audit(all_jobs()["trades"], stack.parts(), datetime.fromisoformat(AS_OF))
    stack.firestore.document(path(1)).delete()
    receipt = {"path": path(9), "table": "fact_trades", "key": ["position-0009"], "source_rev": datetime.now(UTC)}
    stack.firestore.document("retired/later").set(receipt)

    found_late = begun.check().findings

    assert found_late[Kind.LOST].examples == [path(9)]
    assert found_late[Kind.GONE].examples == [path(1)]


def test_records_are_scanned_without_what_is_not_asked_for(stack: LocalStack, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(documents, "PAGE", 2)
    for number in range(5):
        write(f"quarantine/{number}", payload="x", counts={"archived": number, "read": 9})(stack)
    reader = stack.parts().documents

    found_records = list(reader.scan("quarantine", reader.server_time(), ("job", "counts.archived")))

    assert [one.fields for one in found_records] == [{"counts": {"archived": number}} for number in range(5)]


def test_what_is_advised_for_a_row_changed_by_hand_works(stack: LocalStack) -> None:
    put(stack, "live_positions", paper(1))
    stack.run("trades")
    sql("UPDATE fact_trades SET exit_reason = 'MOON', pnl_usd = 1, ds = '2020-01-01' WHERE ds > '2000-01-01'")(stack)
    assert audit(stack, "trades")[0] == 3

    put(stack, "live_positions", paper(1, noted="a field that no schema knows"))
    stack.run("trades")

    assert audit(stack, "trades")[0] == 0


def test_no_run_is_advised_for_what_no_run_makes_anew(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(with_an_account(tmp_path / "account"))
    put(stack, "dim_strategies", strategy(1))
    jobs = ("strategies", "account-snapshot")
    for job in jobs:
        assert stack.run(job).counts.archived == 1
    sql("UPDATE dim_strategies SET active = FALSE WHERE ds > '2000-01-01'")(stack)
    sql("DELETE FROM snapshot_accounts WHERE ds > '2000-01-01'")(stack)

    code, reports = audit(stack, *jobs)

    assert (code, {job: found(reports[job]) for job in jobs}) == (
        3,
        {"strategies": {"altered": 1}, "account-snapshot": {"miscounted": 1}},
    )
    for advice in (reports["strategies"]["altered"]["advice"], reports["account-snapshot"]["miscounted"]["advice"]):
        assert "restore the rows from time travel" in advice
        assert "golden-thread run" not in advice


def test_a_lease_whose_run_writes_its_record_a_moment_later_is_no_finding(stack: LocalStack) -> None:
    write("job_leases/fee-patch", owner="beginning", expires_at=FAR_AHEAD)(stack)

    def begun(_seconds: float) -> None:
        write("job_metadata/beginning", lease="fee-patch", status="RUNNING")(stack)

    report = Audit(all_jobs()["fee-patch"], replace(stack.parts(), pause=begun), None).check()

    assert report.passed


@pytest.mark.parametrize("record", [{}, {"status": "SUCCEEDED"}], ids=["not yet on record", "on record as ended"])
def test_a_lease_whose_run_was_stopped_before_or_after_its_record_heals_itself_and_is_said(
    stack: LocalStack, monkeypatch: pytest.MonkeyPatch, record: dict[str, str]
) -> None:
    monkeypatch.setattr(audit_leases, "A_MOMENT", 0.0)
    assert stack.parts().leases.acquire("fee-patch", "stopped")
    if record:
        write("job_metadata/stopped", lease="fee-patch", **record)(stack)

    code, reports = audit(stack, "fee-patch")

    assert (code, found(reports["fee-patch"])) == (0, {"lingering": 1})
