"""Leases in a Firestore whose clock moves when told to, with a wire to it."""

from collections.abc import Iterator
from contextlib import closing

import pytest
from google.cloud import firestore

from infra.local.firestore.server import Server
from shared.documents import open_firestore
from shared.lease import Leases
from shared.settings import load
from tests.emulator.facts_lease import Clock
from tests.emulator.wire import Wire
from tests.emulator.wire_grpc import grpc_relay


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def line() -> Wire:
    return Wire()


@pytest.fixture
def client(clock: Clock, line: Wire) -> Iterator[firestore.Client]:
    server = Server("127.0.0.1", 0, wall=clock)
    server.start()
    with grpc_relay("firestore", f"127.0.0.1:{server.port}", line) as address:
        settings = load({"GOOGLE_CLOUD_PROJECT": "test-project", "FIRESTORE_EMULATOR_HOST": address})
        with closing(open_firestore(settings)) as client:
            yield client
    server.stop()


@pytest.fixture
def leases(client: firestore.Client) -> Leases:
    return Leases(client, load({"GOOGLE_CLOUD_PROJECT": "test-project", "LEASE_SECONDS": "60", "RETRY_SECONDS": "0.1"}))
