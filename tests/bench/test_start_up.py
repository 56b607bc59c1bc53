"""Starting is quick, by the processor time of processes that take turns, so that a busy machine counts little."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from statistics import median

from tests.stack import AS_OF, LocalStack

TURNS = 5
BARE_CLICK = ("-c", "import click")
HELP = ("-m", "infra.cli", "--help")
JOB = ("-m", "jobs.trades", "--as-of", AS_OF)
LIBRARIES = (
    "-c",
    """
import os
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery, bigquery_storage_v1, firestore
project = os.environ["GOOGLE_CLOUD_PROJECT"]
documents = firestore.Client(project, credentials=AnonymousCredentials())
print(len(list(documents.collection("live_positions").limit(1).stream())))
endpoint = {"api_endpoint": "http://" + os.environ["BIGQUERY_EMULATOR_HOST"]}
warehouse = bigquery.Client(project, credentials=AnonymousCredentials(), client_options=endpoint)
print([row[0] for row in warehouse.query("SELECT 1").result()])
""",
)
"""The client libraries, one query of Firestore and one of BigQuery."""


def cpu_s(arguments: Sequence[str], environment: Mapping[str, str]) -> float:
    """Run Python to its end and ask the system what it took, seconds of processor time."""
    command = [sys.executable, *arguments]
    with subprocess.Popen(command, env={**os.environ, **environment}, stdout=subprocess.DEVNULL) as process:  # noqa: S603 - our own command lines
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return used.ru_utime + used.ru_stime


def ratio(one: Sequence[str], other: Sequence[str], environment: Mapping[str, str]) -> float:
    """Compare two command lines that take turns: the median of the ratios."""
    return median(cpu_s(one, environment) / cpu_s(other, environment) for _ in range(TURNS))


def test_help_costs_little_more_than_importing_click() -> None:
    assert ratio(HELP, BARE_CLICK, {}) < 3


def test_a_run_with_nothing_due_costs_little_more_than_the_client_libraries_and_a_query_of_each(
    stack: LocalStack,
) -> None:
    cpu_s(JOB, stack.environment)  # The first one creates the tables.
    found = ratio(JOB, LIBRARIES, stack.environment)
    print(f"nothing due / libraries and two queries: {found:.2f}")  # noqa: T201 - the figure
    assert found < 3


def test_help_loads_none_of_the_client_libraries() -> None:
    script = "import sys, infra.cli; print(*{name.partition('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)  # noqa: S603 - a constant
    assert not {"grpc", "pydantic", "pyarrow", "alpaca", "shared"} & set(done.stdout.split())
