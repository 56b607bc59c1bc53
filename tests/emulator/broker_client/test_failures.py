"""Every failure that the stand-in can rehearse, over real HTTP and through real alpaca-py."""

import time
from typing import Any

import pytest

from shared.broker_calls import BrokerError
from shared.broker_retries import LONGEST_ASKED_S
from tests.emulator.broker_client.client import connected
from tests.emulator.broker_server import BrokerServer
from tests.emulator.broker_standin.fixture_data import HOUR, START, order_id
from tests.unit.own_clock import OwnClock

ATTEMPTS = 6

Fault = dict[str, Any]
FAULTS: dict[str, Fault] = {
    "429 that names a moment": {"kind": "status", "status": 429, "headers": {"X-RateLimit-Reset": "9999999999"}},
    "429 that names the wait": {"kind": "status", "status": 429, "headers": {"Retry-After": "7"}},
    "429 as a page": {"kind": "html", "status": 429},
    "500": {"kind": "status", "status": 500},
    "502 as a page": {"kind": "html", "status": 502},
    "503 without a body": {"kind": "empty", "status": 503},
    "503 that names the wait": {"kind": "empty", "status": 503, "headers": {"Retry-After": "7"}},
    "504": {"kind": "status", "status": 504},
    "200 without a body": {"kind": "empty", "status": 200},
    "200 as a page": {"kind": "html", "status": 200},
    "null": {"kind": "body", "body": None},
    "half a body": {"kind": "cut"},
    "a connection reset": {"kind": "reset"},
    "a connection that hangs": {"kind": "hang", "seconds": 30},
    "a body that drips": {"kind": "drip", "seconds": 0.05},
    "an answer that is only promised": {"kind": "babble", "seconds": 0.05},
    "a body without end": {"kind": "flood"},
    "a body that unpacks without end": {"kind": "bomb"},
}
TIMELY = {"hang", "drip", "babble"}
"""Kinds of faults that end with the client's patience."""
ASKED_S = {"429 that names a moment": LONGEST_ASKED_S, "429 that names the wait": 7, "503 that names the wait": 7}
"""The least wait between two attempts."""
NO_BODY = "200 an answer of more than 8 MiB"
SAID = {name: str(fault.get("status", "no answer")) for name, fault in FAULTS.items()} | {
    "null": "200",
    "a connection that hangs": "no answer ReadTimeout",
    "a body that drips": "no answer ReadTimeout",
    "an answer that is only promised": "no answer ReadTimeout",
    "a body without end": NO_BODY,
    "a body that unpacks without end": NO_BODY,
}


def patience(name: str) -> dict[str, str]:
    return {"CALL_TIMEOUT_S": "0.2"} if FAULTS[name]["kind"] in TIMELY else {}


@pytest.mark.parametrize("times", [1, 2])
@pytest.mark.parametrize("name", FAULTS)
def test_what_passes_costs_time_and_nothing_else(name: str, times: int, server: BrokerServer) -> None:
    clock = OwnClock()
    broker = connected(server, clock, patience(name))
    server.fail("/v2/orders*", **FAULTS[name], times=times)
    server.fail("/v1beta3/*", **FAULTS[name], times=times)

    orders = list(broker.accounts[0].orders(START, START + 48 * HOUR))
    bars = broker.bars("CRYPTO", ["BTC/USD", "ETH/USD"], "1Hour", START, START + 47 * HOUR)

    assert [one["id"] for one in orders] == [order_id(1), order_id(2)]
    # The first of the 48 has a price of zero, so it is none.
    assert {symbol: len(found) for symbol, found in bars.items()} == {"BTC/USD": 47, "ETH/USD": 47}
    assert broker.calls == len(server.calls()) == 2 + 2 * times
    assert len(clock.slept) == 2 * times


@pytest.mark.parametrize("name", FAULTS)
def test_what_never_passes_ends_after_a_bounded_number_of_calls(name: str, server: BrokerServer) -> None:
    clock = OwnClock()
    broker = connected(server, clock, patience(name))
    server.fail("/v2/account", **FAULTS[name], times=100)

    with pytest.raises(BrokerError) as caught:
        broker.accounts[0].account()

    assert "/account" in str(caught.value)
    assert SAID[name] in str(caught.value)
    assert f"gave up after {ATTEMPTS} attempts" in str(caught.value)
    assert broker.calls == len(server.calls()) == ATTEMPTS


@pytest.mark.parametrize("name", ASKED_S)
@pytest.mark.parametrize("draw", [0, 0.75])
def test_the_broker_is_left_alone_as_long_as_it_asks(name: str, draw: float, server: BrokerServer) -> None:
    clock = OwnClock()
    server.fail("/v2/account", **FAULTS[name])
    connected(server, clock, draw=draw).accounts[0].account()

    assert clock.slept == [ASKED_S[name] + draw]


def test_the_broker_is_left_alone_until_the_moment_it_names(server: BrokerServer) -> None:
    # Its answers carry dates of the real clock, whatever clock the client has.
    clock, moment = OwnClock(epoch_ahead=0), int(time.time()) + 30
    server.fail("/v2/account", "status", status=429, headers={"X-RateLimit-Reset": str(moment)})
    connected(server, clock, draw=0).accounts[0].account()

    assert moment - time.time() <= clock.slept[0] <= 30


def test_a_moment_that_has_passed_is_now(server: BrokerServer) -> None:
    clock = OwnClock()
    server.fail("/v2/account", "status", status=429, headers={"X-RateLimit-Reset": "1000000000"})
    connected(server, clock, draw=0.25).accounts[0].account()

    assert clock.slept == [0.25]


def test_nobody_waits_for_hours_on_the_broker_s_word(server: BrokerServer) -> None:
    clock = OwnClock()
    server.fail("/v2/account", "status", status=503, headers={"Retry-After": "86400"})
    connected(server, clock, draw=0).accounts[0].account()

    assert clock.slept == [90]


def test_our_own_waiting_ends_when_the_settings_say(server: BrokerServer) -> None:
    clock = OwnClock()
    server.fail("/v2/account", "empty", status=502, times=100)
    broker = connected(server, clock, {"RETRY_SECONDS": "2"}, draw=0.9)

    with pytest.raises(BrokerError, match=r"502 .*gave up after 2 s of waiting"):
        broker.accounts[0].account()
    assert sum(clock.slept) == 2
