"""How calls to Google's services are retried: by kind of error, with jitter, for a bounded time.

The clients' own defaults retry for minutes and, for Firestore queries, break mid-stream; they are switched off.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import requests.exceptions
from google.api_core import exceptions
from google.api_core.retry import Retry, if_exception_type

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
    exceptions.RetryError,
    requests.exceptions.ConnectionError,
    requests.exceptions.Timeout,
    requests.exceptions.ChunkedEncodingError,
)
"""Errors after which the same idempotent call may be sent again."""


is_transient = if_exception_type(*TRANSIENT)

ONCE = Retry(predicate=if_exception_type())
"""For clients that insist on a retry policy: send the call once."""


def retrying(seconds: float) -> Retry:
    """Build the policy: exponential backoff with jitter from 0.2 s to 5 s, giving up after `seconds`."""
    return retrying_if(is_transient, seconds)


def retrying_if(transient: Callable[[Exception], bool], seconds: float) -> Retry:
    """Build the same policy for other errors."""
    return Retry(predicate=transient, initial=0.2, maximum=5.0, multiplier=2.0, timeout=seconds)


def persistently(seconds: float, call: Callable[[], T], transient: Callable[[Exception], bool] = is_transient) -> T:
    """Make an idempotent call until it succeeds, fails for good, or `seconds` have passed; then its error is raised."""
    wrapped: Callable[[], Any] = retrying_if(transient, seconds)(call)
    try:
        result: T = wrapped()
    except exceptions.RetryError as error:
        raise error.cause or error from None
    return result
