from pathlib import Path
from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import QueryOrderStatus
from alpaca.trading.requests import GetOrderByIdRequest, GetOrdersRequest

from tests.emulator.broker_server import BrokerServer, Parameters
from tests.emulator.broker_standin.clients import refusal
from tests.emulator.broker_standin.fixture_data import fixture, order, order_id


def numbers(orders: Any) -> list[int]:
    return [int(row["id"][-12:]) for row in orders]


def all_orders(trading: TradingClient, *, nested: bool) -> Any:
    return trading.get_orders(GetOrdersRequest(status=QueryOrderStatus.ALL, nested=nested))


def test_without_nesting_every_bracket_leg_is_a_row_and_a_multi_leg_order_keeps_its_own(trading: TradingClient) -> None:
    orders = all_orders(trading, nested=False)

    assert numbers(orders) == [7, 6, 5, 4, 3, 2, 1, 0, 10]
    assert [numbers(row["legs"] or []) for row in orders[:4]] == [[8, 9], [], [], []]


def test_nested_orders_carry_their_legs(trading: TradingClient) -> None:
    orders = all_orders(trading, nested=True)

    assert numbers(orders) == [7, 4, 3, 2, 1, 0, 10]
    assert numbers(orders[1]["legs"]) == [5, 6]


def test_a_leg_is_an_order_of_its_own(trading: TradingClient) -> None:
    parent = dict(trading.get_order_by_id(order_id(4), GetOrderByIdRequest(nested=True)))

    assert trading.get_order_by_id(order_id(6)) == parent["legs"][1]
    assert dict(trading.get_order_by_id(order_id(4)))["legs"] is None


def test_an_order_is_found_by_the_id_its_maker_gave_it(trading: TradingClient) -> None:
    assert trading.get_order_by_client_id("position 1/entry") == order(1, "AAPL", side="sell")


def test_money_is_text_with_the_digits_of_the_fixture(broker: BrokerServer) -> None:
    assert '"filled_avg_price":"2712.310000000"' in broker.get(f"/v2/orders/{order_id(0)}").text


def test_unknown_orders_are_not_found(trading: TradingClient) -> None:
    with pytest.raises(APIError) as by_id:
        trading.get_order_by_id(order_id(99))
    with pytest.raises(APIError) as by_client_id:
        trading.get_order_by_client_id("nobody")

    assert refusal(by_id) == (404, f'{{"code":40410000,"message":"order not found for {order_id(99)}"}}')
    assert by_client_id.value.status_code == 404


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({}, [5, 3]),
        ({"status": "closed"}, [7, 6, 4, 2, 1, 0, 10]),
        ({"status": "all", "direction": "asc", "limit": 3}, [10, 0, 1]),
        ({"status": "all", "after": "2026-09-28T01:00:00Z", "until": "2026-09-28T04:00:00Z"}, [3, 2]),
        ({"status": "all", "symbols": "BTCUSD,ETH/USD"}, [3, 2, 0, 10]),
        ({"status": "all", "side": "sell"}, [1]),
        ({"status": "all", "asset_class": "crypto", "after_order_id": order_id(0)}, [3, 2]),
        ({"status": "all", "direction": "asc", "before_order_id": order_id(2)}, [10, 0, 1]),
    ],
)
def test_orders_are_filtered(parameters: Parameters, expected: list[int], broker: BrokerServer) -> None:
    assert numbers(broker.get("/v2/orders", parameters).json()) == expected


def test_fifty_orders_are_served_unless_more_are_asked_for(blank: BrokerServer, tmp_path: Path) -> None:
    blank.seed(fixture(tmp_path, orders=[order(number) for number in range(501)]))

    sizes = [len(blank.get("/v2/orders", {"status": "all"} | limit).json()) for limit in ({}, {"limit": "500"})]

    assert sizes == [50, 500]


@pytest.mark.parametrize(
    ("path", "parameters", "message"),
    [
        ("/v2/orders", {"limit": 501}, "limit must be between 1 and 500"),
        ("/v2/orders", {"status": "done"}, "status must be one of all, closed, open"),
        (
            "/v2/orders",
            {"after_order_id": order_id(0), "after": "2026-09-28"},
            "after_order_id and before_order_id exclude each other, after and until",
        ),
        ("/v2/orders/not-a-uuid", {}, "invalid order id: not-a-uuid"),
        ("/v2/orders:by_client_order_id", {}, "client_order_id is required"),
        ("/v2/account/activities/FFFFF", {}, "invalid activity type: FFFFF"),
        ("/v2/account/activities", {"activity_types": "FILL,REG"}, "invalid activity type: REG"),
        ("/v2/account/activities", {"page_size": 101}, "page_size must be between 1 and 100"),
        ("/v2/account/activities", {"page_token": "none"}, "invalid page_token: none"),
        (
            "/v2/account/activities",
            {"activity_types": "FEE", "category": "trade_activity"},
            "activity_types and category exclude each other",
        ),
        (
            "/v2/account/activities",
            {"date": "2026-09-28", "after": "2026-09-01"},
            "date cannot be given with after or until",
        ),
    ],
)
def test_the_trading_host_refuses_what_it_cannot_read(
    path: str, parameters: Parameters, message: str, broker: BrokerServer
) -> None:
    answer = broker.get(path, parameters)

    assert (answer.status_code, answer.json()) == (422, {"code": 40010001, "message": message})
