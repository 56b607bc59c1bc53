"""The broker's error answers, body for body.

The trading host sends `code` and `message`, the data host only `message`.
"""

from collections.abc import Mapping

from infra.local.exact_json import JsonObject


class ApiError(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, body: JsonObject, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {body.get('message')}")
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


def unauthorized() -> ApiError:
    """The trading host without keys."""
    return ApiError(401, {"code": 40110000, "message": "request is not authorized"})


def forbidden(message: str = "forbidden.") -> ApiError:
    """The data host without keys, or without the subscription for what was asked."""
    return ApiError(403, {"message": message})


def unprocessable(message: str) -> ApiError:
    """The trading host on a parameter it does not understand."""
    return ApiError(422, {"code": 40010001, "message": message})


def bad_request(message: str) -> ApiError:
    """The data host on a parameter it does not understand."""
    return ApiError(400, {"message": message})


def not_found(message: str) -> ApiError:
    """The trading host on an id or a path that it does not know."""
    return ApiError(404, {"code": 40410000, "message": message})


def method_not_allowed() -> ApiError:
    """A known path with another verb: this venue is read only."""
    return ApiError(405, {"code": 40510000, "message": "method not allowed"})


def rate_limited(headers: Mapping[str, str]) -> ApiError:
    """Too many requests in the minute; the headers say when the next one begins."""
    return ApiError(429, {"code": 42910000, "message": "rate limit exceeded"}, headers)
