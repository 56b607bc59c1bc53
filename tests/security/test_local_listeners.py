"""The local stack can be reached from this machine only."""

import os
import socket
import sys

import pytest

from tests.security.listeners import listening
from tests.stack import LocalStack

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")


def test_no_server_of_the_local_stack_listens_beyond_the_loopback_interface(servers: LocalStack) -> None:
    running = servers.running
    # Docker's own process listens for a container, which is told to publish on 127.0.0.1.
    elsewhere = {"firestore"} if running.firestore_kind == "docker" else set()
    found = {name: listening(one.pid) for name, one in running.servers.items() if name not in elsewhere}
    assert all(found.values())
    assert [(name, one) for name, addresses in found.items() for one in addresses if not one.is_loopback] == []


def test_a_listener_on_every_interface_would_be_seen() -> None:
    with socket.create_server(("0.0.0.0", 0)):  # noqa: S104 - what the first test must not find
        assert any(address.is_unspecified for address in listening(os.getsid(0)))
