"""Shell completion, asked as shells ask it."""

import os
import subprocess
import sys

import pytest

from jobs.registry import all_jobs


def completed(*words: str) -> list[str]:
    """What bash is offered for the last of some words."""
    environment = {**os.environ, "COMP_WORDS": " ".join(words), "COMP_CWORD": str(len(words) - 1)}
    command = [sys.executable, "-c", "from infra.cli import main; main(prog_name='golden-thread')"]
    asked = subprocess.run(  # noqa: S603 - our own command line
        command,
        env={**environment, "_GOLDEN_THREAD_COMPLETE": "bash_complete"},
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return [line.partition(",")[2] for line in asked.stdout.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("golden-thread", "ru"), ["run", "runs"]),
        (("golden-thread", "local", "s"), ["seed", "status"]),
        (("golden-thread", "run", "fee"), ["fee-patch"]),
        (("golden-thread", "run", "trades", "--dry"), ["--dry-run"]),
        (("golden-thread", "audit", "str"), ["strategies"]),
        (("golden-thread", "runs", "--job", "job"), ["job-runs"]),
        (("golden-thread", "schema", "show", "fact_t"), ["fact_trades"]),
        (("golden-thread", "query", "missed"), ["missed_moonshots"]),
        (("golden-thread", "run", "nonsense"), []),
    ],
)
def test_what_begins_so_is_offered(words: tuple[str, ...], offered: list[str]) -> None:
    assert completed(*words) == offered


def test_every_job_is_offered() -> None:
    assert set(completed("golden-thread", "run", "")) == {*all_jobs(), "all"}


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_shell_is_told_how_to_ask(shell: str) -> None:
    command = [sys.executable, "-c", "from infra.cli import main; main(prog_name='golden-thread')"]
    asked = subprocess.run(  # noqa: S603 - our own command line
        command,
        env={**os.environ, "_GOLDEN_THREAD_COMPLETE": f"{shell}_source"},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    # Of bash click asks the version first, and says so where there is none.
    assert "_GOLDEN_THREAD_COMPLETE" in asked.stdout
