"""A running local stack and a clean corner of it: every test has its own project and dataset.

Its BigQuery refuses what the real one refuses (`tests.strict`), and a test in which that happened fails.
"""

import io
import itertools
import json
import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from google.cloud import firestore

from infra.local.seed import seed
from infra.local.stack import Running, Stack
from jobs.registry import all_jobs
from schemas.run_record import RunRecord
from shared.documents import open_firestore
from shared.log import Log
from shared.parts import Parts, connect
from shared.run import run
from shared.settings import Settings, load
from shared.survey import Options
from shared.warehouse import Warehouse, open_bigquery
from tests.strict.layer import StrictStack, Watch

AS_OF = "2026-10-15T00:00:00Z"
_numbers = itertools.count(1)


@dataclass(frozen=True)
class LocalStack:
    """The servers, and the environment that points at this test's corner of them."""

    running: Running
    environment: Mapping[str, str]
    owner: Stack
    log: io.StringIO = field(default_factory=io.StringIO)
    """What runs of this process logged."""
    watch: Watch = field(default_factory=Watch)
    """What BigQuery may refuse during this test: nothing, unless the test says so."""

    @classmethod
    def start(cls, directory: Path, kind: Any) -> "LocalStack":
        owner = StrictStack(directory)
        running = owner.up(kind)
        return cls(running, running.environment(), owner)

    def stop(self) -> None:
        self.owner.stop()

    def fresh(self) -> "LocalStack":
        """Point at an unused project and dataset of the same test, and empty the broker."""
        number = next(_numbers)
        corner = {
            "GOOGLE_CLOUD_PROJECT": f"test-project-{number:04d}",
            "BIGQUERY_DATASET": f"trading_{number:04d}",
            "RETRY_SECONDS": "10",
        }
        self._admin("reset", {})
        self.watch.projects.append(corner["GOOGLE_CLOUD_PROJECT"])
        return LocalStack(self.running, {**self.environment, **corner}, self.owner, watch=self.watch)

    @contextmanager
    def watched(self) -> Iterator["LocalStack"]:
        """A corner for one test, which fails at the end if BigQuery would have refused anything in it."""
        corner = replace(self, watch=Watch()).fresh()
        yield corner
        corner.watch.assert_nothing_refused(self.running.environment()["BIGQUERY_EMULATOR_HOST"])

    def changed(self, **changes: str) -> "LocalStack":
        """The same corner for jobs with another environment."""
        return replace(self, environment={**self.environment, **changes})

    def settings(self, **changes: str) -> Settings:
        return load({**self.environment, **changes})

    def parts(self, **changes: str) -> Parts:
        return connect(self.settings(**changes), Log(self.log))

    @property
    def firestore(self) -> firestore.Client:
        return open_firestore(self.settings())

    def seed(self, directory: Path) -> None:
        seed(directory, self.firestore, self.settings())

    def put(self, collection: str, documents: Iterable[Mapping[str, Any]], key: str) -> None:
        client, called = self.firestore, self.settings().collection(collection)
        for document in documents:
            client.collection(called).document(str(document[key])).set(dict(document))

    def run(
        self, job: str, as_of: str = AS_OF, *, refresh: bool = False, position: str | None = None, **changes: str
    ) -> RunRecord:
        """Run one job in this process through the real clients; one that deletes really does."""
        options = Options(as_of=datetime.fromisoformat(as_of), refresh=refresh, position=position, delete=True)
        return run(all_jobs()[job], options, self.parts(**changes))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        settings = self.settings()
        return list(Warehouse(open_bigquery(settings), settings).rows(sql))

    def quarantined(self) -> dict[str, dict[str, Any]]:
        """All unresolved quarantine records by document path."""
        return {record["path"]: record for record in self.parts().quarantine.records()}

    def command(self, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
        """Run the real command line in a process of its own."""
        environment = {**os.environ, **self.environment, **changes}
        return subprocess.run(  # noqa: S603 - our own command line
            [sys.executable, "-m", "infra.cli", *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )

    def fail_broker(self, **fault: Any) -> None:
        """Order one failure of the broker; infra/local/broker/faults.py says which there are."""
        self._admin("faults", {"faults": [fault]})

    def broker_calls(self) -> list[dict[str, Any]]:
        """Every request that reached the broker: path, query, and the status or None for no answer."""
        calls: list[dict[str, Any]] = self._admin("calls", None)
        return calls

    def _admin(self, what: str, body: Mapping[str, Any] | None) -> Any:
        """Post to the broker's administration, or get without a body; never along a wire, which tests cut."""
        address = f"{self.running.environment()['ALPACA_BASE_URL']}/_admin/{what}"
        data = None if body is None else json.dumps(body).encode()
        with urllib.request.urlopen(address, data, timeout=30) as answer:  # noqa: S310 - a loopback address
            return json.load(answer)
