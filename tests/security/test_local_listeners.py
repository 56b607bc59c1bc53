"""The local stack can be reached from this machine only."""

import subprocess
import sys
from subprocess import PIPE

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
    # In a session of its own, as the servers are: this test's session may hold processes that it may not look into.
    careless = "import socket; one = socket.create_server(('0.0.0.0', 0)); print(flush=True); input()"
    with subprocess.Popen(  # noqa: S603 - the text above
        [sys.executable, "-c", careless], stdin=PIPE, stdout=PIPE, start_new_session=True
    ) as listener:
        assert listener.stdout is not None
        listener.stdout.readline()
        assert any(address.is_unspecified for address in listening(listener.pid))
        listener.communicate(b"\n")
