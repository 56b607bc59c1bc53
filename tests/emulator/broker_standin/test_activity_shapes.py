"""Every shape of activity is served as the fixture states it, under the time it was created at."""

from collections.abc import Iterator
from decimal import Decimal

import pytest
from alpaca.common.exceptions import APIError

from tests.emulator.broker_server import BrokerServer, Parameters, running_broker
from tests.emulator.broker_standin.activity_shapes import ACTIVITIES, dollar_fee, full_fill
from tests.emulator.broker_standin.clients import refusal, trading_client
from tests.emulator.broker_standin.fixture_data import ACCOUNT, fixture

PATH = "/v2/account/activities"
LATER = {ACTIVITIES[name]["id"] for name in ("a coin fee hours later", "a coin fee at the end of the day")}
ASCENDING = {"direction": "asc", "page_size": "100"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerServer]:
    # The account is a paper account, by its number, and is charged all the same.
    rows = list(reversed(ACTIVITIES.values()))
    directory = fixture(tmp_path_factory.mktemp("shapes"), account=ACCOUNT, activities=rows)
    with running_broker(directory) as running:
        yield running


def test_the_activities_come_as_they_are_in_order_of_creation(server: BrokerServer) -> None:
    client = trading_client(server)

    assert client.get("/account/activities", dict(ASCENDING)) == list(ACTIVITIES.values())
    assert client.get("/account/activities", {}) == list(ACTIVITIES.values())[::-1]


EVENING = ["REG", "TAF", "ORF", "OCC", None, "REG", "REG"]


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"date": "2026-09-28"}, []),
        ({"date": "2026-09-29"}, ["CAT", *EVENING]),
        # On the wire this is %2B00%3A00, as the official client writes it.
        ({"after": "2026-09-29T00:06:01+00:00", "until": "2026-09-29T00:17:05.448917+00:00"}, EVENING),
        ({"after": "2026-09-28T20:06:01-04:00"}, EVENING),
        ({"until": "2026-09-29T00:06:01Z"}, []),
    ],
)
def test_a_fee_of_a_day_is_found_on_the_day_it_was_booked(
    parameters: Parameters, expected: list[str | None], server: BrokerServer
) -> None:
    rows = server.get(f"{PATH}/FEE", {**ASCENDING, **parameters}).json()

    assert [row.get("activity_sub_type") for row in rows] == expected


def test_a_fee_that_was_not_booked_yet_is_no_row(server: BrokerServer) -> None:
    assert server.get(PATH, {"activity_types": "FEE,CFEE", "until": "2026-09-28T14:29:34Z"}).json() == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_rows_of_one_moment_are_not_lost_between_pages(size: int, server: BrokerServer) -> None:
    page = server.get(f"{PATH}/CFEE", {"direction": "asc", "page_size": size}).json()
    seen = list(page)
    while page:
        page = server.get(f"{PATH}/CFEE", {"direction": "asc", "page_size": size, "page_token": page[-1]["id"]}).json()
        seen += page

    assert seen == [row for row in ACTIVITIES.values() if row["activity_type"] == "CFEE"]


def test_a_page_can_be_told_to_repeat(server: BrokerServer) -> None:
    page = [full_fill(number) for number in range(2)]
    server.fail(PATH, "body", times=2, body=page)
    client = trading_client(server)
    first = client.get("/account/activities", {"page_size": 2})

    assert client.get("/account/activities", {"page_size": 2, "page_token": page[-1]["id"]}) == first


def test_a_page_can_be_told_to_overlap_the_one_before(server: BrokerServer) -> None:
    rows = [dollar_fee(number, "2026-09-28T15:00:00Z", "-1") for number in range(3)]
    server.fail(PATH, "body", body=rows[:2])
    server.fail(PATH, "body", body=rows[1:])

    pages = [server.get(PATH).json() for _ in range(2)]

    assert pages[0][-1] == pages[1][0]


@pytest.mark.parametrize("name", ["REG", "TAF", "CAT", "ORF", "OCC", "CORR", "FFFFF"])
def test_a_sub_type_is_not_a_type_to_ask_for(name: str, server: BrokerServer) -> None:
    with pytest.raises(APIError) as answer:
        trading_client(server).get(f"/account/activities/{name}", {})

    assert refusal(answer) == (422, f'{{"code":40010001,"message":"invalid activity type: {name}"}}')


def test_what_was_bought_less_its_fee_is_what_was_sold(server: BrokerServer) -> None:
    rows = server.get(PATH, {**ASCENDING, "activity_types": "FILL,CFEE"}).json()
    sign = {"buy": 1, "sell": -1}
    ether = [row for row in rows if row.get("symbol", "").replace("/", "") == "ETHUSD" and row["id"] not in LATER]

    assert sum(sign[row.get("side", "buy")] * Decimal(row["qty"]) for row in ether) == 0
