"""Everything that can be asked of a stand-in over a fixture: at least one question for each path it serves."""

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from infra.local.broker.option_symbols import OptionSymbol
from infra.local.exact_json import JsonObject
from tests.emulator.broker_server import Parameters

_SINCE = "2026-01-01"
_SOME = 20


class Question(NamedTuple):
    """A request, and the rule of the route that answers it."""

    rule: str
    path: str
    parameters: Parameters


def questions(broker: JsonObject, bar_symbols: Iterable[str]) -> Iterator[Question]:
    """What to ask about a `broker.json` and bars of these symbols."""
    yield from _about_the_account(broker)
    yield from _about_orders(broker["orders"][:_SOME])
    yield from _about_options(broker)
    yield from _about_bars([*bar_symbols])


def _about_the_account(broker: JsonObject) -> Iterator[Question]:
    yield _plain("/v2/account")
    yield _plain("/v2/clock")
    yield _plain("/v2/calendar", start="2026-09-01", end="2026-09-30")
    yield _plain("/v2/account/portfolio/history", period="1A", timeframe="1D")
    yield _plain("/v2/account/activities", direction="asc")
    yield _plain("/v2/account/activities", direction="desc")
    for kind in sorted({row["activity_type"] for row in broker["activities"]}):
        yield _named("/v2/account/activities/<name>", kind, direction="desc")
    yield _plain("/v2/positions")
    for row in broker["positions"]:
        yield _named("/v2/positions/<path:name>", row["symbol"].replace("/", ""))


def _about_orders(orders: Iterable[JsonObject]) -> Iterator[Question]:
    for nested in ("true", "false"):
        yield _plain("/v2/orders", status="all", limit=500, nested=nested)
    for order in orders:
        yield _named("/v2/orders/<name>", order["id"], nested="true")
        yield _plain("/v2/orders:by_client_order_id", client_order_id=order["client_order_id"])


def _about_options(broker: JsonObject) -> Iterator[Question]:
    symbols = list(broker["option_snapshots"])
    yield _plain("/v1beta1/options/snapshots", symbols=",".join(symbols))
    for status in ("active", "inactive"):
        yield _plain("/v2/options/contracts", status=status)
    for symbol in symbols:
        yield _named("/v2/options/contracts/<name>", symbol)
    for underlying in sorted({option.underlying for each in symbols if (option := OptionSymbol.parse(each))}):
        yield _named("/v1beta1/options/snapshots/<name>", underlying)


def _about_bars(symbols: list[str]) -> Iterator[Question]:
    pairs = [symbol for symbol in symbols if "/" in symbol]
    options = [symbol for symbol in symbols if OptionSymbol.parse(symbol)]
    stocks = [symbol for symbol in symbols if symbol not in {*pairs, *options}]
    yield _named("/v1beta3/crypto/<name>/bars", "us", **_bars(pairs))
    yield _plain("/v2/stocks/bars", **_bars(stocks))
    yield _plain("/v1beta1/options/bars", **_bars(options))


def _bars(symbols: list[str]) -> dict[str, Any]:
    # A symbol without bars stands in where the fixture has none of the kind.
    wanted = ",".join(symbols) or "AAPL991218C00230000"
    return {"symbols": wanted, "timeframe": "1Day", "start": _SINCE, "limit": 100}


def _plain(path: str, **parameters: str | int) -> Question:
    return Question(path, path, parameters)


def _named(rule: str, name: str, **parameters: str | int) -> Question:
    return Question(rule, rule.replace("<path:name>", name).replace("<name>", name), parameters)
