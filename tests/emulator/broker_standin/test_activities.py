from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from alpaca.trading.client import TradingClient

from tests.emulator.broker_server import BrokerServer, Parameters
from tests.emulator.broker_standin.clients import Row, trading_client
from tests.emulator.broker_standin.fixture_data import fill, fixture


@pytest.mark.parametrize("count", [0, 1, 100, 101, 250])
def test_activities_are_paged_by_the_last_id(count: int, blank: BrokerServer, tmp_path: Path) -> None:
    rows = [fill(number) for number in range(count)]
    blank.seed(fixture(tmp_path, activities=rows))

    assert list(paged_activities(trading_client(blank), "asc")) == rows
    assert list(paged_activities(trading_client(blank), "desc")) == rows[::-1]


def paged_activities(trading: TradingClient, direction: str) -> Iterator[Row]:
    parameters: dict[str, Any] = {"activity_types": "FILL", "direction": direction, "page_size": 100}
    while page := trading.get("/account/activities", parameters):
        yield from page
        parameters["page_token"] = page[-1]["id"]


@pytest.mark.parametrize(
    ("path", "parameters", "expected"),
    [
        ("", {}, ["FEE", "CFEE", "FILL", "JNLC"]),
        ("", {"direction": "asc"}, ["JNLC", "FILL", "CFEE", "FEE"]),
        ("", {"activity_types": "FEE,CFEE"}, ["FEE", "CFEE"]),
        ("", {"category": "trade_activity"}, ["FILL"]),
        ("", {"category": "non_trade_activity"}, ["FEE", "CFEE", "JNLC"]),
        ("/CFEE", {}, ["CFEE"]),
        ("/TRANS", {}, []),
        ("", {"date": "2026-09-28"}, ["CFEE", "FILL", "JNLC"]),
        ("", {"date": "2026-09-29"}, ["FEE"]),
        ("", {"after": "2026-09-28", "until": "2026-09-29"}, ["CFEE", "FILL"]),
    ],
)
def test_activities_are_filtered_by_type_and_by_when_they_were_created(
    path: str, parameters: Parameters, expected: list[str], broker: BrokerServer
) -> None:
    rows = broker.get(f"/v2/account/activities{path}", parameters).json()

    assert [row["activity_type"] for row in rows] == expected
