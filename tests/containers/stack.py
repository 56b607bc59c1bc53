"""The stack of the compose file as a test sees it: its servers from outside, its jobs in their containers."""

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass

from shared.settings import Settings, load
from tests.containers.engine import compose
from tests.stack import AS_OF

LOCALHOST = "127.0.0.1"


@dataclass(frozen=True)
class Containers:
    """Servers in containers, and where they are published."""

    ports: Mapping[str, int]
    """firestore, rest, grpc, broker: the port on this machine."""
    project: str = "golden-thread-local"

    def settings(self) -> Settings:
        """How to reach the servers from this process."""
        broker = f"http://{LOCALHOST}:{self.ports['broker']}"
        return load(
            {
                "GOOGLE_CLOUD_PROJECT": self.project,
                "FIRESTORE_EMULATOR_HOST": f"{LOCALHOST}:{self.ports['firestore']}",
                "BIGQUERY_EMULATOR_HOST": f"{LOCALHOST}:{self.ports['rest']}",
                "BIGQUERY_STORAGE_EMULATOR_HOST": f"{LOCALHOST}:{self.ports['grpc']}",
                "ALPACA_BASE_URL": broker,
                "ALPACA_DATA_URL": broker,
            }
        )

    def seed(self) -> None:
        """Invent the month and load it, in a container too."""
        seeded = self._started("--rm", "seed")
        assert seeded.returncode == 0, seeded.stdout + seeded.stderr

    def run(self, module: str, *arguments: str, as_of: str) -> subprocess.CompletedProcess[str]:
        """Run a job in a container that is gone afterwards."""
        return self._started("--rm", "job", module, "--as-of", as_of, *arguments)

    def start(self, module: str) -> str:
        """Start a job and leave it to itself. Returns the container's id."""
        started = self._started("--detach", "job", module, "--as-of", AS_OF)
        assert started.returncode == 0, started.stderr
        return started.stdout.split()[-1]

    def _started(self, how: str, *command: str) -> subprocess.CompletedProcess[str]:
        return compose("run", how, "-T", "--env", f"GOOGLE_CLOUD_PROJECT={self.project}", *command)
