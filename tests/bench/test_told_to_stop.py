"""A measurement that is told to stop takes its servers down."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

COMMAND = (sys.executable, "-m", "infra.cli", "bench", "--firestore", "embedded", "--only", "drain", "--documents", "1")


def servers_in(folder: Path) -> list[int]:
    """Find the processes whose command line names something in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if f"{folder}/".encode() in command:
            found.append(int(process.name))
    return found


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    yield tmp_path
    for left in servers_in(tmp_path):
        os.kill(left, signal.SIGKILL)


def test_a_measurement_told_to_stop_leaves_no_server_running(folder: Path) -> None:
    environment = {**os.environ, "TMPDIR": str(folder)}
    with subprocess.Popen(COMMAND, env=environment, stderr=subprocess.PIPE, text=True) as bench:  # noqa: S603 - our own
        assert bench.stderr
        assert any("writing 1 documents" in line for line in bench.stderr)
        assert servers_in(folder)
        bench.terminate()
        assert bench.wait(60) == 128 + signal.SIGTERM
    assert servers_in(folder) == []
