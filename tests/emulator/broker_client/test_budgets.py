"""How much the client asks in all: calls a minute, and retries a run."""

import random

import pytest

from shared.broker import Broker
from shared.broker_calls import BrokerError, Caller
from shared.broker_retries import RESERVE
from shared.pacing import WINDOW_S, Pace
from tests.emulator.broker_client.client import connected, settings
from tests.emulator.broker_server import BrokerServer
from tests.unit.own_clock import OwnClock

UNPACED = {"BROKER_CALLS_PER_MINUTE": "1000000"}


class NotedPace(Pace):
    """A pace that notes when calls start."""

    def __init__(self, per_minute: int, time: OwnClock) -> None:
        super().__init__(per_minute, time.clock)
        self._time = time
        self.started: list[float] = []

    def wait(self) -> None:
        super().wait()
        self.started.append(self._time.now)


def test_no_minute_of_a_long_run_sees_more_calls_than_allowed(server: BrokerServer) -> None:
    time, chance = OwnClock(), random.Random(7)  # noqa: S311 - not a secret
    pace = NotedPace(200, time)
    told = settings(server)
    broker = Broker(told, Caller(told, pace, time.clock, chance.random))
    for calls in range(50, 1000, 50):
        server.fail("/v2/account", "empty", status=503, after=calls)
    for _ in range(1000):
        time.now += chance.choice([0, 0, 0.05])
        broker.accounts[0].account()

    assert broker.calls == len(pace.started) == len(server.calls()) == 1000 + 19
    assert all(late - early > 60 for early, late in zip(pace.started, pace.started[200:], strict=False))
    assert time.now < 1000 + 6 * 61


def test_runs_that_follow_each_other_share_their_minute(server: BrokerServer) -> None:
    time, told = OwnClock(), settings(server)
    pace = NotedPace(3, time)
    for _ in range(2):
        account = Broker(told, Caller(told, pace, time.clock)).accounts[0]
        account.account()
        account.account()

    assert len(pace.started) == 4
    assert time.slept == [pytest.approx(WINDOW_S)]


def test_failures_now_and_then_cost_a_tenth_more_at_most(server: BrokerServer) -> None:
    time, chance = OwnClock(), random.Random(7)  # noqa: S311 - not a secret
    broker = connected(server, time, UNPACED)
    for _ in range(2_000):
        if chance.random() < 0.05:
            server.fail("/v2/account", "empty", status=503)
        broker.accounts[0].account()

    assert 60 < broker.calls - 2_000 <= 200


def test_a_broker_that_fails_for_good_is_asked_little_more_than_a_healthy_one(server: BrokerServer) -> None:
    broker = connected(server, OwnClock(), UNPACED)
    server.fail("/v2/account", "empty", status=503, times=10_000)
    said = []
    for _ in range(300):
        with pytest.raises(BrokerError) as caught:
            broker.accounts[0].account()
        said.append(str(caught.value))

    assert broker.calls - 300 == RESERVE + 300 // 10
    assert said.count("broker /account: 503 SERVICE UNAVAILABLE; the retry budget of the run is spent") > 250
