"""Hypothesis strategies for documents that Firestore takes, in the types of the stock client that writes them."""

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from google.api_core.datetime_helpers import DatetimeWithNanoseconds
from google.cloud import firestore
from hypothesis import strategies as st

Fields = Mapping[str, Any]

_TEXT = st.characters(exclude_categories=["Cs"])
_YEAR_1, _YEAR_9999 = datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC)
_LEVELS = 3
_ARRAY_AT = 10
_EDGES: tuple[Any, ...] = (
    *(None, True, False, 0, 1, -1, 2**53 + 1, 2**63 - 1, -(2**63)),
    *(0.0, -0.0, 1.0, 5e-324, -sys.float_info.min / 2, sys.float_info.max, float("inf"), float("-inf"), float("nan")),
    *("", " ", "\x00", "\x1f\x7f\x85\u2028\ufeff", "\ufffe\uffff\U0010ffff", "e\u0301 é", "`a.b`", "\\", '"'),
    *(b"", b"\x00\xff", {}, _YEAR_1, _YEAR_9999, datetime(1969, 12, 31, 23, 59, 59, 999_999, UTC)),
)
_NAMES = (
    *("a.b", "`", "``", "a`b.c", "\\", "\\`", " ", "\x00", ".", "..", "*", "~/[]", "0", "_", "é", "\U0001f600"),
    "$ref",
)


def _finer(seconds: int, nanosecond: int) -> DatetimeWithNanoseconds:
    """Make a time that says more than a stored one can."""
    at = datetime.fromtimestamp(seconds, UTC)
    return DatetimeWithNanoseconds(*at.timetuple()[:6], nanosecond=nanosecond, tzinfo=UTC)


# The stock client rounds the nanoseconds of a time before 1970 towards it, and writes another time.
_FINER = st.builds(_finer, st.integers(0, 2**32), st.integers(1, 999_999_999))


def _is_reserved(name: str) -> bool:
    """Tell whether Firestore keeps a name to itself, of a document as of a field: __x__."""
    return name.startswith("__") and name.endswith("__")


_SOME = st.text(_TEXT, min_size=1, max_size=6).filter(lambda name: not _is_reserved(name))
names = st.sampled_from(_NAMES) | _SOME
ids = st.sampled_from(["0", "\x01", "a b", "%2F", "x" * 1500]) | _SOME.filter(
    lambda name: "/" not in name and name not in {".", ".."}
)


def _scalars(client: firestore.Client) -> st.SearchStrategy[Any]:
    return (
        st.sampled_from(_EDGES)
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats()
        | st.text(_TEXT, max_size=12)
        | st.binary(max_size=12)
        | st.datetimes(timezones=st.just(UTC))
        | _FINER
        | st.builds(firestore.GeoPoint, st.floats(-90, 90), st.floats(-180, 180))
        | st.lists(ids, min_size=2, max_size=2).map(lambda parts: client.document(*parts))
    )


def documents(client: firestore.Client) -> st.SearchStrategy[dict[str, Fields]]:
    """Draw collections, id → fields; an array holds no arrays, as Firestore demands."""
    scalars = values = _scalars(client)
    for _ in range(_LEVELS):
        maps = st.dictionaries(names, values, max_size=2)
        values = scalars | maps | st.lists(scalars | maps, max_size=3)
    return st.dictionaries(ids, st.dictionaries(names, values, max_size=4), min_size=1, max_size=8)


def every_edge() -> dict[str, Fields]:
    """Make certain of what examples may miss: each extreme value, by itself and in an array, and each odd name."""
    return {
        "values": {f"f{number}": value for number, value in enumerate(_EDGES)},
        "array": {"all": list(_EDGES)},
        "names": {name: {name: name} for name in _NAMES},
        "finer": {"at": [_finer(0, 999), _finer(2**32, 999_999_999)]},
    }


def as_deep_as_it_goes() -> Fields:
    """Nest nineteen maps and an array among them: Firestore stores no more than twenty levels."""
    value: Any = -0.0
    for level in range(19):
        value = {"a": [value, None]} if level == _ARRAY_AT else {"m": value}
    return {"deep": value}
