"""The broker: its accounts and its market data, through alpaca-py with raw answers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

from shared.bar_store import BarStore
from shared.broker_account import TradingAccount, keys_of
from shared.broker_calls import BrokerError, Caller
from shared.settings import Settings
from shared.values import rfc3339

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

K = TypeVar("K")

BARS_PAGE = 10_000
SNAPSHOTS_PER_CALL = 100
SIP_DELAY = timedelta(minutes=16)
"""A minute more than what is refused, for clocks differ."""


class Broker:
    """The accounts of one run and the market data that they share."""

    def __init__(self, settings: Settings, caller: Caller | None = None) -> None:
        """Connect lazily: a run that needs no broker needs no keys."""
        self._settings = settings
        self._caller = caller or Caller(settings)
        self.accounts = tuple(TradingAccount(access, self._caller) for access in settings.accounts)
        """At least one."""

    @property
    def calls(self) -> int:
        """Requests sent so far."""
        return self._caller.calls

    def option_snapshots(self, symbols: Sequence[str]) -> dict[str, dict[str, Any]]:
        """Read quotes and greeks, at most 100 symbols a call.

        Raises:
            BrokerError: The broker failed.
        """
        found: dict[str, dict[str, Any]] = {}
        for start in range(0, len(symbols), SNAPSHOTS_PER_CALL):
            some = ",".join(symbols[start : start + SNAPSHOTS_PER_CALL])
            query = {"symbols": some, "feed": self._settings.option_feed, "limit": 1000}
            for part in self._parts(self._options, "/options/snapshots", query, "snapshots", dict):
                found.update(part)
        return found

    def bars(
        self,
        asset_class: str,
        symbols: Sequence[str],
        timeframe: str,
        start: datetime,
        last: datetime,
        *,
        adjusted: bool = False,
    ) -> dict[str, BarStore]:
        """Read the bars that open from `start` to `last`, both included, of at most 100 symbols; all pages of them.

        Every symbol is in the result. Prices are as traded, or of stocks adjusted for splits.

        Raises:
            SymbolRefusedError: The broker knows no such symbol as one of these; the others went unanswered too.
            BrokerError: Anything else went wrong.
        """
        client, path, extra = self._market(asset_class, adjusted=adjusted)
        span = {"timeframe": timeframe, "start": rfc3339(start), "end": rfc3339(last)}
        query = {"symbols": ",".join(symbols), "limit": BARS_PAGE, **span, **extra}
        found = {symbol: BarStore() for symbol in symbols}
        try:
            for part in self._parts(client, path, query, "bars", list):
                for symbol in part.keys() & found.keys():
                    found[symbol].add(part[symbol])
        except BrokerError as error:
            # Only this answer is about the symbol; a 404, say, is about a wrong address.
            if error.status == HTTPStatus.BAD_REQUEST and "invalid symbol" in str(error):
                raise SymbolRefusedError(", ".join(symbols)) from error
            raise
        return found

    def _parts(
        self, client: "RESTClient", path: str, query: Mapping[str, Any], name: str, kind: type[K]
    ) -> Iterator[dict[str, K]]:
        """Yield what each page holds by symbol.

        Silence about a symbol, or null, means that there is nothing; an answer about something else means nothing.
        """
        for page in self._caller.pages(client, path, query):
            part = page.get(name) or {}
            if name not in page or not isinstance(part, dict):
                raise BrokerError(path, HTTPStatus.OK, f"answers without {name}")
            held = {symbol: one for symbol, one in part.items() if one}
            if not all(isinstance(one, kind) for one in held.values()):
                raise BrokerError(path, HTTPStatus.OK, f"answers with {name} of another shape")
            yield held

    def delay(self, asset_class: str) -> timedelta:
        """How old a bar must be to be given out to everybody."""
        return delay(asset_class, self._settings)

    def _market(self, asset_class: str, *, adjusted: bool) -> "tuple[RESTClient, str, dict[str, str]]":
        match asset_class:
            case "CRYPTO":
                return self._crypto, "/crypto/us/bars", {}
            case "EQUITY":
                # Prices of signals are as traded then, so bars must be too.
                adjustment = "split" if adjusted else "raw"
                return self._stocks, "/stocks/bars", {"adjustment": adjustment, "feed": self._settings.stock_feed}
            case _:
                return self._options, "/options/bars", {}

    @cached_property
    def _crypto(self) -> "RESTClient":
        from alpaca.data.historical import CryptoHistoricalDataClient  # noqa: PLC0415 - alpaca-py takes a second to import

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


def delay(asset_class: str, settings: Settings) -> timedelta:
    """How old a bar must be to be given out to everybody.

    The consolidated feed of the stock market refuses the basic plan what is younger than a quarter of an hour.
    """
    return SIP_DELAY if asset_class == "EQUITY" and settings.stock_feed == "sip" else timedelta(0)


class SymbolRefusedError(Exception):
    """The broker knows no such symbol."""
