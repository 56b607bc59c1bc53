"""The broker: its accounts and its market data, through alpaca-py with raw answers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from shared.broker_calls import BrokerError, Caller
from shared.settings import BrokerAccount, Settings
from shared.values import rfc3339

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

ORDERS_PAGE = 500
ACTIVITIES_PAGE = 100
BARS_PAGE = 10_000
SNAPSHOTS_PER_CALL = 100
_OVERLAP = timedelta(milliseconds=1)


class TradingAccount:
    """Read-only access to one account."""

    def __init__(self, access: BrokerAccount, caller: Caller) -> None:
        """Connect lazily: a run that needs no broker needs no keys."""
        self._access = access
        self._caller = caller
        self.name = access.name
        """As the settings name it; empty for the only account."""

    def account(self) -> dict[str, Any]:
        """Read the account."""
        answer: dict[str, Any] = self._get("/account", {})
        return answer

    def positions(self) -> list[dict[str, Any]]:
        """Read open positions."""
        answer: list[dict[str, Any]] = self._get("/positions", {}, list)
        return answer

    def portfolio_history(self, start: date, end: datetime) -> dict[str, Any]:
        """Read daily equity since `start`."""
        days = {"start": f"{start.isoformat()}T00:00:00Z", "end": rfc3339(end), "timeframe": "1D"}
        answer: dict[str, Any] = self._get("/account/portfolio/history", {**days, "pnl_reset": "no_reset"})
        return answer

    def calendar(self, start: date, end: date) -> list[dict[str, Any]]:
        """Read the trading days from `start` to `end`, both included, with their settlement dates."""
        days = {"start": start.isoformat(), "end": end.isoformat()}
        answer: list[dict[str, Any]] = self._get("/calendar", days, list)
        return answer

    def order(self, order_id: str) -> dict[str, Any] | None:
        """Find one order by the broker's id, its legs nested. None: this account has no such order."""
        return self._found(f"/orders/{order_id}", {"nested": "true"})

    def order_of_client(self, client_order_id: str) -> dict[str, Any] | None:
        """Find one order by the id its maker gave it. None: this account has no such order."""
        return self._found("/orders:by_client_order_id", {"client_order_id": client_order_id})

    def option_contract(self, symbol: str) -> dict[str, Any] | None:
        """Read one option contract, expired ones too. None: the broker knows no such contract."""
        return self._found(f"/options/contracts/{symbol}", {})

    def orders(self, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Yield all orders submitted between two moments, bracket legs nested, page by page.

        Pages continue just before the last submission time, since the broker's `after` is exclusive and orders may
        share a time; what a page repeats is dropped.

        Raises:
            BrokerError: More orders share one submission time than a page holds.
        """
        seen: set[str] = set()
        while True:
            page = self._get(
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

    def activities(self, types: Sequence[str], after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Yield the account's activities of some types created between two moments, oldest first, each id once.

        There is no "next" token: a page continues after the id of its last row, and a short page is the last.

        Raises:
            BrokerError: A page ends with an id that an earlier page ended with.
        """
        path, seen, tokens = "/account/activities", set[str](), set[str]()
        query: dict[str, Any] = {
            "activity_types": ",".join(types),
            "after": rfc3339(after),
            "until": rfc3339(until),
            "direction": "asc",
            "page_size": ACTIVITIES_PAGE,
        }
        while True:
            page = self._get(path, query, list)
            fresh = {row["id"]: row for row in page if row["id"] not in seen}
            yield from fresh.values()
            if len(page) < ACTIVITIES_PAGE:
                return
            seen.update(fresh)
            if (token := page[-1]["id"]) in tokens:
                raise BrokerError(path, None, "repeats its page token")
            tokens.add(token)
            query["page_token"] = token

    def _get(self, path: str, query: Mapping[str, Any], kind: type = dict) -> Any:
        return self._caller.get(self._client, path, query, kind)

    def _found(self, path: str, query: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            answer: dict[str, Any] = self._get(path, query)
        except BrokerError as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return answer

    @cached_property
    def _client(self) -> "RESTClient":
        from alpaca.trading.client import TradingClient  # noqa: PLC0415 - alpaca-py takes a second to import

        key, secret = keys_of(self._access)
        return self._caller.prepared(TradingClient(key, secret, raw_data=True, url_override=self._access.base_url))


class Broker:
    """The accounts of one run and the market data that they share."""

    def __init__(self, settings: Settings) -> None:
        """Connect lazily: a run that needs no broker needs no keys."""
        self._settings = settings
        self._caller = Caller(settings)
        self.accounts = tuple(TradingAccount(access, self._caller) for access in settings.accounts)
        """At least one."""

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        return self._caller.calls

    def option_snapshots(self, symbols: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read quotes and greeks, at most 100 symbols a call."""
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(symbols), SNAPSHOTS_PER_CALL):
            some = ",".join(symbols[start : start + SNAPSHOTS_PER_CALL])
            query = {"symbols": some, "feed": self._settings.option_feed, "limit": 1000}
            for page in self._caller.pages(self._options, "/options/snapshots", query):
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
            pages = list(self._caller.pages(client, path, {**query, **extra}))
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
        """Open market data with the keys of the first account; the data host is the same for all."""
        key, secret = keys_of(self._settings.accounts[0])
        return self._caller.prepared(kind(key, secret, raw_data=True, url_override=self._settings.alpaca_data_url))


class SymbolRefusedError(Exception):
    """The broker knows no such symbol."""


def keys_of(access: BrokerAccount) -> tuple[str, str]:
    """Take the keys of an account out of the settings.

    Raises:
        BrokerError: They are not set.
    """
    if access.api_key is None or access.secret_key is None:
        raise BrokerError("keys", None, "ALPACA_API_KEY and ALPACA_SECRET_KEY are not set")
    return access.api_key.get_secret_value(), access.secret_key.get_secret_value()
