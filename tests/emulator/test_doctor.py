"""`golden-thread doctor` on real servers: what answers is said, what does not is named, with what to do."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from google.api_core.exceptions import PermissionDenied

from infra.doctor import State, examine, in_haste, stated
from jobs.registry import RUN_ALL, all_jobs
from schemas.table import ArchivedRow
from schemas.views import VIEWS
from shared.log import Log
from shared.parts import connect
from shared.run import run
from shared.stream import PendingStream, WriteStreams
from shared.survey import Options
from tests.emulator.builders import position, put
from tests.emulator.test_account_truth import holding, seed
from tests.stack import LocalStack

NOBODY = "127.0.0.1:1"
"""Nothing listens there."""


def findings(stack: LocalStack, **changes: str) -> dict[str, list[tuple[str, str]]]:
    """What is found: thing → states and details."""
    parts = connect(in_haste(stack.settings(**changes)), Log(stack.log))
    found: dict[str, list[tuple[str, str]]] = {}
    for one in examine(parts):
        found.setdefault(one.what, []).append((one.state.value, one.detail))
    return found


@pytest.fixture
def healthy(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Tables made, an account at the broker, two trades to archive."""
    seed(stack, tmp_path, holding("PA1", "100"))
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"), position(2, qty="NaN"))
    assert stack.command("schema", "apply").returncode == 0
    stack.run("trades")
    return stack


def test_a_healthy_stack_answers_everywhere(healthy: LocalStack) -> None:
    found = findings(healthy)
    assert found["source documents"] == [
        ("ok", "database (default): 0 dim_strategies, 2 live_positions, 0 rejected_signals, 0 live_signals")
    ]
    assert found["bookkeeping"] == [("ok", "database (default): 1 documents in quarantine")]
    assert found["tables"] == [("ok", f"all 6 are as their models say, all {len(VIEWS)} views as their files")]
    assert found["Storage Write API"] == [("ok", "takes rows for fact_trades")]
    assert found["broker account"] == [("ok", f"{healthy.environment['ALPACA_BASE_URL']}: …PA1, ACTIVE")]
    assert found["market data"][0][0] == "ok"
    assert "lease" not in found


def test_jobs_that_never_ended_well_are_named(healthy: LocalStack) -> None:
    named = {detail.partition(":")[0] for state, detail in findings(healthy)["last runs"] if state == "warning"}
    assert named == set(RUN_ALL) - {"trades"}


def test_a_job_that_ended_well_too_long_ago_is_late(healthy: LocalStack) -> None:
    collection = healthy.firestore.collection("job_metadata")
    (run,) = [one.reference for one in collection.stream()]
    run.update({"started_at": datetime.now(UTC) - timedelta(hours=27)})
    late = [detail for _, detail in findings(healthy)["last runs"] if detail.startswith("trades")]
    assert len(late) == 1
    assert "ended well last at" in late[0]


def test_a_run_of_a_part_does_not_make_a_late_job_punctual(healthy: LocalStack) -> None:
    (whole,) = [one.reference for one in healthy.firestore.collection("job_metadata").stream()]
    whole.update({"started_at": datetime.now(UTC) - timedelta(hours=27)})
    run(all_jobs()["trades"], Options(limit=1), healthy.parts())
    assert "trades: ended well last at" in str(findings(healthy)["last runs"])


@pytest.mark.parametrize(
    ("variable", "silent"),
    [
        ("FIRESTORE_EMULATOR_HOST", {"source documents", "bookkeeping", "leases", "last runs", "market data"}),
        ("BIGQUERY_EMULATOR_HOST", {"tables", "Storage Write API"}),
        ("BIGQUERY_STORAGE_EMULATOR_HOST", {"Storage Write API"}),
        ("ALPACA_BASE_URL", {"broker"}),
        ("ALPACA_DATA_URL", {"market data"}),
    ],
)
def test_what_does_not_answer_is_named_and_the_rest_is_looked_at(
    variable: str, silent: set[str], healthy: LocalStack
) -> None:
    found = findings(healthy, **{variable: f"http://{NOBODY}" if variable.startswith("ALPACA") else NOBODY})
    assert {what for what, told in found.items() if told[0][0] == "failed"} == silent


def test_whoever_may_look_and_not_write_is_warned_and_told_what_a_job_needs(
    healthy: LocalStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_self: WriteStreams, row: type[ArchivedRow]) -> PendingStream:
        raise PermissionDenied(f"Permission 'TABLES_UPDATE_DATA' denied on resource {row.TABLE.name}")

    monkeypatch.setattr(WriteStreams, "open", refuse)
    found = [one for one in examine(connect(in_haste(healthy.settings()), Log(healthy.log))) if one.advice]
    (told,) = (one for one in found if one.what == "Storage Write API")
    assert (told.state, told.detail) == (State.WARNING, "you may look at fact_trades, not write to it")
    assert "gt_<environment>_table_writer" in told.advice
    assert State.FAILED not in {one.state for one in found}


def test_a_table_that_differs_and_a_commit_that_is_open_are_told(healthy: LocalStack) -> None:
    healthy.rows("ALTER TABLE fact_signals_expired DROP COLUMN moonshot")
    intent = {"stream": "a-stream", "run_id": "trades-1", "n": 7, "created_at": datetime.now(UTC)}
    healthy.firestore.document("job_leases/fact_trades").update({"intent": intent})
    found = findings(healthy)
    assert found["tables"] == [("failed", "fact_signals_expired: column moonshot is missing (BOOL NULLABLE)")]
    assert found["lease"] == [("warning", "fact_trades: the commit of run trades-1 (7 rows) is not settled")]


def test_a_clock_that_is_wrong_is_told(healthy: LocalStack) -> None:
    parts = connect(in_haste(healthy.settings()), Log(healthy.log))
    slow = replace(parts, clock=lambda: datetime.now(UTC) - timedelta(minutes=1))
    told = [one.detail for one in examine(slow) if one.what == "clock"]
    assert len(told) == 1
    assert "60 s behind" in told[0]


def test_a_lease_that_is_held_is_no_trouble(healthy: LocalStack) -> None:
    held = {"owner": "trades-2", "expires_at": datetime.now(UTC) + timedelta(hours=1)}
    healthy.firestore.document("job_leases/fact_trades").update(held)
    assert findings(healthy)["lease"] == [("ok", "fact_trades: held by trades-2")]


def told(stack: LocalStack, *arguments: str, **changes: str) -> tuple[int, str]:
    done = stack.command("doctor", *arguments, **changes)
    return done.returncode, done.stdout + done.stderr


def test_the_command_shows_settings_without_secrets_and_exits_by_what_it_found(healthy: LocalStack) -> None:
    keys = {"ALPACA_API_KEY": "canary-of-a-key-id", "ALPACA_SECRET_KEY": "canary-of-a-secret"}
    code, text = told(healthy, "--json", **keys)
    report: dict[str, Any] = json.loads(text)
    assert code == 0
    assert report["settings"]["BIGQUERY_DATASET"] == healthy.environment["BIGQUERY_DATASET"]
    assert {report["settings"][name] for name in keys} == {"set"}
    assert {one["state"] for one in report["findings"]} <= {"ok", "warning"}
    # What a run would have, not what doctor itself has patience for.
    assert report["settings"] == stated(healthy.settings(**keys))

    code, text = told(healthy, ALPACA_BASE_URL=f"http://{NOBODY}", **keys)
    assert code == 1
    assert "paper keys work at the paper host alone" in text
    assert "canary" not in text


def test_an_environment_that_contradicts_itself_is_one_line(stack: LocalStack) -> None:
    code, text = told(stack, ENVIRONMENT="prod")
    assert code == 1
    assert "is not for ENVIRONMENT=prod" in text
    assert "Traceback" not in text
