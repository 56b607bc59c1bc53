"""Our own client asks only what Alpaca's documents know of."""

from collections.abc import Mapping
from datetime import date, datetime

import pytest
from werkzeug.routing import Map, Rule

from infra.local.broker.routes import ROUTES
from shared.broker import Broker
from shared.settings import load
from tests.emulator.broker_server import running_broker
from tests.emulator.broker_standin.fixture_data import CALL
from tests.emulator.broker_standin.openapi import documented_path, query_mistakes
from tests.emulator.broker_standin.order_shapes import full_order_id
from tests.emulator.broker_standin.whole_fixture import whole_fixture

START, END = datetime.fromisoformat("2026-09-28T00:00:00Z"), datetime.fromisoformat("2026-09-30T12:30:00.5Z")

# What the client never reads: lists that it does not need, and one row of what it reads whole.
UNREAD = {
    "/v2/account/activities/{activity_type}",
    "/v2/positions/{symbol_or_asset_id}",
    "/v2/clock",
    "/v2/options/contracts",
    "/v1beta1/options/snapshots/{underlying_symbol}",
}

# The document gives these the form of times and calls them dates in the same breath; the official client sends days.
DAYS_ALL_THE_SAME = {("/v2/calendar", "start"), ("/v2/calendar", "end")}

Call = tuple[str, Mapping[str, str]]


@pytest.fixture(scope="module")
def sent(tmp_path_factory: pytest.TempPathFactory) -> list[Call]:
    """Path and query of everything that the client can ask."""
    directory = whole_fixture(tmp_path_factory.mktemp("whole"))
    with running_broker(directory) as server:
        addresses = {"ALPACA_BASE_URL": server.url, "ALPACA_DATA_URL": server.url}
        keys = {"ALPACA_API_KEY": "key", "ALPACA_SECRET_KEY": "secret"}
        _ask_everything(Broker(load({"GOOGLE_CLOUD_PROJECT": "no-project", **addresses, **keys})))
        return [(call["path"], call["query"]) for call in server.calls()]


def _ask_everything(broker: Broker) -> None:
    (account,) = broker.accounts
    account.account()
    account.positions()
    account.portfolio_history(date(2026, 9, 1), END)
    account.calendar(date(2026, 9, 1), date(2026, 9, 30))
    account.order(full_order_id(0))
    account.order_of_client("live_pos_0_entry")
    account.option_contract(CALL)
    list(account.orders(START, END))
    list(account.activities(["FILL", "CFEE", "FEE"], START, END))
    broker.option_snapshots([CALL])
    for asset_class, symbol in (("CRYPTO", "BTC/USD"), ("EQUITY", "AAPL"), ("OPTION", CALL)):
        broker.bars(asset_class, [symbol], "1Hour", START, END)


def _documented(path: str) -> str:
    """The documented path that a request is for."""
    (rule, _) = _PATHS.bind("").match(path)
    return documented_path(str(rule))


_PATHS = Map([Rule(route.rule, endpoint=route.rule) for route in ROUTES if route.method == "GET"], merge_slashes=False)


def test_the_client_asks_for_all_paths_but_these(sent: list[Call]) -> None:
    served = {documented_path(route.rule) for route in ROUTES if not route.rule.startswith("/_admin/")}

    assert served - {_documented(path) for path, _ in sent} == UNREAD


def test_the_client_sends_what_the_documents_know(sent: list[Call]) -> None:
    mistakes = {(path, name) for path, query in sent for name in query_mistakes(_documented(path), query)}

    assert mistakes == DAYS_ALL_THE_SAME


@pytest.mark.parametrize(
    ("query", "mistakes"),
    [
        ({"page_size": "100", "direction": "asc", "activity_types": "FILL,FEE"}, set()),
        ({"page_size": "101"}, {"page_size"}),
        ({"direction": "up", "pagesize": "100"}, {"direction", "pagesize"}),
        ({"activity_types": "FILL,REG"}, {"activity_types"}),
        ({"after": "yesterday"}, {"after"}),
    ],
)
def test_a_mistaken_query_is_found(query: Mapping[str, str], mistakes: set[str]) -> None:
    assert query_mistakes("/v2/account/activities", query) == mistakes
