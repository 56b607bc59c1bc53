"""A second broker account: a stand-in of its own, and an environment that names both."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from infra.local.fixtures import write_broker
from tests.emulator.broker_server import running_broker
from tests.stack import LocalStack


@contextmanager
def two_accounts(stack: LocalStack, directory: Path, second: dict[str, Any]) -> Iterator[LocalStack]:
    """Run a second broker that holds `second`; the stack's own broker is the first account and serves the market."""
    fixture = directory / "second"
    write_broker(fixture, second)
    with running_broker(directory / "broker") as server:
        server.seed(fixture).raise_for_status()
        keys = {f"ALPACA_{kind}_KEY_{name}": "key" for kind in ("API", "SECRET") for name in ("ONE", "TWO")}
        urls = {"ALPACA_BASE_URL_ONE": stack.environment["ALPACA_BASE_URL"], "ALPACA_BASE_URL_TWO": server.url}
        yield stack.changed(ALPACA_ACCOUNTS="one,two", **keys, **urls)
