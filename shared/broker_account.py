"""One account at the broker, through alpaca-py with raw answers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cached_property
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from shared.broker_calls import BrokerError, Caller
from shared.settings import BrokerAccount
from shared.values import rfc3339

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

ORDERS_PAGE = 500
ACTIVITIES_PAGE = 100
MAX_NESTING = 10
"""Levels of orders within orders; the broker nests one."""
EDGE = timedelta(seconds=1)
"""How much further to ask at either end of a time, for the broker leaves out what lies on it: where two times that were
asked for meet, that would be in neither."""
_OVERLAP = timedelta(milliseconds=1)
_UNKNOWN = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})
"""What a look-up by id is answered where there is no such thing, or where nothing could have that id."""


def trading_client(access: BrokerAccount, caller: Caller) -> "RESTClient":
    """Connect to the trading API of one account."""
    from alpaca.trading.client import TradingClient  # noqa: PLC0415 - alpaca-py takes a second to import

    key, secret = keys_of(access)
    return caller.prepared(TradingClient(key, secret, raw_data=True, url_override=access.base_url))


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
        return self._get("/account", {})

    def positions(self) -> list[dict[str, Any]]:
        """Read open positions.

        Raises:
            BrokerError: One names no symbol: it may be an option, whose greeks would be missing from the sums.
        """
        path = "/positions"
        rows = self._rows(path, {})
        if not all(isinstance(row.get("symbol"), str) for row in rows):
            raise BrokerError(path, HTTPStatus.OK, "answers with a position that names no symbol")
        return rows

    def portfolio_history(self, start: date, end: datetime) -> dict[str, Any]:
        """Read daily equity since `start`."""
        days = {"start": f"{start.isoformat()}T00:00:00Z", "end": rfc3339(end), "timeframe": "1D"}
        return self._get("/account/portfolio/history", {**days, "pnl_reset": "no_reset"})

    def calendar(self, start: date, end: date) -> list[dict[str, Any]]:
        """Read the trading days from `start` to `end`, both included, with their settlement dates."""
        days = {"start": start.isoformat(), "end": end.isoformat()}
        return self._rows("/calendar", days)

    def order(self, order_id: str) -> dict[str, Any] | None:
        """Find one order by the broker's id, its legs nested. None: this account has no such order."""
        return _order("/orders/", self._one("/orders/", order_id, {"nested": "true"}))

    def order_of_client(self, client_order_id: str) -> dict[str, Any] | None:
        """Find one order by the id its maker gave it. None: this account has no such order."""
        path = "/orders:by_client_order_id"
        return _order(path, self._found(path, {"client_order_id": client_order_id}))

    def option_contract(self, symbol: str) -> dict[str, Any] | None:
        """Read one option contract, expired ones too. None: the broker knows no such contract."""
        return self._one("/options/contracts/", symbol, {})

    def orders(self, after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Yield all orders submitted between two moments, bracket legs nested, page by page.

        Pages continue just before the last submission time, since the broker's `after` is exclusive and orders may
        share a time; what a page repeats is dropped.

        Raises:
            BrokerError: More orders share one submission time than a page holds, or a row is none.
        """
        path, seen = "/orders", set[str]()
        query = {"status": "all", "limit": ORDERS_PAGE, "until": rfc3339(until), "direction": "asc", "nested": "true"}
        while True:
            page = self._identified(path, {**query, "after": rfc3339(after)})
            for row in page:
                _order(path, row)
            fresh = [order for order in page if order["id"] not in seen]
            yield from fresh
            # Whether the limit counts bracket legs is not documented; counting them here is safe either way.
            if sum(1 + len(order.get("legs") or ()) for order in page) < ORDERS_PAGE:
                return
            submitted = [order["submitted_at"] for order in fresh if order.get("submitted_at")]
            if not submitted:
                raise BrokerError(path, HTTPStatus.OK, f"over {ORDERS_PAGE} orders share one submission time")
            seen.update(order["id"] for order in fresh)
            after = _moment(path, submitted[-1]) - _OVERLAP

    def activities(self, types: Sequence[str], after: datetime, until: datetime) -> Iterator[dict[str, Any]]:
        """Yield the account's activities of some types created between two moments, oldest first, each id once.

        There is no "next" token: a page continues after the id of its last row, and a short page is the last.

        Raises:
            BrokerError: A page ends with an id that an earlier page ended with, or a row is none.
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
            page = self._identified(path, query)
            fresh = {row["id"]: row for row in page if row["id"] not in seen}
            yield from fresh.values()
            if len(page) < ACTIVITIES_PAGE:
                return
            seen.update(fresh)
            if (token := page[-1]["id"]) in tokens:
                raise BrokerError(path, HTTPStatus.OK, "repeats its page token")
            tokens.add(token)
            query["page_token"] = token

    def _get(self, path: str, query: Mapping[str, Any]) -> dict[str, Any]:
        return self._caller.get(self._client, path, query)

    def _rows(self, path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        return self._caller.rows(self._client, path, query)

    def _identified(self, path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Read rows that are told apart by their `id`."""
        rows = self._rows(path, query)
        if not all(isinstance(row.get("id"), str) and row["id"] for row in rows):
            raise BrokerError(path, HTTPStatus.OK, "answers with a row without an id")
        return rows

    def _one(self, path: str, name: str, query: Mapping[str, Any]) -> dict[str, Any] | None:
        """Read what has a name, which may come from a document and say anything; nothing is named by dots alone."""
        return self._found(path + quote(name, safe=""), query) if name.strip(".") else None

    def _found(self, path: str, query: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            return self._get(path, query)
        except BrokerError as error:
            if error.status in _UNKNOWN:
                return None
            raise

    @cached_property
    def _client(self) -> "RESTClient":
        return trading_client(self._access, self._caller)


def keys_of(access: BrokerAccount) -> tuple[str, str]:
    """Take the keys of an account out of the settings.

    Raises:
        BrokerError: They are not set.
    """
    if access.api_key is None or access.secret_key is None:
        raise BrokerError("keys", None, "ALPACA_API_KEY and ALPACA_SECRET_KEY are not set")
    return access.api_key.get_secret_value(), access.secret_key.get_secret_value()


def _order(path: str, row: dict[str, Any] | None) -> dict[str, Any] | None:
    """Take an order whose legs are orders, too.

    Raises:
        BrokerError: It has no id, or a leg is none. Such a row may be part of any trade, so no trade may be written.
    """
    if row is not None and not _is_order(row, MAX_NESTING):
        raise BrokerError(path, HTTPStatus.OK, "answers with an order without an id, or with legs that are none")
    return row


def _is_order(row: Any, levels: int) -> bool:
    if not levels or not isinstance(row, dict) or not isinstance(row.get("id"), str) or not row["id"]:
        return False
    legs = row.get("legs")
    return legs is None or (isinstance(legs, list) and all(_is_order(leg, levels - 1) for leg in legs))


def _moment(path: str, text: Any) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        raise BrokerError(path, HTTPStatus.OK, "answers with a submission time that is none") from None
