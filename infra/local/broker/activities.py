"""Account activities, paged by the id of the last row seen."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from itertools import islice

from infra.local.broker.activity_log import Activity
from infra.local.broker.call import Call
from infra.local.broker.errors import unprocessable
from infra.local.broker.query import Query
from infra.local.exact_json import JsonObject

_TRADE = "FILL"
_CASH = frozenset({"CSD", "CSW"})
# What may be asked for. Fee sub types (REG, TAF, CAT, ORF, OCC) are not types, and CORR, SEG, SSO, SSP and DTCS are
# only ever answered.
_TYPE_NAMES = """
    FILL ACATC ACATS CFEE CGD CIL CSD CSW DIV DIVCGL DIVCGS DIVFEE DIVFT DIVNRA DIVROC DIVTW DIVTXEX DIVWH EXTRD FEE
    FOPT FXTRD INT INTNRA INTPNL INTTW JNL JNLC JNLS MA MEM NC OCT OPASN OPCA OPCSH OPEXC OPEXP OPTRD OPXRC PTC PTR
    REORG SPIN SPLIT SWP VOF WH
"""
_TYPES = frozenset(_TYPE_NAMES.split())
_GROUPS: dict[str, Callable[[str], bool]] = {
    "TRD": lambda kind: kind == _TRADE,
    "TRANS": lambda kind: kind in _CASH,
    "MISC": lambda kind: kind != _TRADE and kind not in _CASH and not kind.startswith("DIV"),
}
_CATEGORIES: dict[str, Callable[[str], bool]] = {
    "trade_activity": lambda kind: kind == _TRADE,
    "non_trade_activity": lambda kind: kind != _TRADE,
}
_PAGE = 100


def activities(call: Call) -> list[JsonObject]:
    """GET /v2/account/activities: every type, or those of `activity_types` or of a `category`."""
    types, category = call.query.words("activity_types"), call.query.text("category")
    if types and category:
        raise unprocessable("activity_types and category exclude each other")
    if category and category not in _CATEGORIES:
        raise unprocessable(f"invalid category: {category}")
    return _page(call, [_CATEGORIES[category]] if category else [_type_test(name) for name in types])


def activities_of_type(call: Call) -> list[JsonObject]:
    """GET /v2/account/activities/{type}."""
    return _page(call, [_type_test(call.name)])


def _type_test(name: str) -> Callable[[str], bool]:
    if name in _GROUPS:
        return _GROUPS[name]
    if name not in _TYPES:
        raise unprocessable(f"invalid activity type: {name}")
    return lambda kind: kind == name


def _page(call: Call, type_tests: Sequence[Callable[[str], bool]]) -> list[JsonObject]:
    query, rows = call.query, list(call.ledger.activities)
    if query.choice("direction", ("asc", "desc"), "desc") == "desc":
        rows.reverse()
    in_window = _window(query)
    size = query.count("page_size", _PAGE, _PAGE)
    matching = (
        activity.row
        for activity in rows[_resume_at(query, rows) :]
        if in_window(activity.created) and (not type_tests or any(test(activity.type) for test in type_tests))
    )
    return list(islice(matching, size))


def _window(query: Query) -> Callable[[datetime], bool]:
    """Which creation times are wanted: those of the day `date` in UTC, or between `after` and `until`, exclusive."""
    day, after, until = query.day("date"), query.instant("after"), query.instant("until")
    if day is not None and (after or until):
        raise unprocessable("date cannot be given with after or until")
    if day is not None:
        return lambda created: created.astimezone(UTC).date() == day
    return lambda created: (after is None or created > after) and (until is None or created < until)


def _resume_at(query: Query, rows: Sequence[Activity]) -> int:
    token = query.text("page_token")
    if token is None:
        return 0
    for index, activity in enumerate(rows):
        if activity.id == token:
            return index + 1
    raise unprocessable(f"invalid page_token: {token}")
