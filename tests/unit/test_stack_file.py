"""What the local stack remembers of itself: a file that is whole, or is said not to be."""

import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from infra.cli import main
from infra.local import stack as stack_module
from infra.local.emulators import Firestore
from infra.local.stack import SERVERS, Running, Server, Stack, StackError, born

DAMAGED = '{"firestore_kind": "embedded", "serv'
NAMED = ("GOOGLE_CLOUD_PROJECT", "FIRESTORE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")


def command(state: Path, *arguments: str) -> Result:
    """What a command says in an environment that names nothing but a state folder."""
    environment = {"GOLDEN_THREAD_STATE": str(state), **dict.fromkeys(NAMED, "")}
    return CliRunner().invoke(main, arguments, env=environment)


def up(state: Path, kind: Firestore = "sdk", names: tuple[str, ...] = SERVERS) -> Stack:
    """A stack that seems to be up: every server of it is this process."""
    me = Server(pid=os.getpid(), born=born(os.getpid()), ports={"grpc": 1, "rest": 1, "http": 1})
    state.mkdir()
    running = Running(firestore_kind=kind, servers=dict.fromkeys(names, me))
    (state / "stack.json").write_text(running.model_dump_json(), encoding="utf-8")
    return Stack(state)


@pytest.fixture
def damaged(tmp_path: Path) -> Path:
    (tmp_path / "stack.json").write_text(DAMAGED, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    "arguments", [("local", "status"), ("local", "env"), ("local", "up"), ("local", "seed", "."), ("runs",)], ids=str
)
def test_a_damaged_stack_file_is_named_with_its_cure(arguments: tuple[str, ...], damaged: Path) -> None:
    told = command(damaged, *arguments)
    assert told.exit_code == 1
    assert told.output.startswith(f"Error: {damaged / 'stack.json'} cannot be read")
    assert "`golden-thread local reset`" in told.output


@pytest.mark.parametrize("word", ["down", "reset"])
def test_a_damaged_stack_file_is_removed_and_what_may_still_run_is_said(word: str, damaged: Path) -> None:
    (damaged / "broker").mkdir()
    told = command(damaged, "local", word)
    assert told.exit_code == 0
    assert f"bear {damaged} in their command lines" in told.output
    assert not (damaged / "stack.json").exists()
    assert (damaged / "broker").exists() == (word == "down")
    assert command(damaged, "local", "status").output == "down\n"


def test_the_stack_file_is_never_there_in_part(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Path] = []
    monkeypatch.setattr(stack_module, "replace_file", lambda path, _content: written.append(path))
    monkeypatch.setattr(Stack, "_start_server", lambda *_: Server(pid=os.getpid(), born="another", ports={}))
    Stack(tmp_path).up("embedded")
    assert written == [tmp_path / "stack.json"] * len(SERVERS)


def test_a_stack_whose_start_was_cut_off_is_not_up(tmp_path: Path) -> None:
    assert up(tmp_path / "state", names=SERVERS[:1]).running() is None


def test_another_firestore_than_the_one_that_is_up_is_refused(tmp_path: Path) -> None:
    stack = up(tmp_path / "state")
    assert stack.up("sdk") == stack.up() == stack.running()
    with pytest.raises(StackError, match="is up with Firestore sdk; `golden-thread local down`"):
        stack.up("embedded")
    refused = command(stack.directory, "local", "up", "--firestore", "embedded")
    assert (refused.exit_code, refused.output.partition(";")[0]) == (1, "Error: the stack is up with Firestore sdk")


def test_servers_end_also_when_documents_cannot_be_saved(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = up(tmp_path / "state")
    ended: list[str] = []
    monkeypatch.setattr(Stack, "_end", lambda _self, servers: ended.extend(servers))
    with pytest.raises(StackError, match="is down, but its documents were not saved"):
        stack.down()  # nobody answers at its port
    assert ended == list(SERVERS)


@pytest.mark.parametrize("place", ["/proc/nope", "a file"])
def test_a_state_folder_that_cannot_be_is_said(place: str, tmp_path: Path) -> None:
    (tmp_path / "a file").touch()
    told = command(tmp_path / place, "local", "up", "--firestore", "embedded")
    assert told.exit_code == 1
    assert told.output.splitlines()[-1].startswith("Error: the stack did not start: ")
    assert "GOLDEN_THREAD_STATE names another folder" in told.output


def test_that_nothing_is_up_is_said_to_programs_too(tmp_path: Path) -> None:
    told = command(tmp_path, "local", "status", "--json")
    assert (told.exit_code, json.loads(told.output)) == (1, {"servers": []})


def test_a_month_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    told = command(up(tmp_path / "state").directory, "local", "seed", "/proc/nope", "--invent")
    assert (told.exit_code, told.output) == (1, "Error: /proc/nope cannot be written: No such file or directory\n")
