"""Orders placed at the stand-in: taken, shown as documented, cancelled, never filled."""

from decimal import Decimal

import pytest
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from alpaca.trading.enums import OrderSide, TimeInForce
from alpaca.trading.requests import LimitOrderRequest

from tests.emulator.broker_server import BrokerServer
from tests.emulator.broker_standin.clients import Row, refusal, trading_client
from tests.emulator.broker_standin.departures import KNOWN_DEPARTURES
from tests.emulator.broker_standin.fixture_data import order_id
from tests.emulator.broker_standin.openapi import departures


@pytest.fixture
def trading(blank: BrokerServer) -> TradingClient:
    """A client of a venue of this test's own."""
    return trading_client(blank)


def limit_order(**changes: object) -> LimitOrderRequest:
    wanted = {"symbol": "BTC/USD", "qty": 0.0004, "side": OrderSide.BUY, "limit_price": 30000}
    return LimitOrderRequest(**{**wanted, "time_in_force": TimeInForce.GTC, "client_order_id": "mine", **changes})


def placed(trading: TradingClient, **changes: object) -> Row:
    return dict(trading.submit_order(limit_order(**changes)))


def test_an_order_rests_and_is_found_by_both_its_names(trading: TradingClient) -> None:
    order = placed(trading)

    assert (order["status"], order["filled_qty"], Decimal(order["qty"])) == ("new", "0", Decimal("0.0004"))
    assert trading.get_order_by_id(order["id"]) == order
    assert trading.get_order_by_client_id("mine") == order
    assert list(trading.get_orders()) == [order]


def test_an_order_is_shown_as_the_documents_say(trading: TradingClient) -> None:
    assert departures("/v2/orders/{order_id}", placed(trading)) <= KNOWN_DEPARTURES


def test_a_cancelled_order_is_over_and_cannot_be_cancelled_again(trading: TradingClient) -> None:
    order = placed(trading)
    trading.cancel_order_by_id(order["id"])
    ended = dict(trading.get_order_by_id(order["id"]))

    assert (ended["status"], ended["filled_qty"]) == ("canceled", "0")
    with pytest.raises(APIError) as again:
        trading.cancel_order_by_id(order["id"])
    assert refusal(again) == (422, '{"code":42210000,"message":"order is already in \\"canceled\\" state"}')


def test_a_name_is_given_once(trading: TradingClient) -> None:
    placed(trading)
    with pytest.raises(APIError) as again:
        placed(trading)

    assert refusal(again) == (422, '{"code":40010001,"message":"client_order_id must be unique"}')


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"qty": 0}, "qty must be > 0"),
        ({"limit_price": -1}, "limit_price must be > 0"),
        ({"symbol": ""}, "this venue takes limit orders: symbol, side, qty, limit_price"),
    ],
)
def test_an_order_that_makes_no_sense_is_refused(changes: Row, message: str, trading: TradingClient) -> None:
    with pytest.raises(APIError) as refused:
        placed(trading, **changes)

    assert refusal(refused) == (422, f'{{"code":40010001,"message":"{message}"}}')


def test_nobody_cancels_what_is_not_there(trading: TradingClient) -> None:
    with pytest.raises(APIError) as unknown:
        trading.cancel_order_by_id(order_id(99))

    assert refusal(unknown)[0] == 404
