"""How two generations of the trading engine wrote the same thing: names, words, numbers and times."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from random import Random
from typing import Any

from infra.local import rfc3339
from infra.local.demo_data.sessions import EASTERN

Fields = dict[str, Any]

_LATER_NAMES: Mapping[str, str] = {
    "entry_fill_price": "filled_avg_price",
    "filled_at": "entry_time",
    "alpaca_order_id": "entry_order_id",
    "current_stop_loss": "current_stop",
    "take_profit_1": "tp1",
}
_LATER_SIDES: Mapping[str, str] = {"LONG": "buy", "SHORT": "sell"}
_TIMESTAMP_SHARE = 0.6

_NOTES = (
    "manual review done",
    "spread wider than usual",
    "entered late: feed hiccup",
    "size cut by risk → see thread",
)


def spell(chance: Random, fields: Fields, *, later: bool) -> Fields:
    """Write the fields as the earlier or the later generation did: the later one leaves empty fields out."""
    written = {name: _value(chance, value) for name, value in fields.items()}
    if not later:
        return written
    written["side"] = _LATER_SIDES[written["side"]]
    return {_LATER_NAMES.get(name, name): value for name, value in written.items() if value is not None}


def number(chance: Random, value: Decimal) -> int | float | str:
    """The number as an integer where it is one, as a double, or as text."""
    text = f"{value.normalize():f}"
    forms: list[int | float | str] = [float(value), text]
    if value == value.to_integral_value():
        forms.append(int(value))
    return chance.choice(forms)


def moment(chance: Random, at: datetime) -> datetime | str:
    """The time as a timestamp, or as RFC 3339 text in UTC."""
    return at if chance.random() < _TIMESTAMP_SHARE else rfc3339.render(at)


def in_new_york(at: datetime) -> str:
    """The time as RFC 3339 text with the exchange's offset."""
    return at.astimezone(EASTERN).isoformat()


def unknown_fields(chance: Random) -> Fields:
    """Fields that no schema knows, in one document of four."""
    if chance.random() >= 0.25:  # noqa: PLR2004 - one of four
        return {}
    offered: Fields = {
        "engine_build": f"3.{chance.randint(0, 4)}.{chance.randint(0, 20)}",
        "latency_ms": chance.randint(12, 240),
        "notes": chance.choice(_NOTES),
        "tags": ["demo", chance.choice(("a", "b"))],
        "market_regime": {"trend": chance.choice(("up", "down", "flat")), "adx": round(chance.uniform(9, 45), 2)},
    }
    chosen = chance.sample(sorted(offered), chance.randint(1, 3))
    return {name: offered[name] for name in chosen}


def _value(chance: Random, value: Any) -> Any:
    match value:
        case Decimal():
            return number(chance, value)
        case datetime():
            return moment(chance, value)
        case list():
            return [_value(chance, each) for each in value]
        case dict():
            return {name: _value(chance, each) for name, each in value.items()}
        case _:
            return value
