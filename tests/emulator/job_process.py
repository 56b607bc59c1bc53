"""A job as a process of its own, forked from a server that has imported everything: a hundred of them take a minute."""

import contextlib
import importlib
import multiprocessing
import os
import sys
from datetime import UTC, datetime
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from signal import SIGKILL
from threading import Event

from google.api_core.exceptions import GoogleAPICallError
from google.cloud.firestore_v1.types import BeginTransactionResponse

from jobs.registry import all_jobs
from shared import interrupt, run
from shared.jobs import Job
from tests.emulator.wire import PATIENCE_S, Call, Moment, Wire
from tests.simulation.substitution import Substitute, substituted
from tests.sizes import Sizes
from tests.stack import AS_OF, LocalStack

GIT_HASH = "tested"
"""The commit that processes believe to run."""
AT_ONCE = "TESTED_SIZES"
"""Variable that tells a process how much to take at once."""
UNHURRIED = {"TESTED_GRACE_S": "25"}
"""Variable that lets a stopped process take its time, for this machine may stand still for a while."""
_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["jobs.entry", "jobs.trades", "alpaca.trading.client", "alpaca.data.historical"])
_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


def start_job(stack: LocalStack, output: Path, *arguments: str, module: str = "jobs.trades") -> ForkServerProcess:
    """Start `python -m <module> --as-of … <arguments>` against a stack; its output goes to files.

    Args:
        stack: Servers and environment.
        output: File for standard output; standard error goes to one beside it, ending in `.errors`.
        arguments: Further arguments.
        module: The job's module.
    """
    command = [module, "--as-of", AS_OF, *arguments]
    process = _CONTEXT.Process(target=_run, args=({**stack.environment, "GIT_HASH": GIT_HASH}, output, command))
    process.start()
    return process


def _run(environment: dict[str, str], output: Path, command: list[str]) -> None:
    os.environ.update(environment)
    for descriptor, path in ((1, output), (2, errors_of(output))):
        with path.open("wb") as sink:
            os.dup2(sink.fileno(), descriptor)
    sys.argv = command
    sizes = Sizes.read(environment[AT_ONCE]).in_force() if AT_ONCE in environment else contextlib.nullcontext()
    with sizes, substituted(_graces(environment)):
        importlib.import_module("jobs.entry").main(job_of(command[0]))


def _graces(environment: dict[str, str]) -> tuple[Substitute, ...]:
    (name,) = UNHURRIED
    seconds = float(environment.get(name, 0))
    return ((interrupt, "GRACE_SECONDS", seconds), (run, "HURRY", seconds)) if seconds else ()


def job_of(module: str) -> Job:
    """The job that a module declares."""
    return all_jobs()[module.removeprefix("jobs.").replace("_", "-")]


def kill_at(
    moment: Moment, stack: LocalStack, wire: Wire, output: Path, module: str = "jobs.trades", *arguments: str
) -> Call | None:
    """Run the job and kill its process when a call has been executed and not answered; None: there was no such call.

    For the servers this is also a kill before the next call.
    """
    struck: list[Call] = []
    started = Event()

    def kill(call: Call) -> None:
        if moment(call) and started.wait(PATIENCE_S):
            struck.append(call)
            process.kill()

    wire.set(after=kill)
    process = start_job(stack.changed(**wire.environment), output, *arguments, module=module)
    started.set()
    process.join(PATIENCE_S)
    let_a_minute_pass(stack, wire, job_of(module).lease)
    assert process.exitcode in {-SIGKILL, 0}, errors_of(output).read_text(encoding="utf-8")
    return struck[0] if process.exitcode else None


def errors_of(output: Path) -> Path:
    """Where a job's standard error went."""
    return output.with_suffix(".errors")


def let_a_minute_pass(stack: LocalStack, wire: Wire, lease: str = "fact_trades", prefix: str = "") -> None:
    """Do what happens by itself some time after a run died: its lease expires, its transactions are rolled back."""
    client = stack.firestore
    database = f"projects/{client.project}/databases/(default)"
    for call in wire.calls:
        if call.name == "BeginTransaction" and call.answer:
            transaction = BeginTransactionResponse.deserialize(call.answer).transaction
            # Most of them ended long ago.
            with contextlib.suppress(GoogleAPICallError):
                client._firestore_api.rollback(request={"database": database, "transaction": transaction})  # noqa: SLF001 - the stock client rolls back its own only
    held = client.document(f"{prefix}job_leases/{lease}")
    if held.get().exists:
        held.update({"expires_at": _LONG_AGO})
