"""One measurement: a contender in a process of its own, which says what the work took it."""

import json
import os
import resource
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from infra.bench.environment import DLT, python_for, variables_for
from shared.settings import Settings, load


class MeasurementError(Exception):
    """A contender failed; the message holds the end of what it said."""


class Measured(BaseModel):
    """What one contender took, without starting Python and importing libraries."""

    model_config = ConfigDict(hide_input_in_errors=True)

    contender: str
    documents: int
    cpu_s: float
    """Processor time of the client process, user and system, all threads, seconds."""
    wall_s: float
    peak_bytes: int
    """Most memory resident at any time of the process, libraries included."""

    @property
    def cpu_us(self) -> float:
        """Processor time per document, microseconds."""
        return self.cpu_s / self.documents * 1e6

    @property
    def per_second(self) -> float:
        """Documents per second of wall time."""
        return self.documents / self.wall_s


def measure(contender: str, environment: Mapping[str, str], profile: Path | None = None) -> Measured:
    """Run one contender in a child process against what `environment` names.

    Raises:
        MeasurementError: It failed.
    """
    profiling = ["-m", "cProfile", "-o", str(profile)] if profile else []
    command = [python_for(contender), *profiling, "-m", "infra.bench", contender]
    variables = {**os.environ, **environment, **variables_for(contender)}
    done = subprocess.run(command, env=variables, capture_output=True, text=True, check=False)  # noqa: S603 - our own command line
    if done.returncode:
        raise MeasurementError(f"{contender} failed: {' / '.join(done.stderr.strip().splitlines()[-3:])}")
    return Measured.model_validate_json(done.stdout.strip().splitlines()[-1])


def main(contender: str) -> None:
    """Do one contender's work in this process and print what it took."""
    settings, work = load(), _imported(contender)
    cpu, wall = time.process_time(), time.perf_counter()
    documents = work(settings)
    taken = time.process_time() - cpu, time.perf_counter() - wall
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    names = ("contender", "documents", "cpu_s", "wall_s", "peak_bytes")
    print(json.dumps(dict(zip(names, (contender, documents, *taken, peak), strict=True))))  # noqa: T201 - the answer


def _imported(contender: str) -> Callable[[Settings], int]:
    """Import one contender: before the clock starts, not in the parent, and nothing that it does without."""
    if contender == DLT:
        from infra.bench.dlt_merge import merge  # noqa: PLC0415 - as said above

        return merge
    from infra.bench.contenders import CONTENDERS  # noqa: PLC0415 - as said above

    return CONTENDERS[contender]
