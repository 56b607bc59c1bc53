"""The stand-in broker as a process of its own, for tests that drive it over the wire."""

import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

Parameters = Mapping[str, str | int]

_CHECKOUT = Path(__file__).parents[2]
_PATIENCE_S = 10


@dataclass(frozen=True)
class BrokerServer:
    """A running stand-in broker."""

    url: str

    def get(self, path: str, parameters: Parameters | None = None, *, keys: bool = True) -> requests.Response:
        """Ask as any HTTP client would, with or without keys."""
        headers = {"APCA-API-KEY-ID": "key", "APCA-API-SECRET-KEY": "secret"} if keys else {}
        return requests.get(self.url + path, params=parameters, headers=headers, timeout=_PATIENCE_S)

    def seed(self, directory: Path) -> requests.Response:
        """Add a fixture directory."""
        return self._post("/_admin/seed", {"directory": str(directory)})

    def reset(self) -> requests.Response:
        """Empty the broker."""
        return self._post("/_admin/reset", {})

    def fail(self, path: str, kind: str, **how: Any) -> None:
        """Order a failure of the requests for a path pattern; infra/local/broker/faults.py says which there are."""
        self._post("/_admin/faults", {"faults": [{"path": path, "kind": kind, **how}]}).raise_for_status()

    def calls(self) -> list[dict[str, Any]]:
        """Every request so far, in the order of arrival: path, query, and the status or None for no answer."""
        answer: list[dict[str, Any]] = self.get("/_admin/calls").json()
        return answer

    def _post(self, path: str, body: Mapping[str, Any]) -> requests.Response:
        return requests.post(self.url + path, json=body, timeout=_PATIENCE_S)


@contextmanager
def running_broker(data: Path, *options: str) -> Iterator[BrokerServer]:
    """Run the broker over a directory on a free port; on leaving it must end at once, and cleanly.

    Raises:
        RuntimeError: It did not start, or did not end with 0.
    """
    command = [sys.executable, "-m", "infra.local.broker", "--port", "0", "--data", str(data), *options]
    # The command is this interpreter and a module of this project.
    with subprocess.Popen(command, cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield BrokerServer(_address(process))
        finally:
            process.terminate()
            status = process.wait(_PATIENCE_S)
    if status != 0:
        raise RuntimeError(f"the stand-in broker ended with {status}")


def _address(process: "subprocess.Popen[str]") -> str:
    if process.stdout is None:
        raise RuntimeError("the stand-in broker's output is not connected")
    ready = process.stdout.readline().split()
    if not ready:
        raise RuntimeError("the stand-in broker did not start; see its error output above")
    return ready[-1]
