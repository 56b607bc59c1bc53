"""One call to the broker: its pace, its deadline, its retries, and what went wrong.

alpaca-py has no timeout, retries only 429 and 504 after fixed waits, takes a redirect for an empty answer, and its
models refuse legal answers; its raw JSON is read instead. Numbers of the trading host are strings and stay exact.
"""

import random
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, TypeVar

import requests

from shared.broker_retries import Failure, GiveUp, Limits, RetryBudget, asked_for, decided
from shared.http_answers import Punctual, TooLargeError, read_whole
from shared.interrupt import heed
from shared.pacing import REAL, Clock, Pace
from shared.settings import Settings

if TYPE_CHECKING:
    from alpaca.common.rest import RESTClient

K = TypeVar("K")

_LONGEST_MESSAGE = 200
_DONE = (HTTPStatus.OK, "an empty answer")
"""No answer to a question, and all there is to say of something deleted."""


class BrokerError(Exception):
    """The broker refused a call or stayed unreachable. Names the endpoint and the status, never a key."""

    def __init__(self, endpoint: str, status: int | None, detail: str) -> None:
        """Describe the failure of `endpoint`; no status means that no answer came."""
        super().__init__(f"broker {endpoint}: {status or 'no answer'} {detail}".rstrip())
        self.status = status


class Caller:
    """Sends the calls of one run, one at a time."""

    def __init__(
        self,
        settings: Settings,
        pace: Pace | None = None,
        clock: Clock = REAL,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Send within the limits of `settings`, at a pace that other callers may share."""
        self._settings = settings
        self._limits = Limits(settings.broker_attempts, settings.retry_seconds)
        self._pace = pace or Pace(settings.broker_calls_per_minute, clock)
        self._clock = clock
        self._draw = draw
        self._budget = RetryBudget()
        self.calls = 0
        """Requests sent so far, repeated ones too."""

    def get(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> dict[str, Any]:
        """Ask until there is an object.

        Raises:
            BrokerError: The broker refused, stayed unreachable, or answered with something else.
        """
        return self._answer(client, path, query, dict)

    def rows(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Ask until there is a list of objects.

        Raises:
            BrokerError: As `get`.
        """
        rows = self._answer(client, path, query, list)
        if not all(isinstance(row, dict) for row in rows):
            raise BrokerError(path, HTTPStatus.OK, "answers with a list of something else than objects")
        return rows

    def pages(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
        """Follow `next_page_token` to the last page.

        Raises:
            BrokerError: As `get`, or a page token came twice or is none.
        """
        seen: set[str] = set()
        token: Any = None
        while True:
            page = self.get(client, path, {**query, **({"page_token": token} if token else {})})
            yield page
            if not (token := page.get("next_page_token")):
                return
            if not isinstance(token, str) or token in seen:
                raise BrokerError(path, HTTPStatus.OK, "repeats its page token, or sends one that is none")
            seen.add(token)

    def post(self, client: "RESTClient", path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        """Send something, once: whether it may be sent again is for the caller to know.

        Raises:
            BrokerError: The broker refused or did not answer; then nobody knows whether it did what was asked.
        """
        answer = self._sent(lambda: client.post(path, dict(body)))
        if not isinstance(answer, dict):
            raise _told(path, answer)
        return answer

    def delete(self, client: "RESTClient", path: str) -> None:
        """Have something deleted, once.

        Raises:
            BrokerError: As `post`.
        """
        answer = self._sent(lambda: client.delete(path))
        # Done is said by an empty answer.
        if isinstance(answer, Failure) and (answer.status, answer.detail) != _DONE:
            raise _told(path, answer)

    def prepared(self, client: Any) -> "RESTClient":
        """Give a client limits, and take refusals from it before its own retries see them; it offers neither.

        A call ends CALL_TIMEOUT_S after it began to connect, at the latest, whether or not all of its answer is there;
        an answer that is too large is no answer.
        """
        adapter = Punctual(self._settings.call_timeout_s)
        client._session.mount("https://", adapter)  # noqa: SLF001 - see above
        client._session.mount("http://", adapter)  # noqa: SLF001 - see above
        client._session.hooks["response"].append(_receive)  # noqa: SLF001 - see above
        ready: RESTClient = client
        return ready

    def _answer(self, client: "RESTClient", path: str, query: Mapping[str, Any], kind: type[K]) -> K:
        answer = self._persistently(client, path, query)
        if not isinstance(answer, kind):
            found, wanted = type(answer).__name__, kind.__name__
            raise BrokerError(path, HTTPStatus.OK, f"answers with a {found} instead of a {wanted}")
        return answer

    def _persistently(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Any:
        self._budget.earn()
        attempt, waited = 1, 0.0
        while isinstance(answer := self._once(client, path, query), Failure):
            affordable = self._budget.affords_one
            step = decided(answer, attempt, waited, self._limits, affordable=affordable, draw=self._draw())
            if isinstance(step, GiveUp):
                raise BrokerError(path, answer.status, "; ".join(filter(None, (answer.detail, step.why))))
            self._budget.spend()
            self._clock.sleep(step.asked_s + step.own_s)
            attempt, waited = attempt + 1, waited + step.own_s
        return answer

    def _once(self, client: "RESTClient", path: str, query: Mapping[str, Any]) -> Any:
        return self._sent(lambda: client.get(path, dict(query)))

    def _sent(self, ask: Callable[[], Any]) -> Any:
        """Ask once; a Failure where no answer came."""
        self._pace.wait()
        heed()
        self.calls += 1
        try:
            answer = ask()
        except _RefusedError as refusal:
            return self._failure(refusal.response)
        except TooLargeError as error:
            return Failure(HTTPStatus.OK, str(error))
        except requests.exceptions.JSONDecodeError:
            return Failure(HTTPStatus.OK, "an unreadable answer")
        except requests.RequestException as error:
            return Failure(None, type(error).__name__)
        except (ValueError, RecursionError):
            return Failure(HTTPStatus.OK, "an unreadable answer")
        return Failure(*_DONE) if answer is None else answer

    def _failure(self, response: requests.Response) -> Failure:
        # The broker may quote a key; cut afterwards, or half of one would stay.
        detail = self._settings.redacted(_message(response))[:_LONGEST_MESSAGE]
        asked = asked_for(response.status_code, response.headers, self._clock.epoch())
        return Failure(response.status_code, detail, asked)


def _told(path: str, answer: Any) -> BrokerError:
    if isinstance(answer, Failure):
        return BrokerError(path, answer.status, answer.detail)
    return BrokerError(path, HTTPStatus.OK, f"answers with a {type(answer).__name__} instead of an object")


class _RefusedError(Exception):
    """An answer that is none, with its status and headers, which alpaca-py keeps to itself."""

    def __init__(self, response: requests.Response) -> None:
        super().__init__(response.status_code)
        self.response = response


def _receive(response: requests.Response, **_: Any) -> None:
    if response.status_code >= HTTPStatus.MULTIPLE_CHOICES:
        raise _RefusedError(response)
    read_whole(response)


def _message(response: requests.Response) -> str:
    """Take the broker's own words where its body is JSON, else what HTTP calls the status; never the whole body."""
    try:
        read_whole(response)
        return str(response.json()["message"])
    except (requests.RequestException, TooLargeError, ValueError, KeyError, TypeError, RecursionError):
        return response.reason or ""
