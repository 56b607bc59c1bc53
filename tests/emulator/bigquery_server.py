"""The local BigQuery as a process of its own, for tests that drive it with Google's clients."""

import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import grpc
from google.api_core.client_options import ClientOptions
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.cloud.bigquery_storage_v1 import BigQueryWriteClient
from google.cloud.bigquery_storage_v1.services.big_query_write.transports import BigQueryWriteGrpcTransport

PROJECT = "demo-project"

_CHECKOUT = Path(__file__).parents[2]
_PATIENCE_S = 10


@dataclass(frozen=True)
class BigQueryAt:
    """A running emulator, whoever started it."""

    rest: str
    grpc: str

    @contextmanager
    def client(self) -> Iterator[bigquery.Client]:
        """A client of the REST API."""
        options = ClientOptions(api_endpoint=self.rest)
        client = bigquery.Client(PROJECT, AnonymousCredentials(), client_options=options)
        with closing(client):
            yield client

    @contextmanager
    def writer(self) -> Iterator[BigQueryWriteClient]:
        """A client of the Storage Write API."""
        with grpc.insecure_channel(self.grpc) as channel:
            yield BigQueryWriteClient(transport=BigQueryWriteGrpcTransport(channel=channel))


@dataclass(frozen=True)
class BigQueryServer(BigQueryAt):
    """A running emulator of our own."""

    process: "subprocess.Popen[str]"

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait(_PATIENCE_S)


@contextmanager
def running_bigquery(
    *options: str, environment: Mapping[str, str] | None = None, stderr: IO[str] | None = None
) -> Iterator[BigQueryServer]:
    """Run the emulator on free ports; unless it was killed, it must end at once and cleanly on leaving.

    Raises:
        RuntimeError: It did not start, or did not end with 0.
    """
    command = [sys.executable, "-m", "infra.local.bigquery", *options]
    # The command is this interpreter and a module of this project.
    with subprocess.Popen(  # noqa: S603
        command, cwd=_CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=stderr, text=True
    ) as process:
        try:
            yield BigQueryServer(*_addresses(process), process)
        finally:
            process.terminate()
            status = process.wait(_PATIENCE_S)
    if status not in {0, -signal.SIGKILL}:
        raise RuntimeError(f"the emulator ended with {status}")


def _addresses(process: "subprocess.Popen[str]") -> tuple[str, str]:
    if process.stdout is None:
        raise RuntimeError("the emulator's output is not connected")
    ready = dict(word.split("=", 1) for word in process.stdout.readline().split() if "=" in word)
    if not ready:
        raise RuntimeError("the emulator did not start; see its error output above")
    return ready["rest"], ready["grpc"]
