"""Google's Firestore emulator and the stand-in for it, each as a process of its own, and clients for either."""

import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.cloud import firestore
from google.cloud.firestore_v1.services.firestore import FirestoreClient
from google.cloud.firestore_v1.services.firestore.transports import FirestoreGrpcTransport

from infra.local.emulators import sdk_command

_CHECKOUT = Path(__file__).parents[2]
_PATIENCE_S = 30


@contextmanager
def google_emulator() -> Iterator[str]:
    """Run Google's emulator on a free port and yield its address."""
    port = _free_port()
    address = f"127.0.0.1:{port}"
    # The command is the SDK's own program on a loopback port.
    with subprocess.Popen(sdk_command(port, None), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:  # noqa: S603
        try:
            _await_ready(address)
            yield address
        finally:
            process.terminate()


@contextmanager
def embedded_server(*options: str) -> Iterator[str]:
    """Run the stand-in on a free port and yield its address; on leaving it must end at once, and cleanly."""
    with embedded_process(*options) as (process, address):
        try:
            yield address
        finally:
            process.terminate()
            status = process.wait(_PATIENCE_S)
    if status != 0:
        raise RuntimeError(f"the stand-in ended with {status}")


@contextmanager
def embedded_process(*options: str) -> Iterator[tuple["subprocess.Popen[str]", str]]:
    """Run the stand-in for a test that ends it in a way of its own."""
    command = [sys.executable, "-m", "infra.local.firestore", "--port", "0", *options]
    # The command is this interpreter and a module of this project.
    with subprocess.Popen(command, cwd=_CHECKOUT, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603
        try:
            yield process, _ready_address(process)
        finally:
            process.kill()


def connect(address: str, project: str, database: str = "(default)") -> firestore.Client:
    """The stock client; the environment variable is its only way to an emulator."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("FIRESTORE_EMULATOR_HOST", address)
        return firestore.Client(project=project, database=database)


@contextmanager
def generated_client(address: str) -> Iterator[FirestoreClient]:
    """The client generated from the API definition, for requests that the stock client does not make."""
    with grpc.insecure_channel(address) as channel:
        yield FirestoreClient(transport=FirestoreGrpcTransport(channel=channel))


def fill(client: firestore.Client, documents: Mapping[str, Mapping[str, Any]]) -> None:
    """Writes documents, given by their paths, in one batch."""
    batch = client.batch()
    for path, fields in documents.items():
        batch.set(client.document(path), dict(fields))
    batch.commit()


def ids(query: firestore.Query) -> list[str]:
    """The ids of the documents that a query finds, in its order."""
    return [snapshot.id for snapshot in query.get()]


def _ready_address(process: "subprocess.Popen[str]") -> str:
    words = process.stdout.readline().split() if process.stdout else []
    if not words:
        raise RuntimeError("the stand-in did not start; see its error output above")
    return words[-1]


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        port: int = listener.getsockname()[1]
        return port


def _await_ready(address: str) -> None:
    with grpc.insecure_channel(address) as channel:
        grpc.channel_ready_future(channel).result(_PATIENCE_S)
