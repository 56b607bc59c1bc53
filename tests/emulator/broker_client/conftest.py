"""A broker that fails on demand, and the client in front of it with a clock of its own."""

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from infra.local.fixtures import Bar
from tests.emulator.broker_server import BrokerServer, running_broker
from tests.emulator.broker_standin.fixture_data import ACCOUNT, HOUR, fixture, order, rising_bars


@pytest.fixture(scope="package")
def _server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerServer]:
    with running_broker(tmp_path_factory.mktemp("state")) as running:
        yield running


@pytest.fixture
def server(_server: BrokerServer, tmp_path: Path) -> BrokerServer:
    """A faultless broker with an account, two orders and some bars."""
    _server.reset()
    bars: dict[str, Iterable[Bar]] = {symbol: rising_bars(48, HOUR) for symbol in ("BTC/USD", "ETH/USD")}
    directory = fixture(tmp_path / "data", bars=bars, account=ACCOUNT, orders=[order(1), order(2)])
    _server.seed(directory).raise_for_status()
    return _server
