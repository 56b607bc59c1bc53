"""The official client, pointed at a stand-in broker."""

from typing import Any

import pytest
from alpaca.common.exceptions import APIError
from alpaca.data.historical import CryptoHistoricalDataClient
from alpaca.data.requests import CryptoBarsRequest
from alpaca.data.timeframe import TimeFrame
from alpaca.trading.client import TradingClient

from tests.emulator.broker_server import BrokerServer
from tests.emulator.broker_standin.fixture_data import START

Row = dict[str, Any]


def trading_client(server: BrokerServer) -> TradingClient:
    """A trading client that returns the answers as they came."""
    return TradingClient("key", "secret", url_override=server.url, raw_data=True)


def crypto_client(server: BrokerServer) -> CryptoHistoricalDataClient:
    """A crypto data client, which needs no keys."""
    return CryptoHistoricalDataClient(url_override=server.url, raw_data=True)


def bars_of(
    crypto: CryptoHistoricalDataClient, *symbols: str, timeframe: TimeFrame, **window: Any
) -> dict[str, list[Row]]:
    """Bars by symbol, from the start of the fixtures unless the window says otherwise."""
    request = CryptoBarsRequest(symbol_or_symbols=list(symbols), timeframe=timeframe, **{"start": START, **window})
    return dict(crypto.get_crypto_bars(request))


def refusal(answer: pytest.ExceptionInfo[APIError]) -> tuple[int | None, str]:
    """Status and body of an error answer."""
    return answer.value.status_code, str(answer.value)
