"""The broker's error answers, body for body.

The trading host sends `code` and `message`, the data host only `message`.
"""

from collections.abc import Mapping
from http import HTTPStatus

from infra.local.exact_json import JsonObject

# Where the host's words are not the name of the status.
_WORDS = {
    401: "request is not authorized",
    403: "forbidden.",
    429: "rate limit exceeded",
    500: "internal server error occurred",
}
_UNPROCESSABLE = 40010001


class ApiError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('message')}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def unauthorized() -> ApiError:
    """The trading host without keys."""
    return ApiError(401, failure(HTTPStatus.UNAUTHORIZED, is_trading=True))


def forbidden(message: str = "forbidden.") -> ApiError:
    """The data host without keys, or without the subscription for what was asked."""
    return ApiError(403, {"message": message})


def unprocessable(message: str) -> ApiError:
    """The trading host on a parameter it does not understand."""
    return ApiError(422, {"code": _UNPROCESSABLE, "message": message})


def bad_request(message: str) -> ApiError:
    """The data host on a parameter it does not understand."""
    return ApiError(400, {"message": message})


def not_found(message: str) -> ApiError:
    """The trading host on an id or a path that it does not know."""
    return ApiError(404, {"code": 40410000, "message": message})


def method_not_allowed() -> ApiError:
    """A known path with a verb that it does not take."""
    return ApiError(405, failure(HTTPStatus.METHOD_NOT_ALLOWED, is_trading=True))


def rate_limited(headers: Mapping[str, str]) -> ApiError:
    """Too many requests in the minute; the headers say when the next one begins."""
    return ApiError(429, failure(HTTPStatus.TOO_MANY_REQUESTS, is_trading=True), headers)


def failure(status: HTTPStatus, *, is_trading: bool) -> JsonObject:
    """What a host says about any status; the trading host's codes are the status and a number, usually 10000."""
    message = {"message": _WORDS.get(status, status.phrase.lower())}
    if not is_trading:
        return message
    return {
        "code": _UNPROCESSABLE if status == HTTPStatus.UNPROCESSABLE_ENTITY else status * 100_000 + 10_000,
        **message,
    }
