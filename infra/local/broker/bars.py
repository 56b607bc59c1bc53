"""Bars of crypto pairs, stocks and options.

`start` and `end` both include bars that open on them, and the limit counts the rows of all symbols together, sorted by
symbol, then time. Symbols without bars are absent.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from infra.local import rfc3339
from infra.local.broker.adjustment import Split, adjusted, splits_asked_for
from infra.local.broker.call import Call
from infra.local.broker.errors import bad_request, forbidden
from infra.local.broker.option_symbols import FORM
from infra.local.broker.page_token import seal, unseal
from infra.local.broker.query import Query
from infra.local.broker.series import BarShelf, Candle
from infra.local.broker.timeframe import Timeframe
from infra.local.exact_json import JsonObject

_PAIR = re.compile(r"^[A-Z]+/[A-Z]+$")
_STOCK = re.compile(r"^[A-Z]+(\.[A-Z]+)?$")
_CRYPTO_VENUES = frozenset({"us", "us-1", "us-2", "eu-1", "bs-1"})
_DEFAULT_LIMIT = 1000
_HIGHEST_LIMIT = 10_000
_SIP_DELAY = timedelta(minutes=15)


@dataclass(frozen=True)
class _Request:
    """Which bars are wanted; `last` is the row that the previous page ended with."""

    symbols: list[str]
    timeframe: Timeframe
    start: datetime
    end: datetime
    limit: int
    newest_first: bool
    last: tuple[str, datetime] | None


def crypto_bars(call: Call) -> JsonObject:
    """GET /v1beta3/crypto/{venue}/bars; the pair has its slash."""
    if call.name not in _CRYPTO_VENUES:
        raise bad_request(f"invalid location: {call.name}")
    return _answer(call, _PAIR)


def stock_bars(call: Call) -> JsonObject:
    """GET /v2/stocks/bars, with the free plan's refusal of the consolidated feed's last quarter of an hour.

    The feed chooses nothing else: a fixture has one series per symbol. Prices are as traded or adjusted for splits.
    """
    end = call.query.instant("end") or call.now
    if call.query.text("feed") == "sip" and end > call.now - _SIP_DELAY:
        raise forbidden("subscription does not permit querying recent SIP data")
    return _answer(call, _STOCK, splits_asked_for(call.query, call.ledger.splits))


def option_bars(call: Call) -> JsonObject:
    """GET /v1beta1/options/bars."""
    return _answer(call, FORM)


def _answer(call: Call, form: re.Pattern[str], splits: Sequence[Split] = ()) -> JsonObject:
    wanted = _request(call.query, form, call.now)
    rows = list(islice(_rows(call.ledger.bars, wanted), wanted.limit + 1))
    page: dict[str, list[JsonObject]] = {}
    for symbol, candle in rows[: wanted.limit]:
        shown = adjusted(symbol, candle, splits)
        page.setdefault(symbol, []).append(shown._asdict() | {"t": rfc3339.render(candle.t)})
    return {"bars": page, "next_page_token": _token(rows[wanted.limit - 1]) if len(rows) > wanted.limit else None}


def _request(query: Query, form: re.Pattern[str], now: datetime) -> _Request:
    token = query.text("page_token")
    return _Request(
        symbols=_symbols(query, form),
        timeframe=_timeframe(query),
        start=query.instant("start") or now.replace(hour=0, minute=0, second=0, microsecond=0),
        end=query.instant("end") or now,
        limit=query.count("limit", _DEFAULT_LIMIT, _HIGHEST_LIMIT),
        newest_first=query.choice("sort", ("asc", "desc"), "asc") == "desc",
        last=_place(token) if token else None,
    )


def _symbols(query: Query, form: re.Pattern[str]) -> list[str]:
    query.required("symbols")
    symbols = query.words("symbols")
    for symbol in symbols:
        if not form.fullmatch(symbol):
            raise bad_request(f"invalid symbol: {symbol} does not match {form.pattern}")
    return sorted(set(symbols))


def _timeframe(query: Query) -> Timeframe:
    try:
        return Timeframe.parse(query.required("timeframe"))
    except ValueError as error:
        raise bad_request(str(error)) from error


def _rows(shelf: BarShelf, wanted: _Request) -> Iterator[tuple[str, Candle]]:
    """The rows of this page and all that follow."""
    for symbol in wanted.symbols:
        candles = shelf.series(symbol, wanted.timeframe).between(wanted.start, wanted.end)
        for candle in reversed(candles) if wanted.newest_first else candles:
            if wanted.last is None or _follows(symbol, candle.t, wanted.last, newest_first=wanted.newest_first):
                yield symbol, candle


def _follows(symbol: str, opening: datetime, last: tuple[str, datetime], *, newest_first: bool) -> bool:
    if symbol != last[0]:
        return symbol > last[0]
    return opening < last[1] if newest_first else opening > last[1]


def _token(row: tuple[str, Candle]) -> str:
    symbol, candle = row
    return seal(symbol, rfc3339.render(candle.t))


def _place(token: str) -> tuple[str, datetime]:
    symbol, opening = unseal(token, 2)
    try:
        return symbol, rfc3339.parse(opening)
    except ValueError as error:
        raise bad_request("invalid page_token") from error
