import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from infra.cli.demo import require_writable
from jobs.registry import RUN_ALL
from tests.stack import AS_OF, LocalStack

GOLDEN = Path(__file__).parent.parent / "golden"
TRADES = json.loads((GOLDEN / "trades" / "rows.json").read_text(encoding="utf-8"))
"""What the golden positions become: rows, and reasons by path."""
ARCHIVED = len(TRADES["rows"])
THREE = "ds = '2026-10-01' AND trade_id IN ('long-1', 'paper-1', 'short-1')"
"""Picks three of the rows."""


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, click.Command]]:
    if not isinstance(command, click.Group):
        yield " ".join(path), command
        return
    context = click.Context(command)
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        assert child is not None
        yield from _commands(child, (*path, name))


@pytest.fixture
def golden(stack: LocalStack) -> LocalStack:
    """Every golden fixture, seeded into one stack."""
    for folder in sorted(GOLDEN.iterdir()):
        stack.seed(folder / "input")
    return stack


@pytest.mark.parametrize(("name", "command"), list(_commands(main)))
def test_every_command_explains_itself_with_an_example(name: str, command: click.Command) -> None:
    text = command.get_help(click.Context(command, info_name=name))
    assert "Example" in text
    assert f"golden-thread {name}" in text


def test_running_all_jobs_archives_what_is_due_and_passes_the_audit(golden: LocalStack) -> None:
    done = golden.command("run", "all", "--as-of", AS_OF, "--json")
    records = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert [record["job"] for record in records] == list(RUN_ALL)
    assert {record["status"] for record in records} == {"SUCCEEDED", "PARTIAL"}
    assert sum(record["counts"]["archived"] for record in records) > 0

    audited = golden.command("audit", "--as-of", AS_OF)
    assert audited.returncode == 0, audited.stdout
    assert audited.stdout.rstrip().endswith("The thread holds.")


def test_the_table_of_runs_names_each_reason(golden: LocalStack) -> None:
    done = golden.command("run", "trades", "--as-of", AS_OF)
    assert "NOT_POSITIVE 1" in done.stdout
    assert "PARTIAL" in done.stdout


def test_events_are_json_lines_on_standard_output_of_a_job(golden: LocalStack) -> None:
    done = _job("trades", golden, "--as-of", AS_OF)
    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert done.returncode == 0, done.stderr
    assert all({"severity", "message", "time"} <= event.keys() for event in events)
    assert events[-1]["message"] == "run partial"
    assert events[-1]["severity"] == "WARNING"
    assert events[-1]["counts"]["archived"] == ARCHIVED


def test_a_job_that_does_not_exist_is_wrong_usage(stack: LocalStack) -> None:
    done = stack.command("run", "nonsense")
    assert done.returncode == 2
    assert "there are: strategies" in done.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ("--ds", "2021-13-01"),
        ("--as-of", "2021-07-01T00:00:00"),
        ("--as-of", "1999-12-31T23:59:59Z"),
        ("--as-of", "2100-01-01T00:00:00Z"),
        ("--ds", "2021-07-01", "--since", "2021-07-01"),
        ("--since", "2021-07-02", "--until", "2021-07-01"),
        ("--limit", "0"),
    ],
)
def test_options_that_make_no_sense_are_wrong_usage(stack: LocalStack, arguments: tuple[str, ...]) -> None:
    assert stack.command("run", "trades", *arguments).returncode == 2


def options(*arguments: str) -> Result:
    """What the command line says to a run, without one."""
    return CliRunner().invoke(main, ["run", *arguments], env={"GOOGLE_CLOUD_PROJECT": "not a project"})


WRONG_USAGE = 2
DAY = "2021-07-01"


@pytest.mark.parametrize(
    ("arguments", "idle"),
    [
        (("trades", "--position", "ID"), "--position"),
        (("all", "--position", "ID"), "--position"),
        (("all", "--delete"), "--delete"),
        (("price-patch", "--delete"), "--delete"),
        (("trades", "fee-patch", "--refresh"), "--refresh"),
        (("retire", "--refresh"), "--refresh"),
        (("price-patch", "--ds", DAY), "--ds"),
        (("price-patch", "--since", DAY, "--until", DAY), "--since, --until"),
    ],
)
def test_an_option_that_no_chosen_job_takes_is_wrong_usage(arguments: tuple[str, ...], idle: str) -> None:
    told = options(*arguments)
    assert told.exit_code == WRONG_USAGE
    assert f"{idle} means nothing to " in told.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("all", "--refresh", "--as-of", "2021-07-01T00:00:00Z", "--dry-run"),
        ("all", "--ds", DAY, "--limit", "1"),
        ("account-snapshot", "--refresh", "--ds", DAY),
        ("fee-patch", "--since", DAY, "--until", DAY, "--limit", "1"),
        ("price-patch", "--position", "ID", "--limit", "1", "--dry-run"),
        ("trades", "price-patch", "--position", "ID", "--ds", DAY),
        ("retire", "--delete", "--ds", DAY, "--limit", "1", "--json"),
    ],
)
def test_an_option_that_one_chosen_job_takes_is_right(arguments: tuple[str, ...]) -> None:
    # It gets as far as the settings, which are wrong.
    assert options(*arguments).exit_code == 1


@pytest.mark.parametrize("moment", ["2026-10-15", "2026-10-15T09:30:00", "2026-10-15 09:30"])
def test_what_a_time_without_an_offset_is_told_to_become_is_taken(moment: str) -> None:
    told = options("trades", "--as-of", moment)
    assert told.exit_code == WRONG_USAGE
    suggested = told.output.rpartition("write ")[2].strip()
    assert suggested.startswith("2026-10-15T")
    assert options("trades", "--as-of", suggested).exit_code == 1  # as far as the settings


@pytest.mark.parametrize("words", [("run", "check"), ("audit", "check"), ("run", "trades", "check", "nonsense")])
def test_the_check_is_named_where_somebody_takes_it_for_a_job(words: tuple[str, ...]) -> None:
    told = CliRunner().invoke(main, words, env={"GOOGLE_CLOUD_PROJECT": "not a project"})
    assert told.exit_code == WRONG_USAGE
    assert "`golden-thread check`" in told.output


def test_a_job_of_its_own_refuses_what_means_nothing_to_it(stack: LocalStack) -> None:
    told = _job("trades", stack, "--position", "ID")
    assert told.returncode == WRONG_USAGE
    assert "--position means nothing to trades" in told.stderr


@pytest.mark.parametrize("words", [("jobs",), ("run", "--help")])
def test_that_a_scheduled_retire_needs_delete_is_said(words: tuple[str, ...]) -> None:
    assert "on a schedule" in " ".join(CliRunner().invoke(main, words).output.split())


def test_a_broker_that_is_away_fails_the_run_but_not_the_other_jobs(golden: LocalStack) -> None:
    done = golden.command(
        "run",
        "trades",
        "strategies",
        "--as-of",
        AS_OF,
        "--json",
        ALPACA_BASE_URL="http://127.0.0.1:9",
        RETRY_SECONDS="1",
    )
    trades, strategies = (json.loads(line) for line in done.stdout.splitlines())
    assert done.returncode == 1
    assert trades["status"] == "FAILED"
    assert trades["error"]["type"] == "BrokerError"
    assert strategies["status"] == "PARTIAL"


def test_missing_settings_are_named_without_their_values(tmp_path: Path) -> None:
    environment = {"PATH": os.environ["PATH"], "GOLDEN_THREAD_STATE": str(tmp_path), "PAGE_SIZE": "canary"}
    done = _python("-m", "infra.cli", "run", "trades", environment=environment)
    assert done.returncode == 1
    assert "GOOGLE_CLOUD_PROJECT" in done.stderr
    assert "PAGE_SIZE" in done.stderr
    assert "canary" not in done.stderr


def test_a_query_answers_with_numeric_as_strings_and_times_as_rfc_3339(golden: LocalStack) -> None:
    golden.run("trades")
    sql = "SELECT trade_id, pnl_usd, exit_time, ds FROM fact_trades WHERE ds = '2026-10-01' AND trade_id = 'long-1'"
    done = golden.command("query", "--format", "json", sql)
    assert json.loads(done.stdout) == [
        {"trade_id": "long-1", "pnl_usd": "18.950000000", "exit_time": "2026-10-01T12:15:00Z", "ds": "2026-10-01"}
    ]


def test_a_query_answers_as_csv_and_as_a_table(golden: LocalStack) -> None:
    golden.run("trades")
    sql = f"SELECT trade_id, qty FROM fact_trades WHERE {THREE} ORDER BY trade_id"  # noqa: S608 - a constant
    lines = golden.command("query", "--format", "csv", sql).stdout.splitlines()
    assert lines == ["trade_id,qty", "long-1,2", "paper-1,1", "short-1,1.5"]
    assert "paper-1" in golden.command("query", sql).stdout


def test_an_answer_without_rows_says_so_and_names_its_columns(golden: LocalStack) -> None:
    golden.run("trades")
    sql = "SELECT trade_id, qty FROM fact_trades WHERE ds = '1999-01-01'"
    assert golden.command("query", sql).stdout == "no rows\n"
    assert golden.command("query", "--format", "csv", sql).stdout == "trade_id,qty\n"
    assert golden.command("query", "--json", sql).stdout == "[]\n"


@pytest.mark.parametrize("question", ["", " \n"])
def test_an_empty_question_is_wrong_usage(question: str) -> None:
    told = CliRunner().invoke(main, ["query", question], env={"GOOGLE_CLOUD_PROJECT": "any"})
    assert told.exit_code == WRONG_USAGE
    assert "--list" in told.output


def test_saved_questions_are_listed_in_every_format_that_can_hold_them(tmp_path: Path) -> None:
    def listed(*arguments: str) -> Result:
        return CliRunner().invoke(main, ["query", "--list", *arguments], env={"GOOGLE_CLOUD_PROJECT": "any"})

    assert listed("--format", "csv").output.startswith("name,question,days,shows\n")
    assert json.loads(listed("--format", "json").output)[0].keys() == {"name", "question", "days", "shows"}
    assert listed("--format", "csv", "--out", str(tmp_path / "list.csv")).exit_code == 0
    assert (tmp_path / "list.csv").read_text(encoding="utf-8") == listed("--format", "csv").output
    assert listed("--format", "parquet", "--out", "x.parquet").exit_code == WRONG_USAGE


def test_a_query_that_bigquery_refuses_is_one_clear_line(stack: LocalStack) -> None:
    done = stack.command("query", "SELEC 1")
    assert done.returncode == 1
    assert done.stderr.startswith("Error: BigQuery refused the query")
    assert "Traceback" not in done.stderr


def test_runs_are_listed_newest_first_and_shown_whole(golden: LocalStack) -> None:
    first, second = golden.run("trades"), golden.run("trades")
    listed = json.loads(golden.command("runs", "--job", "trades", "--json").stdout)
    assert [record["run_id"] for record in listed] == [second.run_id, first.run_id]
    shown = json.loads(golden.command("runs", "show", first.run_id, "--json").stdout)
    assert shown["counts"]["archived"] == ARCHIVED
    assert golden.command("runs", "show", "nonsense").returncode == 1


@pytest.mark.parametrize("name", ["", "a/b", "__x__", "..", "nonsense"])
def test_what_names_no_run_and_no_refused_document_is_said(name: str, stack: LocalStack) -> None:
    def told(group: str) -> Result:
        return CliRunner().invoke(main, [group, "show", name], env=stack.environment)

    assert (told("runs").exit_code, told("runs").output) == (
        1,
        f"Error: no run {name!r}; `golden-thread runs` lists them\n",
    )
    assert told("quarantine").exit_code == (1 if name else WRONG_USAGE)
    assert "`golden-thread quarantine list` lists" in told("quarantine").output


@pytest.mark.parametrize("words", [("runs",), ("quarantine", "list")])
def test_records_of_a_job_that_there_is_not_are_wrong_usage(words: tuple[str, ...], stack: LocalStack) -> None:
    def told(job: str) -> Result:
        return CliRunner().invoke(main, [*words, "--job", job, "--json"], env=stack.environment)

    assert told("nosuch").exit_code == WRONG_USAGE
    assert "no job nosuch; there are: strategies" in told("nosuch").output
    assert [told(job).output for job in ("trades", "check")] == ["[]\n", "[]\n"]


def test_a_report_that_cannot_be_written_stops_the_demo_before_it_starts(tmp_path: Path) -> None:
    told = CliRunner().invoke(main, ["demo", "--report", str(tmp_path / "nowhere" / "page.html")])
    assert told.exit_code == 1
    assert told.output.startswith("Error: Could not open file")
    assert "starting" not in told.output


def test_a_report_that_can_be_written_leaves_no_trace_before_it_is(tmp_path: Path) -> None:
    (tmp_path / "old.html").write_text("old", encoding="utf-8")
    for name in ("new.html", "old.html"):
        require_writable(tmp_path / name)
    assert [(one.name, one.read_text(encoding="utf-8")) for one in tmp_path.iterdir()] == [("old.html", "old")]


def test_quarantine_shows_every_fault_and_what_to_do(golden: LocalStack) -> None:
    golden.run("trades")
    listed = json.loads(golden.command("quarantine", "list", "--json").stdout)
    assert {one["path"]: one["reason"] for one in listed} == TRADES["quarantine"]
    shown = golden.command("quarantine", "show", "live_positions/bad-1").stdout
    assert "qty" in shown
    assert "Prices and quantities must be above zero" in shown
    assert "golden-thread run trades" in shown


def test_schema_apply_creates_every_table_and_check_agrees(stack: LocalStack) -> None:
    assert stack.command("schema", "check").returncode == 1
    assert stack.command("schema", "apply").returncode == 0
    assert stack.command("schema", "check", "--json").stdout.strip() == "[]"


def test_a_table_is_shown_as_the_api_takes_it(stack: LocalStack) -> None:
    definition = json.loads(stack.command("schema", "show", "fact_trades", "--json").stdout)
    assert definition["partition_field"] == "ds"
    assert definition["clustering"] == ["strategy_id", "symbol"]
    assert stack.command("schema", "show", "nonsense").returncode == 2


def _job(name: str, stack: LocalStack, *arguments: str) -> subprocess.CompletedProcess[str]:
    return _python("-m", f"jobs.{name}", *arguments, environment={**os.environ, **stack.environment})


def _python(*arguments: str, environment: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own command line
        [sys.executable, *arguments], env=environment, capture_output=True, text=True, check=False, timeout=120
    )
