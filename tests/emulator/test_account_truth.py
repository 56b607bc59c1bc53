"""Account snapshots from the real client: days, several accounts, and greeks by the contracts themselves."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import Bar, write_bars, write_broker
from jobs.account_snapshot import LOOP
from schemas.run_record import RunRecord, Status
from shared.run import run
from shared.survey import Options
from tests.emulator import builders
from tests.emulator.builders import Fields
from tests.emulator.promises import Promises, read_table
from tests.emulator.two_accounts import two_accounts
from tests.stack import LocalStack

CALL, PUT = "AAPL261218C00230000", "AAPL261218P00200000"
GREEKS = {"delta": 0.5, "gamma": 0.02, "theta": -0.25, "vega": 0.1, "rho": 0.01}
SNAPSHOT = {"impliedVolatility": 0.3, "greeks": GREEKS}
AS_OF = "2026-10-15T00:45:00Z"


def option(symbol: str, qty: str, side: str = "long") -> Fields:
    return {"symbol": symbol, "asset_class": "us_option", "qty": qty, "side": side}


def holding(number: str, equity: str, *positions: Fields, contracts: Mapping[str, str] | None = None) -> Fields:
    """A broker that holds one account; contracts are standard ones but for the multipliers given."""
    own = {
        "portfolio_history": {"timestamp": [1790812800], "equity": [2 * int(equity)]},  # 20:00 New York, 30 September
        "option_contracts": [{"id": name, "symbol": name, "multiplier": m} for name, m in (contracts or {}).items()],
    }
    return {
        "account": {**builders.account(equity), "account_number": number},
        "positions": list(positions),
        "option_snapshots": {CALL: SNAPSHOT, PUT: SNAPSHOT},
        **own,
    }


def seed(stack: LocalStack, directory: Path, broker: Fields) -> None:
    """Put an account in, with the price of its options' underlying: 200."""
    noon = builders.START.replace(year=2026, month=10, day=14, hour=18)
    write_bars(directory, "AAPL", [Bar(noon, *map(Decimal, ("199", "201", "199", "200", "1")))])
    write_broker(directory, broker)
    stack.seed(directory)


def events(stack: LocalStack) -> list[Fields]:
    """What runs of this process logged."""
    return [json.loads(line) for line in stack.log.getvalue().splitlines()]


def rows(stack: LocalStack) -> dict[str, dict[str, Any]]:
    return {row["account_id"]: row for row in read_table(stack, "account-snapshot")}


def test_every_account_has_its_own_row_positions_history_and_greeks(stack: LocalStack, tmp_path: Path) -> None:
    seed(stack, tmp_path, holding("PA1", "100", option(CALL, "2"), option(PUT, "1", "short")))
    second = holding("PA2", "300", option(CALL, "1"), contracts={CALL: "50"})
    with two_accounts(stack, tmp_path, second) as both:
        record = both.run("account-snapshot", AS_OF)

    assert (record.status, record.counts.read, record.counts.archived) == (Status.SUCCEEDED, 2, 2)
    found = rows(stack)
    assert {name: (row["equity"], row["peak_equity"], row["positions_count"]) for name, row in found.items()} == {
        "PA1": (100, 200, 2),
        "PA2": (300, 600, 1),
    }
    # Two calls less one put of 100 shares at 200, and one call of 50.
    assert {name: row["net_delta_usd"] for name, row in found.items()} == {"PA1": 10000, "PA2": 5000}
    assert {row["ds"] for row in found.values()} == {date(2026, 10, 14)}
    Promises(stack, "account-snapshot").assert_once()


STRANGE_TIME = {**builders.account("100"), "account_number": "PA1", "created_at": "long ago"}
TWO_NAMES = {**builders.account("100"), "account_number": "PA/1"}
UNEVEN = {"timestamp": [1790812800], "equity": []}


@pytest.mark.parametrize(
    ("fault", "endpoint"),
    [
        ({"kind": "status", "status": 403}, "/account"),
        ({"kind": "body", "body": STRANGE_TIME}, "/account"),
        ({"kind": "body", "body": TWO_NAMES}, "/account"),
        ({"kind": "body", "body": UNEVEN}, "/account/portfolio/history"),
        ({"kind": "body", "body": [{"asset_class": "us_option", "qty": "1"}]}, "/positions"),
    ],
    ids=["refused", "created long ago", "two names in one", "uneven history", "nameless option"],
)
def test_an_account_that_cannot_be_read_is_pending_and_the_others_are_archived(
    fault: Fields, endpoint: str, stack: LocalStack, tmp_path: Path
) -> None:
    seed(stack, tmp_path, holding("PA1", "100"))
    stack.fail_broker(path=f"/v2{endpoint}", **fault)
    with two_accounts(stack, tmp_path, holding("PA2", "300", option(CALL, "2"))) as both:
        record = both.run("account-snapshot", AS_OF)
        (event,) = (event for event in events(both) if event["message"] == "an account could not be read")
        later = both.run("account-snapshot", AS_OF)

    counts = record.counts
    assert (record.status, counts.read, counts.archived, counts.pending) == (Status.PARTIAL, 2, 1, 1)
    assert (event["severity"], event["account"]) == ("ERROR", "one")
    assert event["error"].startswith(f"broker {endpoint}: ")
    assert (later.status, later.counts.already, later.counts.archived) == (Status.SUCCEEDED, 1, 1)
    found = {name: (row["equity"], row["net_delta_usd"], row["run_id"]) for name, row in rows(stack).items()}
    assert found == {"PA1": (100, 0, later.run_id), "PA2": (300, 20000, record.run_id)}


def test_when_no_account_can_be_read_the_run_fails(stack: LocalStack, tmp_path: Path) -> None:
    seed(stack, tmp_path, holding("PA1", "100"))
    stack.fail_broker(path="/v2/positions", kind="status", status=403)
    with two_accounts(stack, tmp_path, {"orders": []}) as both:
        record = both.run("account-snapshot", AS_OF)

    assert (record.status, record.error and record.error.type) == (Status.FAILED, "BrokerError")
    assert (record.counts.read, record.counts.pending) == (2, 2)
    assert rows(stack) == {}


def test_the_only_account_fails_its_run(stack: LocalStack, tmp_path: Path) -> None:
    seed(stack, tmp_path, holding("PA1", "100"))
    stack.fail_broker(path="/v2/account/portfolio/history", kind="body", body=UNEVEN)

    record = stack.run("account-snapshot", AS_OF)

    assert (record.status, record.error and record.error.type) == (Status.FAILED, "BrokerError")


@pytest.mark.parametrize("days", [-1, 1])
def test_a_real_broker_is_not_asked_about_another_day(days: int, stack: LocalStack, tmp_path: Path) -> None:
    seed(stack, tmp_path, holding("PA1", "100"))
    emulated = stack.parts()
    cloud = emulated.settings.model_copy(update={"bigquery_emulator_host": None})
    now = emulated.documents.server_time()

    def snapshot(as_of: datetime | None) -> RunRecord:
        return run(LOOP, Options(as_of=as_of), replace(emulated, settings=cloud))

    other = snapshot(now + timedelta(days=days))
    assert (other.status, other.counts.read, other.counts.not_due) == (Status.SUCCEEDED, 0, 1)
    assert rows(stack) == {}
    assert stack.broker_calls() == []
    (event,) = (event for event in events(stack) if "not due" in event["message"])
    assert event["severity"] == "WARNING"

    assert snapshot(None).counts.archived == 1


def test_two_pairs_of_keys_of_one_account_are_a_mistake_that_names_them(stack: LocalStack, tmp_path: Path) -> None:
    seed(stack, tmp_path, holding("PA1", "100"))
    with two_accounts(stack, tmp_path, holding("PA1", "100")) as both:
        record = both.run("account-snapshot", AS_OF)

    assert record.status is Status.FAILED
    assert record.error is not None
    assert record.error.message == "ALPACA_ACCOUNTS: one and two are the same account PA1"
    assert rows(stack) == {}


def test_each_contract_is_asked_for_once(stack: LocalStack, tmp_path: Path) -> None:
    equity = {"symbol": "AAPL", "asset_class": "us_equity", "qty": "5", "side": "long"}
    seed(stack, tmp_path, holding("PA1", "100", option(CALL, "2"), option(PUT, "-1", "short"), equity))
    stack.run("account-snapshot", AS_OF)

    asked = [call["path"] for call in stack.broker_calls() if "/options/contracts/" in call["path"]]
    assert sorted(asked) == [f"/v2/options/contracts/{symbol}" for symbol in (CALL, PUT)]
    assert len([call for call in stack.broker_calls() if call["path"] == "/v2/account"]) == 1


@pytest.mark.parametrize(
    "fault", [{"kind": "status", "status": 404}, {"kind": "body", "body": {"symbol": PUT, "size": "100"}}]
)
def test_a_contract_without_a_multiplier_leaves_the_sums_unknown(
    fault: Fields, stack: LocalStack, tmp_path: Path
) -> None:
    seed(stack, tmp_path, holding("PA1", "100", option(CALL, "2"), option(PUT, "1")))
    stack.fail_broker(path=f"/v2/options/contracts/{PUT}", **fault)
    assert stack.run("account-snapshot", AS_OF).status is Status.SUCCEEDED

    row = rows(stack)["PA1"]
    assert (row["option_positions"], row["option_positions_with_greeks"], row["greeks_complete"]) == (2, 1, False)
    assert row["net_delta_usd"] is None


def test_a_run_in_the_morning_takes_the_place_of_yesterday_and_not_of_today(stack: LocalStack, tmp_path: Path) -> None:
    for equity, as_of in (("100", "2026-10-14T13:00:00Z"), ("101", "2026-10-14T19:59:59Z"), ("102", AS_OF)):
        seed(stack, tmp_path, holding("PA1", equity))
        stack.run("account-snapshot", as_of)

    found = {row["ds"]: row["equity"] for row in read_table(stack, "account-snapshot")}
    assert found == {date(2026, 10, 13): 100, date(2026, 10, 14): 102}
