"""A broker that says what a test wants: the real client over a network that answers from a script."""

import json
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import requests
from requests.adapters import BaseAdapter

from shared.broker import Broker
from shared.settings import Settings
from tests.hostile.json_values import DEEP, deep
from tests.unit.tape import CallerOver

Script = Mapping[str, Any]
"""Path, or path and activity types, → the JSON that is answered."""


def scripted(script: Script, settings: Settings) -> Broker:
    """A broker that answers by a script, the same whatever else is asked; 404 to any other path."""
    return Broker(settings, CallerOver(_Script(script), settings))


def key_of(url: str) -> str:
    """What a request is about."""
    parts = urlsplit(url)
    kinds = parse_qs(parts.query).get("activity_types")
    return f"{unquote(parts.path)} {kinds[0]}" if kinds else unquote(parts.path)


class _Script(BaseAdapter):
    def __init__(self, script: Script) -> None:
        super().__init__()
        self._script = script

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        response = requests.Response()
        key = key_of(request.url or "")
        response.request, response.url = request, request.url or ""
        response.status_code = 200 if key in self._script else 404
        response.raw = BytesIO(_wire(self._script.get(key, {"message": "not found"})))
        return response

    def close(self) -> None:
        """Hold nothing."""


def _wire(body: Any) -> bytes:
    """JSON as a careless broker writes it: NaN, lone surrogates, and nesting without end."""
    return json.dumps(body).replace(f'"{DEEP}"', deep()).encode()
