"""One call to the broker: deadline, retries, count.

alpaca-py has no timeout, retries only 429 and 504 after fixed waits, and its models refuse legal answers; its raw JSON
is read instead. Numbers of the trading host are strings and stay exact.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import requests
from requests.adapters import HTTPAdapter

from shared.retrying import persistently
from shared.settings import Settings

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

_RETRIED = frozenset({429, 500, 502, 503, 504})


class BrokerError(Exception):
    """The broker refused a call or stayed unreachable. Names the endpoint and the status, never a key."""

    def __init__(self, endpoint: str, status: int | None, detail: str, *, transient: bool = False) -> None:
        """Describe the failure of `endpoint`; a transient one may be sent again."""
        super().__init__(f"broker {endpoint}: {status or 'no answer'} {detail}".rstrip())
        self.status = status
        self.transient = transient or status in _RETRIED


class Caller:
    """Sends the calls of one run."""

    def __init__(self, settings: Settings) -> None:
        """Send with the deadlines of `settings`."""
        self._settings = settings
        self.calls = 0
        """Requests sent so far."""

    def get(self, client: "RESTClient", path: str, query: Mapping[str, Any], kind: type = dict) -> Any:
        """Ask until there is an answer of the right kind.

        Raises:
            BrokerError: The broker refused, stayed unreachable, or answered with something else.
        """
        answer = persistently(self._settings.retry_seconds, lambda: self._once(client, path, query), _transient)
        if not isinstance(answer, kind):
            raise BrokerError(path, None, f"answers with a {type(answer).__name__} instead of a {kind.__name__}")
        return answer

    def pages(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Follow `next_page_token` to the last page.

        Raises:
            BrokerError: As `get`, or a page token came twice.
        """
        seen: set[str] = set()
        token: str | None = None
        while True:
            page: dict[str, Any] = self.get(client, path, {**query, **({"page_token": token} if token else {})})
            yield page
            if not (token := page.get("next_page_token")):
                return
            if token in seen:
                raise BrokerError(path, None, "repeats its page token")
            seen.add(token)

    def _once(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Any:
        from alpaca.common.exceptions import APIError  # noqa: PLC0415 - alpaca-py takes a second to import

        self.calls += 1
        try:
            answer = client.get(path, dict(query))
        except APIError as error:
            raise BrokerError(path, error.status_code, _message(error)) from None
        except (requests.RequestException, ValueError) as error:
            raise BrokerError(path, None, type(error).__name__, transient=True) from None
        if answer is None:
            raise BrokerError(path, None, "an empty answer", transient=True)
        return answer

    def prepared(self, client: Any) -> "RESTClient":
        """Give a client deadlines and take its own retries away; its constructor offers neither."""
        adapter = _Deadline(self._settings.call_timeout_s)
        client._session.mount("https://", adapter)  # noqa: SLF001 - see above
        client._session.mount("http://", adapter)  # noqa: SLF001 - see above
        client._retry = 0  # noqa: SLF001 - see above
        ready: RESTClient = client
        return ready


class _Deadline(HTTPAdapter):
    """Puts a deadline on requests that have none."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self._seconds = seconds

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:  # type: ignore[override]  # passes every option through
        options["timeout"] = options.get("timeout") or (min(10.0, self._seconds), self._seconds)
        return super().send(request, **options)


def _transient(error: Exception) -> bool:
    return isinstance(error, BrokerError) and error.transient


def _message(error: Any) -> str:
    """Take the broker's own words where its body is JSON; never the whole body."""
    try:
        return str(error.message)[:200]
    except (ValueError, KeyError, TypeError):
        return ""
