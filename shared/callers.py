"""Who may run jobs over HTTP: nobody, unless the settings say how callers are known.

With HTTP_AUTHENTICATION=token (the default) a request carries an ID token that Google signed: its signature, issuer,
audience and expiry are checked, and its e-mail address is one of HTTP_CALLERS. With `platform` the platform in front
has checked already: Cloud Run with `--no-allow-unauthenticated`, which takes the signature off the token before it
passes a request on, so that it cannot be checked a second time here.
"""

from collections.abc import Callable, Mapping
from typing import Any

from google.auth import jwt
from google.auth.exceptions import GoogleAuthError, TransportError
from google.auth.transport.requests import Request
from google.oauth2 import id_token

from shared.settings import Settings

ISSUERS = frozenset({"accounts.google.com", "https://accounts.google.com"})
"""How Google's tokens name their issuer (https://developers.google.com/identity/openid-connect/openid-connect)."""
PLATFORM = "platform"
UNKNOWN, FORBIDDEN = 401, 403
CLOCK_SKEW_S = 10
"""How far the issuer's clock may be off, seconds."""


class CallerRefusedError(Exception):
    """A request by somebody who is not known (401) or may not run jobs (403). The message is for the log."""

    def __init__(self, status: int, message: str) -> None:
        """Refuse with an HTTP status, for a reason that names no token."""
        super().__init__(message)
        self.status = status


def require_caller(header: str | None, settings: Settings) -> str:
    """Tell who sent a request with this Authorization header; an e-mail address, or `platform`.

    Raises:
        CallerRefusedError: Nobody who may.
        TransportError: Google's certificates could not be fetched.
    """
    if settings.http_authentication == PLATFORM:
        return PLATFORM
    if not settings.http_audience or not settings.http_callers:
        raise CallerRefusedError(FORBIDDEN, "set HTTP_AUDIENCE and HTTP_CALLERS, or HTTP_AUTHENTICATION=platform")
    kind, _, token = (header or "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise CallerRefusedError(UNKNOWN, "the request carries no bearer token")
    return _bearer_of(token.strip(), settings)


def _bearer_of(token: str, settings: Settings) -> str:
    """Look at what a token claims before Google is asked for certificates, so that nobody can make us ask in vain."""
    claims = _holding(lambda: jwt.decode(token, verify=False))
    if claims.get("iss") not in ISSUERS or claims.get("aud") != settings.http_audience:
        raise CallerRefusedError(UNKNOWN, "the token was issued by somebody else, or for somebody else")
    email = claims.get("email")
    if email not in settings.http_callers or claims.get("email_verified") is not True:
        raise CallerRefusedError(FORBIDDEN, "the token's e-mail address is not one of HTTP_CALLERS")
    where, skew = settings.http_certs_url, CLOCK_SKEW_S
    _holding(lambda: id_token.verify_token(token, Request(), settings.http_audience, where, skew))
    return str(email)


def _holding(claims: Callable[[], Mapping[str, Any]]) -> Mapping[str, Any]:
    try:
        return claims()
    except TransportError:
        raise
    except (GoogleAuthError, ValueError) as error:
        raise CallerRefusedError(UNKNOWN, f"the token does not hold: {type(error).__name__}") from None
