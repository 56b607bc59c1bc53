"""The client as a run has it, but for its clock and its chance."""

from collections.abc import Mapping

from shared.broker import Broker
from shared.broker_calls import Caller
from shared.settings import Settings, load
from tests.emulator.broker_server import BrokerServer
from tests.unit.own_clock import OwnClock, always

KEY, SECRET = "PKCANARYKEY0001", "canary/secret+0002"


def settings(server: BrokerServer, changes: Mapping[str, str] | None = None) -> Settings:
    hosts = {"ALPACA_BASE_URL": server.url, "ALPACA_DATA_URL": server.url}
    keys = {"ALPACA_API_KEY": KEY, "ALPACA_SECRET_KEY": SECRET}
    return load({"GOOGLE_CLOUD_PROJECT": "test-project", "CALL_TIMEOUT_S": "5", **hosts, **keys, **(changes or {})})


def connected(
    server: BrokerServer, time: OwnClock, changes: Mapping[str, str] | None = None, *, draw: float = 0.5
) -> Broker:
    told = settings(server, changes)
    return Broker(told, Caller(told, clock=time.clock, draw=always(draw)))
