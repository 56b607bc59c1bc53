"""Every shape of order reaches the official client as the fixture states it."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from alpaca.trading.client import TradingClient
from alpaca.trading.requests import GetOrderByIdRequest

from tests.emulator.broker_server import BrokerServer, Parameters, running_broker
from tests.emulator.broker_standin.clients import Row, trading_client
from tests.emulator.broker_standin.fixture_data import fixture
from tests.emulator.broker_standin.order_shapes import BEYOND, DOCUMENTED, full_order_id

SHAPES = DOCUMENTED | BEYOND


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerServer]:
    directory = fixture(tmp_path_factory.mktemp("shapes"), orders=list(SHAPES.values()))
    with running_broker(directory) as running:
        yield running


@pytest.fixture
def client(server: BrokerServer) -> TradingClient:
    return trading_client(server)


@pytest.mark.parametrize("shape", SHAPES)
def test_an_order_is_served_by_id_as_it_is(shape: str, client: TradingClient) -> None:
    order = SHAPES[shape]

    assert client.get_order_by_id(order["id"], GetOrderByIdRequest(nested=True)) == order


@pytest.mark.parametrize("shape", SHAPES)
def test_an_order_is_served_by_the_id_of_its_maker(shape: str, client: TradingClient) -> None:
    order = SHAPES[shape]
    # This path knows no nesting, so a bracket comes without its legs.
    expected = order | {"legs": order["legs"] if order["order_class"] == "mleg" else None}

    assert client.get_order_by_client_id(order["client_order_id"]) == expected


@pytest.mark.parametrize("spelling", ["true", "True", "TRUE"])
def test_a_list_holds_every_shape_with_its_legs_in_any_spelling_of_true(spelling: str, server: BrokerServer) -> None:
    listed = server.get("/v2/orders", {"status": "all", "limit": 500, "direction": "asc", "nested": spelling}).json()

    assert by_id(listed) == by_id(SHAPES.values())


def by_id(orders: Any) -> dict[str, Row]:
    return {order["id"]: order for order in orders}


def test_a_state_that_nobody_knows_counts_as_open(server: BrokerServer) -> None:
    listed = by_id(server.get("/v2/orders", {"limit": 500}).json())

    assert BEYOND["in a state that nobody knows"]["id"] in listed
    assert DOCUMENTED["canceled after a part was filled"]["id"] not in listed


def test_an_order_that_was_never_submitted_is_in_no_span_of_time(server: BrokerServer) -> None:
    everything: Parameters = {"status": "all", "limit": 500, "after": "2000-01-01", "until": "2100-01-01"}

    assert BEYOND["never submitted"]["id"] not in by_id(server.get("/v2/orders", everything).json())


def test_a_chain_of_replacements_can_be_followed_both_ways(client: TradingClient) -> None:
    chain = [_order(client, 4)]
    while following := chain[-1]["replaced_by"]:
        chain.append(dict(client.get_order_by_id(following)))

    assert [order["id"] for order in chain] == [full_order_id(number) for number in (4, 5, 6)]
    assert [order["replaces"] for order in chain[1:]] == [order["id"] for order in chain[:-1]]
    assert sum(Decimal(order["filled_qty"]) for order in chain) == Decimal("0.5")


def test_the_price_of_a_spread_is_the_net_of_its_legs(client: TradingClient) -> None:
    spread = _order(client, 10)
    signed = {"buy": 1, "sell": -1}
    net = sum(signed[leg["side"]] * Decimal(leg["qty"]) * Decimal(leg["filled_avg_price"]) for leg in spread["legs"])

    assert net == Decimal(spread["filled_avg_price"])


def _order(client: TradingClient, number: int) -> Row:
    return dict(client.get_order_by_id(full_order_id(number)))
