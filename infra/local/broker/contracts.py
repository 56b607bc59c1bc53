"""Option contracts.

The venue knows the contracts that the fixture lists, and every other one that its orders, positions, snapshots or bars
name; those are standard contracts of 100 shares.
"""

from collections.abc import Iterator
from datetime import date
from uuid import NAMESPACE_URL, uuid5

from infra.local.broker.call import Call
from infra.local.broker.errors import not_found
from infra.local.broker.ledger import Ledger
from infra.local.broker.option_symbols import OptionSymbol, matches
from infra.local.broker.timeframe import NEW_YORK
from infra.local.exact_json import JsonObject

_DEFAULT_LIMIT = 100
_HIGHEST_LIMIT = 10_000
_STANDARD_SIZE = "100"


def contract(call: Call) -> JsonObject:
    """GET /v2/options/contracts/{symbol or id}; expired ones too."""
    for row, _ in _contracts(call):
        if call.name in (row["symbol"], row["id"]):
            return row
    raise not_found(f"contract not found for {call.name}")


def contracts(call: Call) -> JsonObject:
    """GET /v2/options/contracts: active ones unless `status` says otherwise, by symbol; `page_token` is the last."""
    query = call.query
    underlyings = query.words("underlying_symbols")
    status = query.choice("status", ("active", "inactive"), "active")
    limit = query.count("limit", _DEFAULT_LIMIT, _HIGHEST_LIMIT)
    rows = [
        row
        for row, option in _contracts(call)
        if row["status"] == status
        and (not underlyings or row["underlying_symbol"] in underlyings)
        and matches(option, query)
        and row["symbol"] > (query.text("page_token") or "")
    ]
    token = rows[limit - 1]["symbol"] if len(rows) > limit else None
    return {"option_contracts": rows[:limit], "next_page_token": token}


def _contracts(call: Call) -> Iterator[tuple[JsonObject, OptionSymbol]]:
    today = call.now.astimezone(NEW_YORK).date()
    for symbol in sorted(_symbols(call.ledger)):
        option = OptionSymbol.parse(symbol)
        if option is not None:
            yield call.ledger.option_contracts.get(symbol) or _standard(option, today), option


def _symbols(ledger: Ledger) -> set[str]:
    traded = (row.get("symbol") or "" for row in ledger.orders.timeline(nested=False))
    return {*ledger.option_contracts, *ledger.option_snapshots, *ledger.positions, *ledger.bars.symbols(), *traded}


def _standard(option: OptionSymbol, today: date) -> JsonObject:
    is_active = option.expires >= today
    return {
        "id": str(uuid5(NAMESPACE_URL, option.symbol)),
        "symbol": option.symbol,
        "name": f"{option.underlying} {option.expires:%b %d %Y} {option.strike:f} {option.kind.title()}",
        "status": "active" if is_active else "inactive",
        "tradable": is_active,
        "expiration_date": option.expires.isoformat(),
        "root_symbol": option.root,
        "underlying_symbol": option.underlying,
        "underlying_asset_id": str(uuid5(NAMESPACE_URL, option.underlying)),
        "type": option.kind,
        "style": "american",
        "strike_price": format(option.strike, "f"),
        "multiplier": _STANDARD_SIZE,
        "size": _STANDARD_SIZE,
        "ppind": True,
    }
