"""Brokers to ask: one that is only read, one to seed at will."""

from collections.abc import Iterator

import pytest
from alpaca.data.historical import CryptoHistoricalDataClient, OptionHistoricalDataClient
from alpaca.trading.client import TradingClient

from tests.emulator.broker_server import BrokerServer, running_broker
from tests.emulator.broker_standin.clients import crypto_client, trading_client
from tests.emulator.broker_standin.fixture_data import (
    ACCOUNT,
    CALL,
    DAY,
    EXPIRED_PUT,
    HOUR,
    MINUTE,
    START,
    TWO_WEEKS_OF_MINUTES,
    fee,
    fill,
    fixture,
    order,
    rising_bars,
)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerServer]:
    """A broker that the tests only read."""
    directory = fixture(
        tmp_path_factory.mktemp("fixture"),
        bars={
            "BTC/USD": rising_bars(TWO_WEEKS_OF_MINUTES, MINUTE),
            "ETH/USD": rising_bars(72, HOUR),
            "LTC/USD": rising_bars(3, DAY, START + 6 * HOUR),
            "AAPL": rising_bars(4, 15 * MINUTE, START + 14 * HOUR),
            CALL: rising_bars(2, DAY),
        },
        account=ACCOUNT,
        orders=[
            order(0),
            order(1, "AAPL", side="sell"),
            order(2, "ETH/USD", status="canceled"),
            order(3, status="accepted", filled_qty="0", filled_avg_price=None),
            order(4, "AAPL", order_class="bracket", legs=[order(5, "AAPL", status="held"), order(6, "AAPL")]),
            order(7, "", order_class="mleg", legs=[order(8, CALL), order(9, EXPIRED_PUT)]),
            order(10, submitted_at=None, created_at="2026-09-01T00:00:00Z", status="rejected"),
        ],
        positions=[{"asset_id": "64bbff51-0000-4000-8000-000000000001", "symbol": "BTCUSD", "qty": "0.9975"}],
        activities=[
            fill(1),
            fee(1, "CFEE", "2026-09-28", "2026-09-28T15:16:58.1Z"),
            fee(2, "FEE", "2026-09-28", "2026-09-29T00:17:05.448916Z"),
            {"id": "20260928000000000::3", "activity_type": "JNLC", "date": "2026-09-28", "net_amount": "100000"},
        ],
        portfolio_history={
            "timestamp": [1790726400 + number * 86400 for number in range(60)],
            "equity": [1000 + number for number in range(60)],
            "profit_loss": [1] * 60,
            "profit_loss_pct": [0.001] * 60,
            "base_value": 999,
            "timeframe": "1D",
            "cashflow": {"FEE": [0] * 60},
        },
        option_snapshots={
            CALL: {"latestTrade": {"p": 4.10}, "impliedVolatility": 0.337, "greeks": {"delta": 0.752}},
            EXPIRED_PUT: {"latestQuote": {"bp": 0}},
        },
        calendar=[
            {"date": day, "open": "09:30", "close": "16:00", "settlement_date": "2026-09-09"}
            for day in ("2026-09-04", "2026-09-08")
        ],
    )
    with running_broker(tmp_path_factory.mktemp("state")) as server:
        server.seed(directory).raise_for_status()
        yield server


@pytest.fixture(scope="session")
def blank_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BrokerServer]:
    """A broker to seed at will; `blank` empties it."""
    with running_broker(tmp_path_factory.mktemp("blank")) as server:
        yield server


@pytest.fixture
def blank(blank_broker: BrokerServer) -> BrokerServer:
    blank_broker.reset().raise_for_status()
    return blank_broker


@pytest.fixture
def trading(broker: BrokerServer) -> TradingClient:
    return trading_client(broker)


@pytest.fixture
def crypto(broker: BrokerServer) -> CryptoHistoricalDataClient:
    return crypto_client(broker)


@pytest.fixture
def options(broker: BrokerServer) -> OptionHistoricalDataClient:
    return OptionHistoricalDataClient("key", "secret", url_override=broker.url, raw_data=True)
