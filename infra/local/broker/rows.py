"""What is read from the broker's JSON rows to find and sort them; the rows themselves are served as they are."""

from datetime import datetime

from infra.local import rfc3339
from infra.local.exact_json import JsonObject
from infra.local.fixture_values import FixtureError


def instant_of(row: JsonObject, *fields: str) -> datetime | None:
    """The first of the fields that is set, as a time.

    Raises:
        FixtureError: It is set to something that is not a time.
    """
    for field in fields:
        if row.get(field) is None:
            continue
        try:
            return rfc3339.parse_moment(str(row[field]))
        except ValueError as error:
            raise FixtureError(f"broker.json: {row.get('id')}: field {field}: {error}") from error
    return None


def bare_symbol(symbol: str) -> str:
    """A symbol for comparing: a pair is `BTC/USD` in orders and `BTCUSD` in positions and fees."""
    return symbol.replace("/", "").upper()
