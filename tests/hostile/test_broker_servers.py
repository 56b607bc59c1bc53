"""Spoilt answers of the broker through the real servers: a run writes the truth or nothing, and the next one all.

A failure ends with the command that replays its answer.
"""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from infra.local.fixtures import write_broker
from schemas.run_record import Status
from tests.emulator.builders import account, orders, position, put, write_market
from tests.emulator.promises import Promises, read_table
from tests.hostile.json_values import defaced
from tests.replay import replayed_by
from tests.stack import LocalStack

NUMBERS = range(1, 4)
TIMES = 3
"""How often the spoilt answer is given: whatever a run asks again, it gets again."""
REPLAY = "tests/hostile/test_broker_servers.py"


def spoilt_orders(seed: int) -> Any:
    """The list of orders, with junk in one place; half a character does not reach the stand-in."""
    good = [one for number in NUMBERS for one in orders(number)]
    spoilt = defaced(good, Random(seed))  # noqa: S311 - repeatable, not secret
    return json.loads(json.dumps(spoilt).replace("\\ud800", ""))


def assert_true(stack: LocalStack) -> None:
    """Whatever is in the table was traded like this."""
    for row in read_table(stack):
        assert (row["entry_price"], row["exit_price"], row["qty"]) == (100, 110, 1), row["trade_id"]


def replay(seed: int) -> str:
    """The command that gives the same answer again."""
    test = test_a_spoilt_list_of_orders_costs_no_trade_and_falsifies_none.__name__
    return f"pytest {REPLAY} -k {test} --seed {seed}"


def assert_survives(stack: LocalStack, directory: Path, seed: int) -> None:
    with replayed_by(replay(seed)):
        _assert_survives(stack, directory, seed)


def _assert_survives(stack: LocalStack, directory: Path, seed: int) -> None:
    put(stack, "live_positions", *map(position, NUMBERS))
    stack.seed(write_market(directory, NUMBERS))
    body = spoilt_orders(seed)
    stack.fail_broker(path="/v2/orders", kind="body", body=body, times=TIMES)

    record = stack.run("trades")

    assert record.error is None or record.error.type == "BrokerError"
    assert record.counts.archived + record.counts.quarantined + record.counts.pending == len(NUMBERS)
    assert_true(stack)
    # A run that refused at once left the rest of the spoilt answers for the next ones.
    for _ in range(TIMES):
        record = stack.run("trades")
    assert record.status is Status.SUCCEEDED
    assert_true(stack)
    Promises(stack).assert_kept()


@pytest.mark.parametrize("number", [4, pytest.param(200, marks=pytest.mark.nightly)])
def test_a_spoilt_list_of_orders_costs_no_trade_and_falsifies_none(
    number: int, stack: LocalStack, tmp_path: Path, seeds: Callable[[int], range]
) -> None:
    for seed in seeds(number):
        assert_survives(stack.fresh(), tmp_path, seed)


def test_an_answer_that_is_not_survived_comes_with_the_command_that_replays_it(
    stack: LocalStack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lost(*_: object) -> None:
        raise AssertionError("the market is lost")

    monkeypatch.setattr(LocalStack, "seed", lost)

    with pytest.raises(AssertionError, match="the market is lost") as broken:
        assert_survives(stack, tmp_path, 137)

    test = "test_a_spoilt_list_of_orders_costs_no_trade_and_falsifies_none"
    assert broken.value.__notes__ == [f"replay: pytest {REPLAY} -k {test} --seed 137"]


def test_an_account_of_impossible_names_is_quarantined_and_archived_once_it_is_sound(
    stack: LocalStack, tmp_path: Path
) -> None:
    good = {**account("100"), "created_at": (datetime.fromisoformat("2026-10-15T00:00:00Z") - timedelta(9)).isoformat()}
    write_broker(tmp_path, {"account": good, "positions": []})
    stack.seed(tmp_path)
    spoilt = {**good, "status": ["ACTIVE"], "": 1, "__proto__": {"$ref": "x"}, "n" * 2000: None}
    stack.fail_broker(path="/v2/account", kind="body", body=spoilt)

    record = stack.run("account-snapshot")

    assert (record.error, record.rejects_by_reason) == (None, {"BAD_TYPE": 1})
    assert stack.run("account-snapshot").status is Status.SUCCEEDED
