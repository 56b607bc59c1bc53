"""Hypothesis strategies for whatever a Firestore document or a broker's JSON can hold, and worse."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from shared.values import GeoPoint, Reference

_OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
_NASTY = st.sampled_from(
    [
        *(
            "",
            " ",
            "nan",
            "-Infinity",
            "1e999",
            "-0",
            "1_000",
            "0x10",
            " 1",
            "1\n",
            "\u0661",
            "1e-999",
            "9" * 60,
            "\x00",
        ),
        *(
            "2026-03-02",
            "2026-03-02T10:00:00",
            "2026-03-02T10:00:60Z",
            "9999-12-31T23:59:59-23:59",
            "0001-01-01T00:00:00Z",
        ),
        *("LONG", "buy", "CLOSED", "EXPIRED", "CRYPTO", "EQUITY", "OPTION", "BTC/USD", "AAPL", "p-1"),
        *(2**70, 10**400, -(2**63), 1e308, 1e-308, 1e-9, 4e-10, 0, -0.0, True),
    ]
)

moments = st.datetimes(timezones=_OFFSETS) | st.datetimes()
"""Aware and naive times, all the way to both ends of the calendar."""

json_scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | _NASTY
texts = st.text(st.characters(exclude_categories=()), max_size=12)
"""Text with lone surrogates and control characters."""

firestore_scalars = (
    json_scalars
    | st.binary(max_size=12)
    | moments
    | st.builds(Reference, st.text(min_size=1, max_size=12))
    | st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180))
)


def nested(scalars: st.SearchStrategy[Any], names: st.SearchStrategy[str]) -> st.SearchStrategy[Any]:
    """Scalars, and lists and maps of them."""
    return st.recursive(
        scalars,
        lambda inner: st.lists(inner, max_size=2) | st.dictionaries(names, inner, max_size=2),
        max_leaves=4,
    )


values = nested(firestore_scalars | texts, texts)
"""Any value at all."""

stored_values = nested(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.floats()
    | st.text(max_size=12)
    | st.binary(max_size=12)
    | st.datetimes(timezones=st.just(UTC))
    | st.builds(Reference, st.text(min_size=1, max_size=12))
    | st.builds(GeoPoint, st.floats(-90, 90), st.floats(-180, 180)),
    st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(["$ref", "$map", "$double"]),
)
"""Any value that Firestore can hold, as the reader decodes it; maps may look like our tags."""

_SCALES = (("0.000000001", 1e-9, 4e-9), ("0.1", 3, 12345.678901234), (2**63, 1e28, "9e28"))
_TIMES = st.datetimes(datetime(2000, 1, 1), datetime(2099, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - by contract
_MAPS = st.dictionaries(st.text(min_size=1, max_size=8), stored_values, max_size=2)


def odd_but_good(scale: int) -> Mapping[str, st.SearchStrategy[Any]]:
    """Kind of field → values that pass its rule; the numbers tiny, ordinary or huge."""
    positive = st.sampled_from(_SCALES[scale])
    return {
        "text": st.text(min_size=1, max_size=12),
        "optional text": st.none() | st.text(max_size=12),
        "positive": positive,
        "number": positive | st.sampled_from([0, -1, "-1e28", -0.0]),
        "fill": positive | st.sampled_from([0, None]),
        "whole": st.integers(-(2**63), 2**64),
        "time": _TIMES,
        "flag": st.booleans(),
        "map": _MAPS,
        "texts": st.lists(st.text(min_size=1, max_size=12), max_size=3),
    }


def broker_fills(scale: int) -> st.SearchStrategy[tuple[str | None, str | None]]:
    """Average price and quantity of an order as a broker might report them."""
    text = st.sampled_from([*(str(number) for number in _SCALES[scale]), "1e-10", "100", None, "nan"])
    return st.tuples(text, text)
