"""A process that has imported everybody else's code and none of ours, and runs pytest in a fork for each copy of ours.

That saves every planted bug the seconds which the imports take. It reads a JSON list a line, a project's directory and
the arguments for pytest, and answers each with a line when pytest has ended.
"""

import importlib
import json
import os
import signal
import sys
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
_HEAVY = (
    "alpaca.data.historical",
    "alpaca.trading.client",
    "google.cloud.bigquery",
    "google.cloud.bigquery_storage_v1",
    "google.cloud.firestore",
    "orjson",
    "pyarrow",
    "pydantic",
    "sqlglot",
)
_OURS = {"jobs", "shared", "schemas", "infra", "tests"}
_PATIENCE_S = 900


def main() -> None:
    """Serve until the input ends."""
    for name in _HEAVY:
        importlib.import_module(name)
    for line in sys.stdin:
        project, arguments = json.loads(line)
        sys.stdout.write(f"{in_fork(project, arguments)}\n")
        sys.stdout.flush()


def in_fork(project: str, arguments: list[str]) -> int:
    """Run pytest in a copy of the project; its output goes to `output.txt` there."""
    if child := os.fork():
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    signal.alarm(_PATIENCE_S)
    os.chdir(project)
    with Path("output.txt").open("w", encoding="utf-8") as output:
        os.dup2(output.fileno(), 1)
        os.dup2(output.fileno(), 2)
    for name in [name for name in sys.modules if name.partition(".")[0] in _OURS]:
        del sys.modules[name]
    sys.path[:] = [project, *(path for path in sys.path if path and Path(path) != CHECKOUT)]
    os._exit(pytest.main(arguments))


if __name__ == "__main__":
    main()
