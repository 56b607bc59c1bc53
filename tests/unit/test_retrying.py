"""What may be sent again: what the service could not do now, never what it refuses."""

import pytest
import requests.exceptions
from google.api_core import exceptions

from shared.retrying import is_transient


@pytest.mark.parametrize(
    "error",
    [
        exceptions.ServiceUnavailable("busy"),
        exceptions.TooManyRequests("slow down"),
        exceptions.Forbidden("rate", errors=[{"reason": "rateLimitExceeded"}]),
        exceptions.BadRequest("Could not serialize access to table t due to concurrent update"),
        requests.exceptions.ConnectionError(),
        requests.exceptions.JSONDecodeError("Expecting value", "<html>", 0),
        TimeoutError(),
    ],
)
def test_what_may_succeed_later_is_sent_again(error: Exception) -> None:
    assert is_transient(error)


@pytest.mark.parametrize(
    "error",
    [
        exceptions.BadRequest("Syntax error: Unexpected keyword FROM"),
        exceptions.Forbidden("Access Denied", errors=[{"reason": "accessDenied"}]),
        exceptions.NotFound("no such table"),
        exceptions.FailedPrecondition("stale"),
        ValueError("not a call at all"),
    ],
)
def test_a_refusal_is_final(error: Exception) -> None:
    assert not is_transient(error)
