"""Seeding the venue while it runs, telling it to fail, and asking what it was asked."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from infra.local import exact_json
from infra.local.broker.call import Call
from infra.local.broker.errors import bad_request, unprocessable
from infra.local.broker.faults import Fault
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
    """Forget everything that was seeded, the faults and the calls."""
    call.conduct.clear()
    return {"status": "ok", **call.store.reset().counts()}


def faults(call: Call) -> JsonObject:
    """Add the faults that the body names as `{"faults": [...]}`, behind those in force."""
    try:
        order = _Order.model_validate(exact_json.loads(call.body))
    except ValueError as error:
        raise bad_request(str(error)) from error
    call.conduct.faults.add(order.faults)
    return {"status": "ok"}


def calls(call: Call) -> list[JsonObject]:
    """Every request but those to the administration, in the order of arrival: path, query, status."""
    return call.conduct.calls.all()


class _Order(BaseModel):
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    faults: list[Fault]


def _directory(body: bytes) -> Path:
    try:
        directory = Path(exact_json.loads(body)["directory"])
    except (ValueError, KeyError, TypeError) as error:
        raise bad_request('the body must be {"directory": "path of a fixture directory"}') from error
    if not directory.is_absolute():
        raise bad_request(f"{directory}: give an absolute path, the venue has its own working directory")
    return directory
