"""Seeding the venue while it runs."""

from pathlib import Path

from infra.local import exact_json
from infra.local.broker.call import Call
from infra.local.broker.errors import bad_request, unprocessable
from infra.local.exact_json import JsonObject
from infra.local.fixtures import FixtureError


def health(call: Call) -> JsonObject:
    """That the venue is up, and how much it holds."""
    return {"status": "ok", **call.ledger.counts()}


def seed(call: Call) -> JsonObject:
    """Add the fixture directory that the body names as `{"directory": path}`; answers with the new totals."""
    directory = _directory(call.body)
    try:
        return {"status": "ok", **call.store.seed(directory).counts()}
    except FixtureError as error:
        raise unprocessable(str(error)) from error


def reset(call: Call) -> JsonObject:
    """Forget everything that was seeded."""
    return {"status": "ok", **call.store.reset().counts()}


def _directory(body: bytes) -> Path:
    try:
        directory = Path(exact_json.loads(body)["directory"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request('the body must be {"directory": "path of a fixture directory"}') from error
    if not directory.is_absolute():
        raise bad_request(f"{directory}: give an absolute path, the venue has its own working directory")
    return directory
