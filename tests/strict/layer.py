"""The tests' side of the judge: a stack whose BigQuery has it inside, and what it refused during one test."""

import json
import sys
import urllib.request
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from infra.local.stack import Server, Stack, free_ports

_ADDRESS = "http://{}/strict/refusals?{}"
"""The path is the server's; it is not imported here because that would load the emulator."""


class StrictStack(Stack):
    """The local stack with a judge in its BigQuery."""

    def _start_bigquery(self) -> Server:
        rest, grpc = free_ports(2)
        options = ("--rest-port", str(rest), "--grpc-port", str(grpc), "--data-dir", str(self.directory / "bigquery"))
        command = [sys.executable, "-m", "tests.strict", *options]
        return self._start("bigquery", command, {"rest": rest, "grpc": grpc})


@dataclass
class Watch:
    """The projects of one test, and which refusals it asked for."""

    projects: list[str] = field(default_factory=list)
    expected: set[str] = field(default_factory=set)

    def expect(self, *rules: str) -> None:
        """Let requests be refused by these rules; a test that asks for a refusal holds the answer itself."""
        self.expected.update(rules)

    def assert_nothing_refused(self, host: str) -> None:
        """Fail when BigQuery would have refused what somebody sent during the test."""
        noted = [one for one in refusals(host, self.projects) if one["blamed"] and one["rule"] not in self.expected]
        listed = "\n".join(f"{one['rule']}: {one['message']}\n  {one['what']}" for one in noted)
        assert not noted, f"BigQuery would have refused:\n{listed}"


def refusals(host: str, projects: list[str]) -> list[dict[str, Any]]:
    """Ask a server with a judge what it refused in some projects."""
    address = _ADDRESS.format(host, urlencode({"project": projects}, doseq=True))
    with urllib.request.urlopen(address, timeout=30) as answer:  # noqa: S310 - a loopback address
        found: list[dict[str, Any]] = json.load(answer)
    return found
