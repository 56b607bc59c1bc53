"""Option snapshots: latest trade and quote, volatility and greeks.

A snapshot is served as the fixture has it, so a contract without greeks has no such key. A contract without a snapshot
is absent.
"""

from collections.abc import Iterable

from infra.local.broker.call import Call
from infra.local.broker.errors import bad_request
from infra.local.broker.option_symbols import OptionSymbol, matches
from infra.local.broker.page_token import seal, unseal
from infra.local.exact_json import JsonObject

_MOST_SYMBOLS = 100
_DEFAULT_LIMIT = 100
_HIGHEST_LIMIT = 1000


def snapshots(call: Call) -> JsonObject:
    """GET /v1beta1/options/snapshots for up to 100 symbols."""
    call.query.required("symbols")
    symbols = call.query.words("symbols")
    if len(symbols) > _MOST_SYMBOLS:
        raise bad_request(f"too many symbols: {len(symbols)}, at most {_MOST_SYMBOLS} are allowed")
    for symbol in symbols:
        if OptionSymbol.parse(symbol) is None:
            raise bad_request(f"invalid symbol: {symbol}")
    return _page(call, symbols)


def chain(call: Call) -> JsonObject:
    """GET /v1beta1/options/snapshots/{underlying}."""
    options = [option for symbol in call.ledger.option_snapshots if (option := OptionSymbol.parse(symbol))]
    return _page(
        call, [option.symbol for option in options if option.underlying == call.name and matches(option, call.query)]
    )


def _page(call: Call, symbols: Iterable[str]) -> JsonObject:
    known, token = call.ledger.option_snapshots, call.query.text("page_token")
    limit = call.query.count("limit", _DEFAULT_LIMIT, _HIGHEST_LIMIT)
    (last,) = unseal(token, 1) if token else ("",)
    wanted = sorted(symbol for symbol in set(symbols) if symbol in known and symbol > last)
    page = wanted[:limit]
    return {
        "snapshots": {symbol: known[symbol] for symbol in page},
        "next_page_token": seal(page[-1]) if len(wanted) > limit else None,
    }
