"""The broker: alpaca-py with raw answers, deadlines on every call, and our own retries.

alpaca-py has no timeout, retries only 429 and 504 after fixed waits, and its models refuse legal answers; its raw JSON
is read instead. Numbers of the trading host are strings and stay exact.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from shared.retrying import persistently
from shared.settings import Settings
from shared.values import rfc3339

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

ORDERS_PAGE = 500
BARS_PAGE = 10_000
SNAPSHOTS_PER_CALL = 100
_OVERLAP = timedelta(milliseconds=1)
_RETRIED = frozenset({429, 500, 502, 503, 504})


class BrokerError(Exception):
    """The broker refused a call or stayed unreachable. Names the endpoint and the status, never a key."""

    def __init__(self, endpoint: str, status: int | None, detail: str, *, transient: bool = False) -> None:
        """Describe the failure of `endpoint`; a transient one may be sent again."""
        super().__init__(f"broker {endpoint}: {status or 'no answer'} {detail}".rstrip())
        self.status = status
        self.transient = transient or status in _RETRIED


class Broker:
    """Read-only access to one account and to market data."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily: a run that needs no broker needs no keys."""
        self._settings = settings
        self.calls = 0
        """Requests sent so far."""

    def account(self) -> dict[str, Any]:
        """Read the account."""
        answer: dict[str, Any] = self._trading("/account", {})
        return answer

    def positions(self) -> list[dict[str, Any]]:
        """Read open positions."""
        answer: list[dict[str, Any]] = self._trading("/positions", {}, list)
        return answer

    def portfolio_history(self, start: date, end: datetime) -> dict[str, Any]:
        """Read daily equity since `start`."""
        days = {"start": f"{start.isoformat()}T00:00:00Z", "end": rfc3339(end), "timeframe": "1D"}
        answer: dict[str, Any] = self._trading("/account/portfolio/history", {**days, "pnl_reset": "no_reset"})
        return answer

    def orders(self, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Yield all orders submitted between two moments, bracket legs nested, page by page.

        Pages continue just before the last submission time, since the broker's `after` is exclusive and orders may
        share a time; what a page repeats is dropped.

        Raises:
            BrokerError: More orders share one submission time than a page holds.
        """
        seen: set[str] = set()
        while True:
            page = self._trading(
                "/orders",
                {
                    "status": "all",
                    "limit": ORDERS_PAGE,
                    "after": rfc3339(after),
                    "until": rfc3339(until),
                    "direction": "asc",
                    "nested": "true",
                },
                list,
            )
            fresh = [order for order in page if order["id"] not in seen]
            yield from fresh
            # Whether the limit counts bracket legs is not documented; counting them here is safe either way.
            if sum(1 + len(order.get("legs") or ()) for order in page) < ORDERS_PAGE:
                return
            submitted = [order["submitted_at"] for order in fresh if order.get("submitted_at")]
            if not submitted:
                raise BrokerError("/orders", None, f"over {ORDERS_PAGE} orders share one submission time")
            seen.update(order["id"] for order in fresh)
            after = datetime.fromisoformat(submitted[-1]) - _OVERLAP

    def option_snapshots(self, symbols: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read quotes and greeks, at most 100 symbols a call."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(symbols), SNAPSHOTS_PER_CALL):
            some = ",".join(symbols[start : start + SNAPSHOTS_PER_CALL])
            query = {"symbols": some, "feed": self._settings.option_feed, "limit": 1000}
            for page in self._pages(self._options, "/options/snapshots", query):
                found.update({symbol: one for symbol, one in (page.get("snapshots") or {}).items() if one})
        return found

    def bars(
        self, asset_class: str, symbol: str, timeframe: str, start: datetime, last: datetime
    ) -> list[dict[str, Any]]:
        """Read the bars of one symbol that open from `start` to `last`, both included.

        Raises:
            SymbolRefusedError: The broker knows no such symbol.
            BrokerError: Anything else went wrong.
        """
        query = {
            "symbols": symbol,
            "timeframe": timeframe,
            "start": rfc3339(start),
            "end": rfc3339(last),
            "limit": BARS_PAGE,
        }
        client, path, extra = self._market(asset_class)
        try:
            pages = list(self._pages(client, path, {**query, **extra}))
        except BrokerError as error:
            # Only this answer is about the symbol; a 404, say, is about a wrong address.
            if error.status == HTTPStatus.BAD_REQUEST and "invalid symbol" in str(error):
                raise SymbolRefusedError(symbol) from error
            raise
        if not all("bars" in page for page in pages):
            # Silence about a symbol means that it did not trade; an answer about something else means nothing.
            raise BrokerError(path, None, "answers without bars")
        return [bar for page in pages for bar in (page["bars"] or {}).get(symbol) or ()]

    def _market(self, asset_class: str) -> "tuple[RESTClient, str, dict[str, str]]":
        match asset_class:
            case "CRYPTO":
                return self._crypto, "/crypto/us/bars", {}
            case "EQUITY":
                # Prices of signals are as traded then, so bars must be too.
                return self._stocks, "/stocks/bars", {"adjustment": "raw", "feed": self._settings.stock_feed}
            case _:
                return self._options, "/options/bars", {}

    def _pages(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        token: str | None = None
        while True:
            page = self._get(client, path, {**query, **({"page_token": token} if token else {})})
            yield page
            if not (following := page.get("next_page_token")):
                return
            if following == token:
                raise BrokerError(path, None, "repeats its page token")
            token = following

    def _trading(self, path: str, query: Mapping[str, Any], kind: type = dict) -> Any:
        answer = self._get(self._trader, path, query)
        if not isinstance(answer, kind):
            raise BrokerError(path, None, f"answers with a {type(answer).__name__} instead of a {kind.__name__}")
        return answer

    def _get(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Any:
        from alpaca.common.exceptions import APIError  # noqa: PLC0415 - alpaca-py takes a second to import

        def once() -> Any:
            self.calls += 1
            try:
                answer = client.get(path, dict(query))
            except APIError as error:
                raise BrokerError(path, error.status_code, _message(error)) from None
            except (requests.RequestException, ValueError) as error:
                raise BrokerError(path, None, type(error).__name__, transient=True) from None
            if answer is None:
                raise BrokerError(path, None, "an empty answer", transient=True)
            return answer

        return persistently(self._settings.retry_seconds, once, _transient)

    @cached_property
    def _trader(self) -> "RESTClient":
        from alpaca.trading.client import TradingClient  # noqa: PLC0415 - as above

        key, secret = self._keys()
        return self._prepared(TradingClient(key, secret, raw_data=True, url_override=self._settings.alpaca_base_url))

    @cached_property
    def _crypto(self) -> "RESTClient":
        from alpaca.data.historical import CryptoHistoricalDataClient  # noqa: PLC0415 - as above

        return self._data_client(CryptoHistoricalDataClient)

    @cached_property
    def _stocks(self) -> "RESTClient":
        from alpaca.data.historical import StockHistoricalDataClient  # noqa: PLC0415 - as above

        return self._data_client(StockHistoricalDataClient)

    @cached_property
    def _options(self) -> "RESTClient":
        from alpaca.data.historical.option import OptionHistoricalDataClient  # noqa: PLC0415 - as above

        return self._data_client(OptionHistoricalDataClient)

    def _data_client(self, kind: Any) -> "RESTClient":
        key, secret = self._keys()
        return self._prepared(kind(key, secret, raw_data=True, url_override=self._settings.alpaca_data_url))

    def _keys(self) -> tuple[str, str]:
        key, secret = self._settings.alpaca_api_key, self._settings.alpaca_secret_key
        if key is None or secret is None:
            raise BrokerError("keys", None, "ALPACA_API_KEY and ALPACA_SECRET_KEY are not set")
        return key.get_secret_value(), secret.get_secret_value()

    def _prepared(self, client: Any) -> "RESTClient":
        """Give a client deadlines and take its own retries away; its constructor offers neither."""
        adapter = _Deadline(self._settings.call_timeout_s)
        client._session.mount("https://", adapter)  # noqa: SLF001 - see above
        client._session.mount("http://", adapter)  # noqa: SLF001 - see above
        client._retry = 0  # noqa: SLF001 - see above
        prepared: RESTClient = client
        return prepared


class SymbolRefusedError(Exception):
    """The broker knows no such symbol."""


class _Deadline(HTTPAdapter):
    """Puts a deadline on requests that have none."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # passes every option through
        options["timeout"] = options.get("timeout") or (min(10.0, self._seconds), self._seconds)
        return super().send(request, **options)


def _transient(error: Exception) -> bool:
    return isinstance(error, BrokerError) and error.transient


def _message(error: Any) -> str:
    """Take the broker's own words where its body is JSON; never the whole body."""
    try:
        return str(error.message)[:200]
    except (ValueError, KeyError, TypeError):
        return ""
