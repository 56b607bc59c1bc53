"""Where Alpaca's answers are known not to be as its documents say, and how that is known."""

from typing import NamedTuple

from tests.emulator.broker_standin.openapi import Departure

_ORDERS = ("/v2/orders", "/v2/orders/{order_id}", "/v2/orders:by_client_order_id")
_ACTIVITIES = ("/v2/account/activities", "/v2/account/activities/{activity_type}")


class Known(NamedTuple):
    """The same departure in some fields of some paths."""

    paths: tuple[str, ...]
    fields: tuple[str, ...]
    rule: str
    reason: str


_KNOWN = (
    Known(
        ("/v2/account",),
        (
            "admin_configurations",
            "user_configurations",
            "crypto_tier",
            "effective_buying_power",
            "position_market_value",
        ),
        "undocumented",
        "the document's own sample has them, its schema has not",
    ),
    Known(
        _ACTIVITIES,
        ("description",),
        "undocumented",
        "every fee row seen has one; for a fee of a day it is the only word on what the fee was taken from",
    ),
    Known(
        _ACTIVITIES,
        ("price",),
        "undocumented",
        "rows of coin fees carry the price that the coin is valued at",
    ),
    Known(_ACTIVITIES, ("date",), "format", "called a date and a time, and yet only ever a day: 2026-09-28"),
    Known(
        _ORDERS,
        ("source", "subtag", "legs[].source", "legs[].subtag"),
        "undocumented",
        "in all of the documents' samples of orders, always null",
    ),
    Known(
        _ORDERS,
        ("legs[].expires_at", "legs[].ratio_qty"),
        "undocumented",
        "known of orders only, but in the documents' sample of a multi-leg order they are on its legs",
    ),
    Known(_ORDERS, ("symbol",), "minLength", "a multi-leg order has no symbol of its own, and says so with no text"),
    Known(_ORDERS, ("asset_id",), "format", "the same of its asset"),
    Known(_ORDERS, ("asset_class", "side"), "enum", "the same of these two"),
    Known(_ORDERS, ("legs[].type",), "enum", "a leg of a multi-leg order has no type of its own, and says so likewise"),
)

KNOWN_DEPARTURES = frozenset(
    Departure(path, field, known.rule) for known in _KNOWN for path in known.paths for field in known.fields
)
