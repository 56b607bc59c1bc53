"""The command line on a terminal of 80 columns, off one, and for programs."""

import json
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from fcntl import ioctl
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from infra.cli import main
from shared.documents import OutOfOrderError
from shared.interrupt import InterruptedRunError
from shared.settings import Settings
from tests.stack import AS_OF, LocalStack

GOLDEN = Path(__file__).parent.parent / "golden"
WIDTH = 80
COLOUR = re.compile(r"\x1b\[[0-9;]*3[0-9][0-9;]*m|\x1b\[[0-9;]*9[0-7][0-9;]*m")
CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\\\)")


@pytest.fixture
def worked(stack: LocalStack) -> LocalStack:
    """A stack with rows, runs and refusals."""
    for folder in sorted(GOLDEN.iterdir()):
        stack.seed(folder / "input")
    for job in ("strategies", "trades", "rejected-signals"):
        stack.run(job)
    return stack


def on_a_terminal(stack: LocalStack, *arguments: str, **changes: str) -> str:
    """What a command writes to a terminal of 80 columns."""
    ours, its = pty.openpty()
    ioctl(its, termios.TIOCSWINSZ, struct.pack("HHHH", 24, WIDTH, 0, 0))
    kept = {name: value for name, value in os.environ.items() if name not in {"COLUMNS", "NO_COLOR", "FORCE_COLOR"}}
    environment = {**kept, **stack.environment, "TERM": "xterm-256color", **changes}
    command = [sys.executable, "-m", "infra.cli", *arguments]
    with subprocess.Popen(command, env=environment, stdout=its, stderr=subprocess.DEVNULL) as process:  # noqa: S603 - our own command line
        os.close(its)
        written = b"".join(_chunks(ours))
    os.close(ours)
    assert process.returncode in {0, 1, 3}, written
    return written.decode()


def _chunks(descriptor: int) -> Iterator[bytes]:
    while True:
        try:
            chunk = os.read(descriptor, 65536)
        except OSError:  # the other end is closed
            return
        if not chunk:
            return
        yield chunk


WIDE = [
    ("runs",),
    ("jobs",),
    ("quarantine", "list"),
    ("quarantine", "show", "live_positions/bad-1"),
    ("audit", "trades", "--as-of", AS_OF),
    ("run", "trades", "--dry-run", "--as-of", AS_OF),
    ("schema", "show", "fact_trades"),
    ("query", "SELECT * FROM fact_trades WHERE ds >= '2000-01-01'"),
    ("query", "--list"),
    ("doctor",),
]


def test_everything_fits_the_terminal(worked: LocalStack) -> None:
    for arguments in WIDE:
        lines = [CONTROL.sub("", line).rstrip("\r") for line in on_a_terminal(worked, *arguments).split("\n")]

        assert len(lines) > 3, arguments
        assert [line for line in lines if len(line) > WIDTH] == [], arguments


def test_a_table_too_wide_becomes_a_block_of_lines_for_each_row(worked: LocalStack) -> None:
    told = CONTROL.sub("", on_a_terminal(worked, "query", "SELECT * FROM fact_trades WHERE ds >= '2000-01-01'"))

    assert re.search(r"^trade_id +long-1\s*$", told, re.MULTILINE)
    assert re.search(r"^source_path +live_positions/long-1\s*$", told, re.MULTILINE)


def test_a_terminal_that_wants_no_colour_gets_none(worked: LocalStack) -> None:
    assert not COLOUR.search(on_a_terminal(worked, "runs", NO_COLOR="1"))


def test_a_pipe_gets_no_control_characters(worked: LocalStack) -> None:
    for arguments in (("runs",), ("quarantine", "show", "live_positions/bad-1"), ("jobs",)):
        done = worked.command(*arguments, FORCE_COLOR="1")
        assert (done.returncode, "\x1b" in done.stdout) == (0, False), arguments


def test_a_run_is_told_as_a_story(worked: LocalStack) -> None:
    run = worked.run("trades")
    lines = worked.command("runs", "show", run.run_id).stdout.splitlines()

    assert lines[0] == run.run_id
    assert lines[1] == "trades did what it could: some documents were refused, or wait."
    assert {line.split()[0] for line in lines[2:]} >= {"ran", "by", "found", "moved", "refused", "cost", "next"}


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            yield from _commands(child, (*path, name))
        if not command.invoke_without_command:
            return
    yield path, command


MESSAGES_ONLY = {("local", "up"), ("local", "down"), ("local", "reset"), ("schema", "docs"), ("report",)}
"""Commands that print a message, or write a file, and no data."""


def test_every_command_that_prints_data_prints_it_as_json_too() -> None:
    without = {path for path, command in _commands(main) if not any("--json" in param.opts for param in command.params)}

    assert without == MESSAGES_ONLY


DATA = [
    ("jobs",),
    ("runs",),
    ("quarantine", "list"),
    ("audit", "trades", "--as-of", AS_OF),
    ("schema", "apply"),
    ("schema", "check"),
    ("schema", "show", "trade_ledger"),
    ("query", "--list"),
    ("query", "SELECT 1 AS one"),
    ("doctor",),
    ("run", "strategies"),
]


def test_json_is_all_that_is_printed(worked: LocalStack) -> None:
    for arguments in DATA:
        done = worked.command(*arguments, "--json")
        assert json.loads(done.stdout) is not None, done.stderr


FAILING = {
    "a run nobody knows": ("runs", "show", "nonsense"),
    "a document that was not refused": ("quarantine", "show", "nonsense/1"),
    "SQL that is none": ("query", "SELEC 1"),
    "a table that is not there": ("query", "SELECT * FROM nonsense"),
    "a question nobody saved": ("query", "nonsense"),
    "a table nobody knows": ("schema", "show", "nonsense"),
    "a job nobody knows": ("run", "nonsense"),
    "a command nobody knows": ("nonsense",),
}
NEXT = re.compile(r"golden-thread|there are")


@pytest.mark.parametrize("what", FAILING)
def test_an_error_names_the_next_step_and_no_traceback(what: str, stack: LocalStack) -> None:
    done = stack.command(*FAILING[what])

    assert done.returncode in {1, 2}
    assert NEXT.search(done.stderr), done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("command", "changes"),
    [
        (("runs",), {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}),
        (("schema", "check"), {"BIGQUERY_EMULATOR_HOST": "127.0.0.1:1"}),
        (("runs",), {"PAGE_SIZE": "many"}),
        (("audit",), {"PAGE_SIZE": "many"}),
        (("check",), {"PAGE_SIZE": "many"}),
        (("doctor",), {"PAGE_SIZE": "many"}),
        (("run", "trades"), {"PAGE_SIZE": "many"}),
        (("audit",), {"FIRESTORE_EMULATOR_HOST": "127.0.0.1:1"}),
    ],
)
def test_what_cannot_be_reached_or_read_is_said_with_the_next_step(
    command: tuple[str, ...], changes: dict[str, str], stack: LocalStack
) -> None:
    done = stack.command(*command, **changes, RETRY_SECONDS="0.2")

    assert done.returncode == 1
    *_, told, following = done.stderr.partition("Error: ")[2].splitlines()
    assert told
    assert following.startswith("Next: ")
    assert "`golden-thread" in following
    assert "Traceback" not in done.stderr


def test_what_a_service_answers_can_steer_no_terminal_and_show_no_key(monkeypatch: pytest.MonkeyPatch) -> None:
    said = "refused\x1b[2J, you sent Authorization: Bearer canary-of-a-token"
    monkeypatch.setattr("infra.cli.audit.load", refusing(OutOfOrderError(said)))

    told = CliRunner().invoke(main, ["audit"], env={"GOOGLE_CLOUD_PROJECT": "any"})

    assert told.exit_code == 1
    assert "OutOfOrderError: refused\\x1b[2J" in told.output
    assert "\x1b" not in told.output
    assert "canary" not in told.output


@pytest.mark.parametrize("command", [("run", "trades"), ("check",)])
def test_a_command_told_to_stop_before_its_run_says_so(
    command: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = f"infra.cli.{command[0]}"
    monkeypatch.setattr(f"{module}.stop_on_signals", lambda: None)
    monkeypatch.setattr(f"{module}.load", refusing(InterruptedRunError("stopped by SIGTERM")))

    told = CliRunner().invoke(main, command, env={"GOOGLE_CLOUD_PROJECT": "any"})

    assert told.exit_code == 1
    assert told.output.startswith("Error: stopped by SIGTERM\nNext: `golden-thread run`")


def refusing(error: BaseException) -> Callable[[], Settings]:
    """Settings that cannot be had."""

    def load() -> Settings:
        raise error

    return load
