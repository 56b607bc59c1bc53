"""Market data from a tape: the broker's client is the real one, only its network adapter plays recorded bars."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, urlsplit

import requests
from requests.adapters import BaseAdapter

from shared.bars import Bar
from shared.broker import Broker
from shared.broker_calls import Caller
from shared.settings import Settings
from shared.values import rfc3339


class Tape(Broker):
    """A broker that knows some symbols and their bars, whatever their asset class."""

    def __init__(
        self,
        bars: Mapping[str, Sequence[Bar]],
        settings: Settings,
        adjusted: Mapping[str, Sequence[Bar]] | None = None,
    ) -> None:
        """Play `bars`, or others adjusted for splits; another symbol is refused whole, as Alpaca refuses it."""
        super().__init__(settings, CallerOver(_Player(bars, adjusted or bars), settings))


class CallerOver(Caller):
    """A caller over a network of the test's own."""

    def __init__(self, network: BaseAdapter, settings: Settings) -> None:
        super().__init__(settings)
        self._network = network

    def prepared(self, client: Any) -> Any:
        ready = super().prepared(client)
        ready._session.mount("https://", self._network)  # noqa: SLF001 - the one seam below the client
        return ready


class _Player(BaseAdapter):
    """Answers bar requests: both ends of the span are inclusive on a bar's opening time."""

    def __init__(self, bars: Mapping[str, Sequence[Bar]], adjusted: Mapping[str, Sequence[Bar]]) -> None:
        super().__init__()
        self._bars = bars
        self._adjusted = adjusted

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        query = {name: values[0] for name, values in parse_qs(urlsplit(request.url or "").query).items()}
        symbols = query["symbols"].split(",")
        played = self._adjusted if query.get("adjustment") == "split" else self._bars
        if unknown := [symbol for symbol in symbols if symbol not in played]:
            return _response(request, 400, {"message": f"invalid symbol: {unknown[0]} does not match ^[A-Z]+/[A-Z]+$"})
        start, end = (datetime.fromisoformat(query[name]) for name in ("start", "end"))
        found = {symbol: [_wire(bar) for bar in played[symbol] if start <= bar.t <= end] for symbol in symbols}
        held = {symbol: bars for symbol, bars in found.items() if bars}
        return _response(request, 200, {"bars": held, "next_page_token": None})

    def close(self) -> None:
        """Hold nothing."""


def _wire(bar: Bar) -> dict[str, Any]:
    prices = {name: str(price) for name, price in zip("ohlc", bar[1:], strict=True)}
    return {"t": rfc3339(bar.t), **prices}


def _response(request: requests.PreparedRequest, status: int, body: Mapping[str, Any]) -> requests.Response:
    response = requests.Response()
    response.request, response.url, response.status_code = request, request.url or "", status
    response.raw = BytesIO(json.dumps(body).encode())
    return response


def bar(t: datetime, *prices: str | int | Decimal) -> Bar:
    """A bar of one price, or of open, high, low and close."""
    opened, high, low, close = (Decimal(price) for price in (prices if len(prices) > 1 else prices * 4))
    return Bar(t, opened, high, low, close)


def hourly(start: datetime, *shapes: Sequence[str | int | Decimal]) -> list[Bar]:
    """Consecutive hourly bars."""
    return [bar(start + timedelta(hours=number), *shape) for number, shape in enumerate(shapes)]


def flat(start: datetime, hours: int, price: str | int = 100) -> Iterator[Bar]:
    """Hourly bars that never move."""
    return (bar(start + timedelta(hours=number), price) for number in range(hours))
