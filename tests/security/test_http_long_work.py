"""Work that outlasts the patience of its request: answered with the run's id, and asked for later."""

from typing import Any

import requests

from tests.emulator.builders import position, put
from tests.emulator.conftest import wire_to
from tests.emulator.wire import Gate
from tests.security.test_http_entry import PATIENCE_S, serving
from tests.stack import LocalStack


def told(address: str, run: dict[str, Any]) -> dict[str, Any]:
    """What the record of a run says by now."""
    answer = requests.get(f"{address}{run['see']}", timeout=PATIENCE_S)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record


def test_long_work_is_answered_with_the_id_of_its_run_and_goes_on(servers: LocalStack, stack: LocalStack) -> None:
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"))
    gate = Gate(lambda call: call.name == "FinalizeWriteStream")
    with (
        wire_to(servers) as wire,
        serving({**stack.environment, **wire.environment, "HTTP_AUTHENTICATION": "platform"}) as address,
    ):
        wire.set(before=gate)

        answer = requests.post(f"{address}/", json={"job": "trades", "wait_s": 0}, timeout=PATIENCE_S)

        assert answer.status_code == 202, answer.text
        (run,) = answer.json()["runs"]
        with gate.held():
            assert (run["job"], told(address, run)["status"]) == ("trades", "RUNNING")
        ended = next(one for one in iter(lambda: told(address, run), None) if one["status"] != "RUNNING")
    assert (ended["run_id"], ended["status"], ended["counts"]["archived"]) == (run["run_id"], "SUCCEEDED", 1)
    assert "settings" not in ended
