"""The venue's state, `broker.json` in memory, and how two of them add up."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from infra.local.broker.activity_log import Activity, by_creation
from infra.local.broker.adjustment import Split
from infra.local.broker.order_book import OrderBook
from infra.local.broker.rows import bare_symbol
from infra.local.broker.series import BarShelf
from infra.local.exact_json import JsonObject
from infra.local.fixture_values import FixtureError

# The part of broker.json, and the field that tells its rows apart.
_KEYS = {
    "orders": "id",
    "activities": "id",
    "positions": "symbol",
    "calendar": "date",
    "option_contracts": "symbol",
    "splits": "id",
}
HISTORY_COLUMNS = ("timestamp", "equity", "profit_loss", "profit_loss_pct")
_OBJECTS = ("account", "portfolio_history", "option_snapshots")


@dataclass(frozen=True)
class Ledger:
    """Everything one account and its market show; never changed, only replaced."""

    account: JsonObject | None
    portfolio_history: JsonObject | None
    orders: OrderBook
    activities: tuple[Activity, ...]
    positions: Mapping[str, JsonObject]
    option_snapshots: Mapping[str, JsonObject | None]
    option_contracts: Mapping[str, JsonObject]
    calendar: Mapping[date, JsonObject]
    splits: Sequence[Split]
    bars: BarShelf

    def counts(self) -> dict[str, int]:
        """How much there is of everything, for whoever seeded it to compare."""
        sizes = {name: len(getattr(self, name)) for name in (*_KEYS, "option_snapshots")}
        return {"accounts": int(self.account is not None), **sizes, "bar_symbols": len(self.bars.symbols())}


def open_ledger(broker: JsonObject, bars: BarShelf) -> Ledger:
    """Index a checked `broker.json`.

    Raises:
        FixtureError: A row holds a time or a date that is none.
    """
    return Ledger(
        account=broker.get("account"),
        portfolio_history=broker.get("portfolio_history"),
        orders=OrderBook(broker.get("orders", [])),
        activities=by_creation(broker.get("activities", [])),
        positions={bare_symbol(row["symbol"]): row for row in broker.get("positions", [])},
        option_snapshots=broker.get("option_snapshots", {}),
        option_contracts={row["symbol"]: row for row in broker.get("option_contracts", [])},
        calendar={_date_of(row): row for row in broker.get("calendar", [])},
        splits=[Split.read(row) for row in broker.get("splits", [])],
        bars=bars,
    )


def checked(broker: JsonObject) -> JsonObject:
    """The content of a `broker.json`, when its parts have the right shape and every row its key.

    A part that is null counts as absent. Option snapshots may come by symbol or in the envelope that the venue
    answers with.

    Raises:
        FixtureError: Names the part, the row and the field.
    """
    parts = {name: part for name, part in broker.items() if part is not None}
    for name, part in parts.items():
        if name in _KEYS:
            _check_rows(name, part)
        elif name not in _OBJECTS:
            raise FixtureError(f"broker.json: {name} is not one of {', '.join(sorted({*_KEYS, *_OBJECTS}))}")
        elif not isinstance(part, dict):
            raise FixtureError(f"broker.json: {name}: expected an object")
    if "portfolio_history" in parts:
        _check_history(parts["portfolio_history"])
    snapshots = parts.get("option_snapshots", {})
    return parts | {"option_snapshots": snapshots.get("snapshots", snapshots)}


def merged(earlier: JsonObject, later: JsonObject) -> JsonObject:
    """Both together, each checked: the later one's rows replace those with the same key, as do account and history."""
    lists = {name: _merge_rows(name, [*earlier.get(name, []), *later.get(name, [])]) for name in _KEYS}
    snapshots = earlier.get("option_snapshots", {}) | later.get("option_snapshots", {})
    return earlier | later | lists | {"option_snapshots": snapshots}


def _check_rows(name: str, rows: Any) -> None:
    if not isinstance(rows, list):
        raise FixtureError(f"broker.json: {name}: expected a list")
    for index, row in enumerate(rows):
        where = f"{name}[{index}]"
        _require_key(where, row, _KEYS[name])
        for number, leg in enumerate(row.get("legs") or []):
            _require_key(f"{where}.legs[{number}]", leg, _KEYS[name])


def _check_history(history: JsonObject) -> None:
    points = history.get("timestamp")
    columns = [history.get("equity"), *(history[name] for name in HISTORY_COLUMNS if name in history)]
    if not isinstance(points, list) or any(not isinstance(each, list) or len(each) != len(points) for each in columns):
        raise FixtureError(f"broker.json: portfolio_history: {', '.join(HISTORY_COLUMNS)} must be lists of one length")


def _require_key(where: str, row: Any, key: str) -> None:
    if not isinstance(row, dict) or not isinstance(row.get(key), str):
        raise FixtureError(f"broker.json: {where}: field {key} is missing or not text")


def _merge_rows(name: str, rows: list[JsonObject]) -> list[JsonObject]:
    if name == "orders":
        return OrderBook(rows).rows()
    key = _KEYS[name]
    fold: Callable[[str], str] = bare_symbol if name == "positions" else str
    return list({fold(row[key]): row for row in rows}.values())


def _date_of(row: JsonObject) -> date:
    try:
        return date.fromisoformat(row["date"])
    except ValueError as error:
        raise FixtureError(f"broker.json: calendar: field date: {error}") from error
