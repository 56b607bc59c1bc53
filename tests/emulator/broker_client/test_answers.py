"""What the client makes of answers that are no failures of the line: refusals, nonsense, and many pages."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import Bar
from shared.broker_calls import BrokerError
from tests.emulator.broker_client.client import KEY, SECRET, connected
from tests.emulator.broker_server import BrokerServer, running_broker
from tests.emulator.broker_standin.fixture_data import ACCOUNT, HOUR, START, fixture, order, order_id, rising_bars
from tests.unit.own_clock import OwnClock

REFUSALS = [(400, "status"), (401, "status"), (403, "status"), (403, "html"), (422, "empty"), (404, "status")]


@pytest.mark.parametrize(("status", "kind"), REFUSALS)
def test_a_refusal_is_not_asked_again(status: int, kind: str, server: BrokerServer) -> None:
    time = OwnClock()
    server.fail("/v2/account", kind, status=status, headers={"Retry-After": "1"}, times=100)
    broker = connected(server, time)

    with pytest.raises(BrokerError, match=f"/account: {status} "):
        broker.accounts[0].account()
    assert (broker.calls, time.slept) == (1, [])


def test_a_redirect_is_an_error_and_not_followed(server: BrokerServer) -> None:
    broker = connected(server, OwnClock())
    server.fail("/v2/positions", "redirect", times=100)

    with pytest.raises(BrokerError, match="/positions: 302"):
        broker.accounts[0].positions()
    assert [call["path"] for call in server.calls()] == ["/v2/positions"]


def test_a_broker_that_quotes_the_keys_is_not_quoted(server: BrokerServer) -> None:
    body = {"code": 40310000, "message": "x" * 190 + f" key {KEY} with secret {SECRET} may not"}
    server.fail("/v2/account", "status", status=403, body=body)

    with pytest.raises(BrokerError) as caught:
        connected(server, OwnClock()).accounts[0].account()
    assert "key ***" in str(caught.value)
    assert "PKC" not in str(caught.value)


def test_errors_name_no_query(server: BrokerServer) -> None:
    server.fail("/v2/orders*", "status", status=403, times=2)
    account = connected(server, OwnClock()).accounts[0]

    with pytest.raises(BrokerError, match=f"/orders/{order_id(1)}: 403 [^?]*$"):
        account.order(order_id(1))
    with pytest.raises(BrokerError) as caught:
        account.order_of_client("position 1/entry")
    assert "position" not in str(caught.value)


@pytest.mark.parametrize("name", [order_id(99), "not-a-uuid", "../account", "a?b=c#d", "", ".", ".."])
def test_an_order_that_the_broker_does_not_know_is_none_whatever_its_id(name: str, server: BrokerServer) -> None:
    assert connected(server, OwnClock()).accounts[0].order(name) is None
    assert not [call for call in server.calls() if not call["path"].startswith("/v2/orders/")]


def test_an_order_is_found_by_both_its_ids(server: BrokerServer) -> None:
    account = connected(server, OwnClock()).accounts[0]
    found = account.order(order_id(2)), account.order_of_client("position 2/entry")

    assert [one and one["id"] for one in found] == [order_id(2)] * 2
    assert account.order_of_client("nobody's") is None


NONSENSE = [5, "text", {}, [5], [None], [{}], [{"id": 7}], [{"id": ""}]]


@pytest.mark.parametrize("body", NONSENSE)
def test_a_page_that_is_none_is_an_error_of_the_broker(body: Any, server: BrokerServer) -> None:
    broker = connected(server, OwnClock())
    server.fail("/v2/*", "body", body=body, times=2)

    with pytest.raises(BrokerError, match="/orders: 200 answers with"):
        list(broker.accounts[0].orders(START, START + HOUR))
    with pytest.raises(BrokerError, match="/account/activities: 200 answers with"):
        list(broker.accounts[0].activities(["FILL"], START, START + HOUR))
    assert broker.calls == 2


NO_BARS = [[], {}, {"bars": [5]}, {"bars": {"BTC/USD": 5}}, {"bars": {}, "next_page_token": 5}, {"snapshots": {}}]


@pytest.mark.parametrize("body", NO_BARS)
def test_an_answer_without_bars_is_an_error_of_the_broker(body: Any, server: BrokerServer) -> None:
    server.fail("/v1beta3/*", "body", body=body)

    with pytest.raises(BrokerError, match="/crypto/us/bars: 200 "):
        connected(server, OwnClock()).bars("CRYPTO", ["BTC/USD"], "1Hour", START, START + HOUR)


def test_a_page_token_that_comes_twice_ends_the_reading(server: BrokerServer) -> None:
    server.fail("/v1beta3/*", "body", body={"bars": {}, "next_page_token": "again"}, times=100)
    broker = connected(server, OwnClock())

    with pytest.raises(BrokerError, match="repeats its page token"):
        broker.bars("CRYPTO", ["BTC/USD"], "1Hour", START, START + HOUR)
    assert broker.calls == 2


def test_orders_of_a_time_that_is_none_are_an_error_of_the_broker(server: BrokerServer) -> None:
    page = [{"id": f"{number}", "submitted_at": "lately"} for number in range(500)]
    server.fail("/v2/orders", "body", body=page)

    with pytest.raises(BrokerError, match="submission time"):
        list(connected(server, OwnClock()).accounts[0].orders(START, START + HOUR))


def test_bars_of_several_symbols_come_whole_over_many_pages(server: BrokerServer, tmp_path: Path) -> None:
    symbols = [f"{letter}{letter}/USD" for letter in "ABCD"]
    minutes: dict[str, Iterable[Bar]] = {symbol: rising_bars(6_000, timedelta(minutes=1)) for symbol in symbols}
    server.seed(fixture(tmp_path / "minutes", bars=minutes)).raise_for_status()
    broker = connected(server, OwnClock())
    found = broker.bars("CRYPTO", [*symbols, "ZZ/USD"], "1Min", START, START + timedelta(minutes=5_999))

    # The first one has a price of zero, so it is none.
    openings = [START + timedelta(minutes=number) for number in range(1, 6_000)]
    assert {symbol: len(bars) for symbol, bars in found.items()} == {**dict.fromkeys(symbols, 5_999), "ZZ/USD": 0}
    assert all([bar.t for bar in found[symbol].made()] == openings for symbol in symbols)
    assert broker.calls == 3


def test_each_account_reads_its_own(server: BrokerServer, tmp_path: Path) -> None:
    with running_broker(tmp_path / "second") as second:
        other = fixture(tmp_path / "other", account={**ACCOUNT, "account_number": "PA3TEST00002"}, orders=[order(3)])
        second.seed(other).raise_for_status()
        accounts = {"ALPACA_ACCOUNTS": "one,two", "ALPACA_BASE_URL_TWO": second.url}
        keys = {f"ALPACA_{kind}_KEY_{name}": "key" for kind in ("API", "SECRET") for name in ("ONE", "TWO")}
        broker = connected(server, OwnClock(), {**accounts, **keys})

        assert [(one.name, one.account()["account_number"]) for one in broker.accounts] == [
            ("one", "PA3TEST00001"),
            ("two", "PA3TEST00002"),
        ]
        orders = [[one["id"] for one in account.orders(START, START + 48 * HOUR)] for account in broker.accounts]
        assert orders == [[order_id(1), order_id(2)], [order_id(3)]]
        assert (broker.calls, len(second.calls())) == (4, 2)
