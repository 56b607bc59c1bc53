"""Fixtures of tests that step in between a job and its servers."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest

from tests.emulator.wire import Wire, addresses, variables
from tests.emulator.wire_grpc import grpc_relay
from tests.emulator.wire_http import http_relay
from tests.stack import LocalStack


@contextmanager
def wire_to(servers: LocalStack) -> Iterator[Wire]:
    """Open relays to all servers."""
    wire = Wire()
    with ExitStack() as relays:
        found = {
            name: relays.enter_context((grpc_relay if name in {"firestore", "storage"} else http_relay)(name, at, wire))
            for name, at in addresses(servers.environment).items()
        }
        wire.environment = variables(found)
        yield wire


@pytest.fixture(scope="session")
def _wire(servers: LocalStack) -> Iterator[Wire]:
    """The session's wire."""
    with wire_to(servers) as wire:
        yield wire


@pytest.fixture
def wire(_wire: Wire) -> Iterator[Wire]:
    """The wire, untouched."""
    _wire.set()
    yield _wire
    _wire.set()


@pytest.fixture
def wired(stack: LocalStack, wire: Wire) -> LocalStack:
    """The stack for jobs whose calls pass along the wire."""
    return stack.changed(**wire.environment)
