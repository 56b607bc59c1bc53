from pathlib import Path

import pytest
import requests
from alpaca.data.timeframe import TimeFrame

from tests.emulator.broker_server import BrokerServer, running_broker
from tests.emulator.broker_standin.clients import Row, bars_of, crypto_client
from tests.emulator.broker_standin.fixture_data import (
    ACCOUNT,
    CALL,
    DAY,
    HOUR,
    MINUTE,
    START,
    fill,
    fixture,
    order,
    order_id,
    rising_bars,
)


@pytest.mark.parametrize(
    ("path", "status", "body"),
    [
        ("/v2/account", 401, {"code": 40110000, "message": "request is not authorized"}),
        ("/v2/stocks/bars", 403, {"message": "forbidden."}),
        ("/v1beta1/options/snapshots", 403, {"message": "forbidden."}),
    ],
)
def test_all_but_crypto_data_needs_keys(path: str, status: int, body: Row, broker: BrokerServer) -> None:
    answer = broker.get(path, keys=False)

    assert (answer.status_code, answer.json()) == (status, body)
    assert "X-RateLimit-Limit" not in answer.headers


def test_answers_carry_the_headers_of_the_venue(broker: BrokerServer) -> None:
    headers = broker.get("/v2/account").headers

    assert headers["Content-Type"] == "application/json; charset=UTF-8"
    assert (headers["X-RateLimit-Limit"], headers["X-RateLimit-Remaining"]) == ("200", "199")
    assert headers["X-RateLimit-Reset"].isdecimal()
    assert headers["x-request-id"]


def test_the_limit_is_kept_for_each_key_and_host(tmp_path: Path) -> None:
    fixture(tmp_path, account=ACCOUNT)
    with running_broker(tmp_path, "--rate-limit", "2") as server:
        answers = [server.get("/v2/account") for _ in range(3)]
        other_host = server.get("/v2/stocks/bars", {"symbols": "AAPL", "timeframe": "1Day"})

    assert [(answer.status_code, answer.headers["X-RateLimit-Remaining"]) for answer in answers] == [
        (200, "1"),
        (200, "0"),
        (429, "0"),
    ]
    assert answers[2].json() == {"code": 42910000, "message": "rate limit exceeded"}
    assert other_host.status_code == 200


def test_two_hundred_requests_a_minute_are_a_key_s_due(tmp_path: Path) -> None:
    with (
        running_broker(fixture(tmp_path, account=ACCOUNT), "--rate-limit", "200") as server,
        requests.Session() as other,
    ):
        statuses = [server.get("/v2/clock").status_code for _ in range(201)]
        other.headers.update({"APCA-API-KEY-ID": "another", "APCA-API-SECRET-KEY": "secret"})
        answer = other.get(f"{server.url}/v2/clock", timeout=10)

    assert statuses == [200] * 200 + [429]
    assert (answer.status_code, answer.headers["X-RateLimit-Remaining"]) == (200, "199")


def test_unknown_paths_and_verbs_are_refused(broker: BrokerServer) -> None:
    assert broker.get("/v2/assets").json() == {"code": 40410000, "message": "endpoint not found."}
    assert broker.get("/_admin/seed").status_code == 405


def test_fixture_directories_add_up_and_the_later_one_wins(blank: BrokerServer, tmp_path: Path) -> None:
    blank.seed(
        fixture(
            tmp_path / "first",
            bars={"ETH/USD": rising_bars(3, HOUR)},
            account=ACCOUNT,
            orders=[order(0), order(1, order_class="bracket", legs=[order(2, status="held")])],
            activities=[fill(0)],
            positions=[{"symbol": "BTCUSD", "qty": "1"}],
        )
    )
    totals = blank.seed(
        fixture(
            tmp_path / "second",
            bars={"ETH/USD": rising_bars(3, HOUR, START + 2 * HOUR)},
            account=ACCOUNT | {"account_number": "PA3TEST00002"},
            orders=[order(0, status="canceled"), order(2, status="filled")],
            activities=[fill(0), fill(1)],
            positions=[{"symbol": "BTC/USD", "qty": "2"}],
            option_snapshots={"snapshots": {CALL: {}}},
        )
    ).json()

    assert (totals["orders"], totals["activities"], totals["positions"], totals["option_snapshots"]) == (3, 2, 1, 1)
    assert blank.get("/v2/account").json()["account_number"] == "PA3TEST00002"
    assert [row["qty"] for row in blank.get("/v2/positions").json()] == ["2"]
    assert blank.get(f"/v2/orders/{order_id(0)}").json()["status"] == "canceled"
    assert blank.get(f"/v2/orders/{order_id(1)}", {"nested": "True"}).json()["legs"][0]["status"] == "filled"
    bars = bars_of(crypto_client(blank), "ETH/USD", timeframe=TimeFrame.Hour, end=START + DAY)
    assert [bar["o"] for bar in bars["ETH/USD"]] == [0, 1, 0, 1, 2]


def test_a_part_that_is_null_leaves_what_is_there(blank: BrokerServer, tmp_path: Path) -> None:
    blank.seed(fixture(tmp_path / "first", account=ACCOUNT, orders=[order(0)]))
    before = blank.get("/_admin/health").json()

    after = blank.seed(fixture(tmp_path / "second", account=None, orders=None, calendar=None))

    assert after.json() == before


@pytest.mark.parametrize(
    ("broken", "complaint"),
    [
        ({"orders": [order(1), {"symbol": "AAPL"}]}, "broker.json: orders[1]: field id is missing or not text"),
        ({"orders": [order(1, legs=[{}])]}, "broker.json: orders[0].legs[0]: field id is missing"),
        ({"orders": [order(1, submitted_at="noon")]}, f"broker.json: {order_id(1)}: field submitted_at: 'noon'"),
        ({"activities": {}}, "broker.json: activities: expected a list"),
        ({"account": []}, "broker.json: account: expected an object"),
        ({"postions": []}, "broker.json: postions is not one of "),
        ({"calendar": [{"date": "Monday"}]}, "broker.json: calendar: field date: "),
        ({"portfolio_history": {"timestamp": [1], "equity": []}}, "broker.json: portfolio_history: "),
    ],
)
def test_a_malformed_fixture_is_refused_by_place_and_changes_nothing(
    broken: Row, complaint: str, blank: BrokerServer, tmp_path: Path
) -> None:
    blank.seed(fixture(tmp_path / "good", account=ACCOUNT, orders=[order(0)]))
    before = blank.get("/_admin/health").json()

    answer = blank.seed(fixture(tmp_path / "bad", bars={"AAPL": rising_bars(2, HOUR)}, **broken))

    assert answer.status_code == 422
    assert answer.json()["message"].startswith(complaint)
    assert blank.get("/_admin/health").json() == before


def test_bars_of_two_timeframes_are_not_mixed(blank: BrokerServer, tmp_path: Path) -> None:
    blank.seed(fixture(tmp_path / "hours", bars={"ETH/USD": rising_bars(3, HOUR)}))

    answer = blank.seed(fixture(tmp_path / "minutes", bars={"ETH/USD": rising_bars(3, MINUTE)}))

    assert answer.json()["message"].startswith("ETH/USD: bars 0:01:00 and 1:00:00 apart cannot be joined")


@pytest.mark.parametrize("path", ["nowhere", "relative/path"])
def test_seeding_from_nowhere_is_refused(path: str, blank: BrokerServer, tmp_path: Path) -> None:
    directory = tmp_path / path if path == "nowhere" else Path(path)

    assert blank.seed(directory).status_code in (400, 422)


def test_an_unseeded_broker_says_so(blank: BrokerServer) -> None:
    assert blank.get("/v2/account").json()["message"] == "account not found: nothing has been seeded"
    assert blank.get("/_admin/health").json()["status"] == "ok"


def test_what_was_seeded_survives_a_restart(tmp_path: Path) -> None:
    with running_broker(tmp_path / "state") as server:
        seeded = server.seed(
            fixture(tmp_path / "fixture", bars={"AAPL": rising_bars(3, HOUR)}, orders=[order(0)])
        ).json()
    with running_broker(tmp_path / "state") as server:
        assert server.get("/_admin/health").json() == seeded
