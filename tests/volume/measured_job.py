"""A job as a process of its own, and how much memory it holds after each page."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

from tests.stack import AS_OF, LocalStack


class Sample(NamedTuple):
    """What the process held when it had seen so many documents."""

    documents: int
    resident: int
    """Bytes."""


@dataclass(frozen=True)
class Measured:
    """How a run went."""

    samples: list[Sample]
    """After each page."""
    peak: int
    """The most that was resident at any time, bytes."""
    record: dict[str, Any]
    """The record of the run, as it was logged."""

    def resident(self, at: int) -> int:
        """Bytes held after the page that reached a number of documents."""
        return next(sample.resident for sample in self.samples if sample.documents >= at)

    def growth(self, after: int) -> float:
        """Bytes per document from the page that reached a number of documents to the last page."""
        first = next(sample for sample in self.samples if sample.documents >= after)
        last = self.samples[-1]
        return (last.resident - first.resident) / (last.documents - first.documents)


def measured(stack: LocalStack, module: str, *arguments: str, **changes: str) -> Measured:
    """Run `python -m <module>` to its end."""
    command = [sys.executable, "-m", module, "--as-of", AS_OF, *arguments]
    environment = {**os.environ, **stack.environment, "GIT_HASH": "tested", **changes}
    samples: list[Sample] = []
    peak, record = 0, {}
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own command line
        for line in process.stdout or ():
            event = json.loads(line)
            held = _status(process.pid)
            peak = max(peak, held.get("VmHWM", 0))
            if event["message"] == "page done":
                samples.append(Sample(event["documents"], held["VmRSS"]))
            if event["message"].startswith("run ") and "counts" in event:
                record = event
    return Measured(samples, peak, record)


def _status(pid: int) -> dict[str, int]:
    """Read what the system says about a process's memory, bytes; nothing once it has ended."""
    lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    sizes = (line.split() for line in lines if line.startswith(("VmHWM", "VmRSS")))
    return {name.rstrip(":"): int(kib) * 1024 for name, kib, _ in sizes}
