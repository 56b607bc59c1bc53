"""What the official client makes of each failure, left to itself; a job has to mend the rest."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from alpaca.common.exceptions import APIError
from alpaca.trading.client import TradingClient
from requests.adapters import HTTPAdapter

from tests.emulator.broker_server import BrokerServer
from tests.emulator.broker_standin.clients import Row, trading_client
from tests.emulator.broker_standin.fixture_data import ACCOUNT, fixture

ITS_ATTEMPTS = 4
RESET = {"X-RateLimit-Reset": "1790726400"}


class _Deadline(HTTPAdapter):
    """The client has none of its own."""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # passes every option through
        return super().send(request, **{**options, "timeout": (5, 0.1)})


@pytest.fixture
def failing(blank: BrokerServer, tmp_path: Path) -> Iterator[BrokerServer]:
    blank.seed(fixture(tmp_path, account=ACCOUNT)).raise_for_status()
    yield blank
    blank.reset().raise_for_status()


@pytest.fixture
def client(failing: BrokerServer) -> TradingClient:
    """The official client, which does not wait between its attempts."""
    impatient = trading_client(failing)
    impatient._retry_wait = 0  # noqa: SLF001 - the client offers no other way
    impatient._session.mount("http://", _Deadline())  # noqa: SLF001 - the same
    return impatient


@pytest.mark.parametrize("status", [429, 504])
def test_a_passing_limit_or_timeout_is_outlived(status: int, failing: BrokerServer, client: TradingClient) -> None:
    failing.fail("/v2/account", "status", status=status, times=ITS_ATTEMPTS - 1, headers=RESET)

    assert client.get_account() == ACCOUNT
    assert len(failing.calls()) == ITS_ATTEMPTS


@pytest.mark.parametrize(
    ("fault", "status", "attempts"),
    [
        ({"kind": "status", "status": 429, "headers": RESET}, 429, ITS_ATTEMPTS),
        ({"kind": "html", "status": 429}, 429, ITS_ATTEMPTS),
        ({"kind": "status", "status": 500}, 500, 1),
        ({"kind": "html", "status": 502}, 502, 1),
        ({"kind": "empty", "status": 503}, 503, 1),
        ({"kind": "html", "status": 504}, 504, ITS_ATTEMPTS),
        ({"kind": "status", "status": 401}, 401, 1),
    ],
)
def test_a_lasting_failure_is_an_error_with_its_status(
    fault: Row, status: int, attempts: int, failing: BrokerServer, client: TradingClient
) -> None:
    failing.fail("/v2/account", times=attempts, **fault)

    with pytest.raises(APIError) as answer:
        client.get_account()
    assert answer.value.status_code == status
    assert len(failing.calls()) == attempts


@pytest.mark.parametrize("fault", [{"kind": "redirect"}, {"kind": "empty", "status": 200}])
def test_a_redirect_or_an_empty_answer_passes_for_nothing(
    fault: Row, failing: BrokerServer, client: TradingClient
) -> None:
    failing.fail("/v2/account", **fault)

    assert client.get_account() is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"kind": "html", "status": 200}, requests.JSONDecodeError),
        ({"kind": "hang", "seconds": 600}, requests.ReadTimeout),
        ({"kind": "reset"}, requests.ConnectionError),
        ({"kind": "cut"}, requests.exceptions.ChunkedEncodingError),
    ],
)
def test_a_broken_answer_is_not_even_an_error_of_the_client(
    fault: Row, error: type[Exception], failing: BrokerServer, client: TradingClient
) -> None:
    failing.fail("/v2/account", **fault)

    with pytest.raises(error):
        client.get_account()
