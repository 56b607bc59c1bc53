"""The broker in this process: the stand-in's own handlers, asked without HTTP."""

import json
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkzeug.routing import Map, Rule

from infra.local import exact_json
from infra.local.broker.activity_log import by_creation
from infra.local.broker.call import Call
from infra.local.broker.conduct import Conduct
from infra.local.broker.errors import ApiError
from infra.local.broker.order_book import OrderBook
from infra.local.broker.query import Query
from infra.local.broker.routes import ROUTES
from infra.local.broker.store import Store
from infra.local.fixtures import write_bars
from shared.broker_calls import Caller
from shared.broker_retries import Failure
from shared.settings import Settings
from tests.emulator.builders import Fields, account, bars
from tests.simulation.network import Network, Trouble

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

_FAILURES = {
    Trouble.UNAVAILABLE: Failure(HTTPStatus.SERVICE_UNAVAILABLE, "simulated"),
    Trouble.DENIED: Failure(HTTPStatus.FORBIDDEN, "simulated"),
}
_PATHS = Map([Rule(one.rule, methods=[one.method], endpoint=one) for one in ROUTES]).bind("")


class Venue:
    """One account and its market."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._orders: dict[str, Fields] = {}
        self._activities: dict[str, Fields] = {}
        self._ledger = replace(_market().ledger, account=account("1000"), activities=())

    def record(self, orders: list[Fields], activities: list[Fields]) -> None:
        """Let orders fill, and activities be posted or restated."""
        self._orders |= {one["id"]: one for one in orders}
        self._activities |= {one["id"]: one for one in activities}
        self._ledger = replace(
            self._ledger,
            orders=OrderBook([*self._orders.values()]),
            activities=by_creation(self._activities.values()),
        )

    def hold(self, equity: str) -> None:
        """Let the account be worth something."""
        self._ledger = replace(self._ledger, account=account(equity))

    def answer(self, path: str, query: Mapping[str, Any]) -> Any:
        """Answer a question as the broker's JSON."""
        route, parts = _PATHS.match(unquote(path), method="GET")
        asked = Query({name: str(value) for name, value in query.items() if value is not None}, route.door.complaint)
        now, name = self._network.time.now(), parts.get("name", "")
        try:
            body = route.handler(Call(_market(), Conduct(), self._ledger, asked, name, b"", now))
        except ApiError as error:
            return Failure(error.status, str(error.body.get("message")))
        return json.loads(exact_json.dumps(body))


class LocalCaller(Caller):
    """Asks a venue of this process; retries, budgets and pages are the product's."""

    def __init__(self, settings: Settings, network: Network, venue: Venue) -> None:
        super().__init__(settings, clock=network.time.clock, draw=lambda: 0.5)
        self._network = network
        self._venue = venue

    def _once(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Any:
        self.calls += 1
        whole = f"/{client._api_version}{path}"  # noqa: SLF001 - it tells nobody
        return self._network.call(lambda: self._venue.answer(whole, query), _FAILURES.__getitem__)


@cache
def _market() -> Store:
    """Bars, the same for every history."""
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        write_bars(directory, "BTC/USD", bars())
        store = Store(directory)
        # Read into memory before the files go.
        (hourly,) = [rule for rule in ROUTES if rule.rule.startswith("/v1beta3/crypto")]
        asked = Query({"symbols": "BTC/USD", "timeframe": "1Hour"}, hourly.door.complaint)
        hourly.handler(Call(store, Conduct(), store.ledger, asked, "us", b"", _LAST))
        return store


_LAST = max(bar.time for bar in bars())
