"""How calls to Google's services are retried: by kind of error, with jitter, for a bounded time.

The clients' own defaults retry for minutes and, for Firestore queries, break mid-stream; they are switched off.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import requests.exceptions
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type

from shared.interrupt import heed

T = TypeVar("T")

TRANSIENT: tuple[type[Exception], ...] = (
    exceptions.Aborted,
    exceptions.DeadlineExceeded,
    exceptions.InternalServerError,
    exceptions.BadGateway,
    exceptions.GatewayTimeout,
    exceptions.ResourceExhausted,
    exceptions.ServiceUnavailable,
    exceptions.TooManyRequests,
    exceptions.Unknown,
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.JSONDecodeError,  # half an answer, or a proxy's page
    TimeoutError,
)
"""Errors after which the same idempotent call may be sent again."""

UNAVAILABLE: tuple[type[Exception], ...] = (
    exceptions.GoogleAPIError,
    requests.exceptions.RequestException,
    TimeoutError,
)
"""What Google's clients raise when a service refuses or cannot be reached."""

_CONFLICT = "due to concurrent update"
_RATE_REASONS = frozenset({"rateLimitExceeded", "quotaExceeded", "backendError", "jobRateLimitExceeded"})

ONCE = Retry(predicate=if_exception_type())
"""For clients that insist on a retry policy: send the call once."""


def is_transient(error: Exception) -> bool:
    """Tell whether the same idempotent call may be sent again.

    BigQuery says 403 for some rate limits, and 400 for an UPDATE that lost to another one of the same table.
    """
    if isinstance(error, exceptions.BadRequest):
        return _CONFLICT in str(error)
    if isinstance(error, exceptions.Forbidden):
        return any(detail.get("reason") in _RATE_REASONS for detail in error.errors if isinstance(detail, dict))
    return isinstance(error, TRANSIENT)


def documents_of(query: Any, seconds: float, timeout: float) -> list[Any]:
    """Read a small Firestore query whole; sent again from its start, for the client's own resuming is broken."""
    return persistently(seconds, lambda: query.get(retry=ONCE, timeout=timeout))


def persistently(seconds: float, call: Callable[[], T], transient: Callable[[Exception], bool] = is_transient) -> T:
    """Make an idempotent call until it succeeds, fails for good, or `seconds` have passed; then its error is raised.

    Waits grow from 0.2 s to 5 s, with jitter.
    """

    def attempt() -> T:
        heed()
        return call()

    policy = Retry(predicate=transient, initial=0.2, maximum=5.0, multiplier=2.0, timeout=seconds)
    wrapped: Callable[[], Any] = policy(attempt)
    try:
        result: T = wrapped()
    except exceptions.RetryError as error:
        raise error.cause or error from None
    return result
