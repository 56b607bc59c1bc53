"""The local stack's own commands, on the embedded Firestore: the one that is everywhere."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent.parent / "golden"


class Terminal:
    """A shell without any settings but a state folder."""

    def __init__(self, state: Path) -> None:
        kept = ("PATH", "HOME", "LANG")
        self._environment = {name: os.environ[name] for name in kept if name in os.environ}
        self._environment["GOLDEN_THREAD_STATE"] = str(state)

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "infra.cli", *arguments],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    shell = Terminal(tmp_path / "state")
    yield shell
    shell("local", "reset")


def test_state_survives_down_and_up_until_reset(terminal: Terminal) -> None:
    assert terminal("local", "status").returncode == 1
    assert terminal("local", "up", "--firestore", "embedded").returncode == 0
    assert terminal("local", "seed", str(GOLDEN / "trades" / "input")).returncode == 0
    # No setting names a project: the commands find the running stack by themselves.
    assert "archived" in terminal("run", "trades", "--as-of", "2026-10-15T00:00:00Z").stdout
    assert terminal("local", "down").stdout == "down\n"
    assert terminal("local", "status").returncode == 1

    assert terminal("local", "up", "--firestore", "embedded").returncode == 0
    again = terminal("run", "trades", "--as-of", "2026-10-15T00:00:00Z", "--json").stdout
    golden = json.loads((GOLDEN / "trades" / "rows.json").read_text(encoding="utf-8"))
    already, quarantined = len(golden["rows"]), len(golden["quarantine"])
    assert f'"archived":0,"already":{already},"revised":0,"quarantined":{quarantined}' in again

    assert terminal("local", "reset").returncode == 0
    assert terminal("local", "status").returncode == 1


def test_up_twice_is_up_once(terminal: Terminal) -> None:
    terminal("local", "up", "--firestore", "embedded")
    first = terminal("local", "status", "--json").stdout
    terminal("local", "up")
    assert terminal("local", "status", "--json").stdout == first


def test_env_prints_exports_that_a_shell_takes(terminal: Terminal) -> None:
    assert terminal("local", "env").returncode == 1
    terminal("local", "up", "--firestore", "embedded")
    lines = terminal("local", "env").stdout.splitlines()
    names = {line.removeprefix("export ").split("=")[0] for line in lines}
    assert {"GOOGLE_CLOUD_PROJECT", "FIRESTORE_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST", "ALPACA_BASE_URL"} <= names


def test_a_malformed_fixture_is_named_and_seeds_nothing(terminal: Terminal, tmp_path: Path) -> None:
    terminal("local", "up", "--firestore", "embedded")
    broken = tmp_path / "broken" / "firestore"
    broken.mkdir(parents=True)
    (broken / "live_positions.ndjson").write_text('{"_id": "a"}\nnot json\n', encoding="utf-8")
    done = terminal("local", "seed", str(broken.parent))
    assert done.returncode == 1
    assert "live_positions.ndjson" in done.stderr
    assert "2" in done.stderr


def test_seeding_without_a_stack_says_what_to_do(terminal: Terminal, tmp_path: Path) -> None:
    done = terminal("local", "seed", str(tmp_path))
    assert done.returncode == 1
    assert "golden-thread local up" in done.stderr
