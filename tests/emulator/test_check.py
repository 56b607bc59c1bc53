"""`golden-thread check` on the local stack: every hop is taken, every value is held, and nothing stays."""

import json
import subprocess
import sys
from datetime import timedelta
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from jobs.check.cold import READ
from jobs.check.verdict import check
from schemas.views import VIEWS
from shared.broker_calls import Caller
from shared.log import Log
from shared.paper_orders import PaperOrders
from shared.settings import SettingsError, load
from tests.emulator.builders import position, put
from tests.emulator.checks import NOTHING, bad, checked, give_bars, left, states
from tests.stack import LocalStack

DAY = timedelta(days=1)
NO_KEYS = {"ALPACA_API_KEY": "", "ALPACA_SECRET_KEY": ""}


@pytest.fixture
def priced(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """A stack whose broker has bars up to now."""
    return give_bars(stack, tmp_path)


def test_every_hop_of_a_whole_thread_is_passed_and_nothing_stays(priced: LocalStack) -> None:
    verdict = checked(priced, CHECK_HOT_WRITE_MS="60000", CHECK_ORDER_MS="60000", CHECK_COLD_S="600")

    assert set(states(verdict).values()) == {"good"}
    assert {view.name for view in VIEWS} | {*READ, "quarantine", "paper order"} <= set(states(verdict))
    assert verdict.exit_code(strict=True) == 0
    assert left(priced) == NOTHING


def test_no_view_is_only_asked(priced: LocalStack) -> None:
    unknown = [hop.name for hop in checked(priced).hops if "nothing says" in hop.detail]

    assert unknown == []


def test_the_real_dataset_books_and_sources_are_not_touched(priced: LocalStack) -> None:
    put(priced, "live_positions", position(1, trade_type="THEORETICAL"), position(2, qty="NaN"))
    priced.run("trades")
    before = everything(priced)

    assert bad(checked(priced)) == {}
    assert everything(priced) == before


def everything(stack: LocalStack) -> dict[str, Any]:
    """All documents with their revisions, and all rows, of the real thing."""
    collections = ("live_positions", "rejected_signals", "live_signals", "dim_strategies")
    books = ("job_leases", "job_metadata", "quarantine")
    found: dict[str, Any] = {
        name: {one.id: (one.update_time, one.to_dict()) for one in stack.firestore.collection(name).stream()}
        for name in (*collections, *books)
    }
    return {**found, "rows": stack.rows("SELECT * FROM fact_trades WHERE ds >= '2000-01-01'")}


def test_the_order_is_named_after_the_check_and_cancelled(priced: LocalStack) -> None:
    verdict = checked(priced)
    (account,) = priced.parts().broker.accounts
    placed = list(account.orders(verdict.record.started_at - DAY, verdict.record.started_at + DAY))

    assert [(one["client_order_id"], one["status"]) for one in placed] == [
        (f"golden-thread-{verdict.record.run_id}", "canceled")
    ]


def test_an_order_that_a_killed_check_left_is_cancelled(priced: LocalStack) -> None:
    settings = priced.settings()
    orders = PaperOrders(settings.accounts[0], Caller(settings), lambda _: None)
    order_id = orders.place("BTC/USD", "golden-thread-check-of-yesterday", Decimal(30000), Decimal("0.001"))
    strangers = orders.place("BTC/USD", "the-engine-s-own", Decimal(30000), Decimal("0.001"))
    verdict = checked(priced)

    assert "1 of an earlier check cancelled" in next(hop.detail for hop in verdict.hops if hop.name == "paper order")
    assert (orders.ended(order_id)["status"], orders.ended(strangers)["status"]) == ("canceled", "new")


@pytest.mark.parametrize(
    "settings",
    [
        {"ALPACA_BASE_URL": "https://api.alpaca.markets", "ALPACA_API_KEY": "AK", "ENVIRONMENT": "prod"},
        {"ALPACA_BASE_URL": "https://api.alpaca.markets", "ALPACA_API_KEY": "AK"},
        {"ALPACA_BASE_URL": "https://broker.example", "ALPACA_API_KEY": "AK"},
    ],
)
def test_no_order_is_placed_with_real_money(settings: dict[str, str], priced: LocalStack) -> None:
    # Nobody answers at the live host; the hops behind it are of no interest here.
    verdict = checked(priced, **settings, RETRY_SECONDS="0.1", CALL_TIMEOUT_S="1", BROKER_ATTEMPTS="1")

    assert states(verdict)["paper order"] == "not checked"
    assert [call for call in priced.broker_calls() if call["path"].startswith("/v2/orders")] == []


def test_without_keys_only_what_asks_no_broker_is_checked_and_that_is_said(priced: LocalStack) -> None:
    verdict = checked(priced, **NO_KEYS)

    assert bad(verdict) == {}
    checked_not = {name for name, state in states(verdict).items() if state == "not checked"}
    assert checked_not == {"market data", "paper order", "trades", "rejected-signals", "expired-signals"}
    assert states(verdict)["strategy_versions"] == "good"
    assert states(verdict)["trade_ledger"] == "not reached"
    assert verdict.exit_code(strict=False) == 0


def test_without_bars_the_signals_must_say_so(stack: LocalStack) -> None:
    verdict = checked(stack)

    assert bad(verdict) == {}
    assert [name for name, state in states(verdict).items() if state == "not checked"] == ["paper order"]
    assert next(hop.detail for hop in verdict.hops if hop.name == "missed_moonshots").startswith("rows: 0")


def test_a_hop_over_its_target_is_slow_and_fails_where_that_counts(priced: LocalStack) -> None:
    ticks = count()
    settings = priced.settings(CHECK_HOT_WRITE_MS="100", CHECK_ORDER_MS="300")
    verdict = check(settings, Log(priced.log), lambda: next(ticks) / 4)

    assert (states(verdict)["hot write"], states(verdict)["paper order"]) == ("slow", "good")
    assert next(hop.seconds for hop in verdict.hops if hop.name == "hot write") == 0.25
    assert (verdict.exit_code(strict=False), verdict.exit_code(strict=True)) == (0, 1)


def test_a_check_beside_another_one_does_nothing(priced: LocalStack) -> None:
    held = {"fence": 7, "owner": "check-of-somebody", "expires_at": "2062"}
    guard = priced.firestore.document("check_job_leases/thread")
    guard.set({**held, "expires_at": position(1)["entry_time"].replace(year=2062)})
    verdict = checked(priced)

    assert (verdict.skipped, verdict.exit_code(strict=True)) == (True, 0)
    assert (guard.get().to_dict() or {})["owner"] == "check-of-somebody"


def test_the_record_is_a_line_of_the_log_that_alerts_can_read(priced: LocalStack) -> None:
    checked(priced)
    lines = [json.loads(line) for line in priced.log.getvalue().splitlines()]
    records = [line for line in lines if "dry_run" in line]

    assert [one["job"] for one in records] == [*READ, "job-runs", "check"]
    assert ["check" in one["logging.googleapis.com/labels"] for one in records] == [True] * 5 + [False]
    assert (records[-1]["status"], records[-1]["error"]) == ("SUCCEEDED", None)


def test_the_command_prints_a_table_and_json(priced: LocalStack) -> None:
    told = priced.command("check")
    assert (told.returncode, told.stdout.rstrip().splitlines()[-1]) == (0, "The thread holds.")

    told = priced.command("check", "--json")
    report = json.loads(told.stdout)
    assert (told.returncode, report["status"]) == (0, "SUCCEEDED")
    assert {hop["state"] for hop in report["hops"]} <= {"good", "slow"}


def test_the_command_gives_a_stand_in_without_bars_a_price_path(stack: LocalStack) -> None:
    told = stack.command("check", "--json")

    assert "a price path" in told.stderr
    hops = {hop["name"]: hop for hop in json.loads(told.stdout)["hops"]}
    assert (told.returncode, hops["market data"]["detail"]) == (0, "169 bars of BTC/USD, 1Hour")


def test_the_job_is_the_same_check(priced: LocalStack) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "jobs.check"],
        env={**priced.environment, "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    last = json.loads(done.stdout.splitlines()[-1])

    assert (done.returncode, last["message"], last["job"]) == (0, "check succeeded", "check")


@pytest.mark.parametrize(
    "settings",
    [
        {"BIGQUERY_DATASET": "trading_check", "CHECK_DATASET": "trading_check"},
        {"CHECK_DATASET": "trading"},
    ],
)
def test_a_dataset_that_is_not_the_check_s_own_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(SettingsError, match="CHECK_DATASET"):
        load({"GOOGLE_CLOUD_PROJECT": "my-project", **settings})
