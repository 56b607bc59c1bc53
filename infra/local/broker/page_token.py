"""Page tokens of the data host: opaque to the client, a place in the answer to us."""

import base64
import json

from infra.local.broker.errors import bad_request


def seal(*place: str) -> str:
    """The token that resumes behind the place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode()


def unseal(token: str, length: int) -> list[str]:
    """The place in a token, so many texts.

    Raises:
        ApiError: The token is not one of this venue's.
    """
    try:
        place = json.loads(base64.urlsafe_b64decode(token))
    except ValueError as error:
        raise bad_request("invalid page_token") from error
    if not isinstance(place, list) or len(place) != length or not all(isinstance(part, str) for part in place):
        raise bad_request("invalid page_token")
    return place
