"""Each hop of the check broken on purpose: it is named, with what was expected, what was found and what to do."""

import json
from pathlib import Path

import pytest

from jobs.check.verdict import Verdict
from tests.emulator import moments
from tests.emulator.checks import NOTHING, bad, checked, give_bars, left, states, then, there, view
from tests.emulator.wire import Call, CutError, InsteadError, Moment, RefusedError, Step, Wire, once
from tests.stack import LocalStack

FORBIDDEN = json.dumps({"error": {"code": 403, "message": "Access Denied", "errors": [{"reason": "accessDenied"}]}})


@pytest.fixture
def thread(stack: LocalStack, wire: Wire, tmp_path: Path) -> LocalStack:
    """A stack with bars, whose checks pass along the wire and give up soon."""
    give_bars(stack, tmp_path)
    return stack.changed(**wire.environment, RETRY_SECONDS="0.3")


def next_one_is_good(thread: LocalStack, wire: Wire) -> None:
    """Once nobody steps in any more, the next check finds all well, and leaves nothing."""
    wire.set()
    assert bad(checked(thread)) == {}
    assert left(thread) == NOTHING


def of(moment: Moment, text: str) -> Moment:
    """A moment, of one table or collection."""
    return lambda call: moment(call) and call.mentions(text)


def refuse(moment: Moment, code: str = "PERMISSION_DENIED") -> Step:
    """Refuse every gRPC call of a kind."""

    def step(call: Call) -> None:
        if moment(call):
            raise RefusedError(code)

    return step


def forbid(moment: Moment) -> Step:
    """Refuse every HTTP call of a kind."""

    def step(call: Call) -> None:
        if moment(call):
            raise InsteadError(403, FORBIDDEN.encode())

    return step


def cuts(server: str) -> Step:
    """Cut every call of a server."""

    def step(call: Call) -> None:
        if call.server == server:
            raise CutError

    return step


def broken(verdict: Verdict, hop: str, *texts: str) -> None:
    """Exactly this hop is bad, its message says so, and so does the record."""
    assert set(bad(verdict)) == {hop}, bad(verdict)
    for text in texts:
        assert text in bad(verdict)[hop]
    assert next(one.advice for one in verdict.hops if one.name == hop)
    error = verdict.record.error
    assert error is not None
    assert (error.type, hop in error.message) == ("BrokenThreadError", True)


def after(table: str) -> Moment:
    """When the run that writes a table has let go of its lease, and nobody has looked yet."""
    return of(moments.releases, table)


def test_firestore_that_does_not_answer(thread: LocalStack, wire: Wire) -> None:
    wire.set(before=cuts("firestore"))
    verdict = checked(thread)

    broken(verdict, "lease", "ServiceUnavailable", "is up")
    assert verdict.exit_code(strict=False) == 1
    assert {state for name, state in states(verdict).items() if name != "lease"} == {"not reached"}


def test_firestore_that_refuses_to_be_written_to(thread: LocalStack, wire: Wire) -> None:
    wire.set(before=refuse(lambda call: call.name == "Commit" and call.mentions("check_live_positions/")))
    verdict = checked(thread)

    broken(verdict, "hot write", "PermissionDenied", "may write there")
    assert states(verdict)["trades"] == "not reached"
    assert states(verdict)["clean up"] == "good"


def test_a_job_that_fails(thread: LocalStack, wire: Wire) -> None:
    wire.set(before=refuse(of(moments.opens, "fact_trades")))
    verdict = checked(thread)

    broken(verdict, "trades", "a run that succeeds", "FAILED, PermissionDenied", "under the label check=")
    assert states(verdict)["fact_trades"] == states(verdict)["trade_ledger"] == "not reached"
    assert states(verdict)["rejection_value"] == "good"
    assert verdict.exit_code(strict=False) == 1


@pytest.mark.nightly
def test_a_document_that_is_lost_on_the_way(thread: LocalStack, wire: Wire) -> None:
    here = thread.firestore.collection("check_live_positions")

    def lose(call: Call) -> None:
        if of(moments.acquires, "fact_trades")(call):
            for one in here.stream():
                one.reference.delete() if one.id.endswith("-past") else None

    wire.set(before=lose)
    verdict = checked(thread)

    broken(verdict, "trades", "3 read, 2 archived, 1 quarantined", "found 2 read, 1 archived, 1 quarantined")
    assert verdict.exit_code(strict=False) == 3


def test_a_row_that_is_missing(thread: LocalStack, wire: Wire) -> None:
    statement = "DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND side = 'LONG'"
    wire.set(before=then(after("fact_trades"), thread, statement))
    verdict = checked(thread)

    broken(verdict, "fact_trades", "expected 2 rows in fact_trades", "no row check-", "-past", "jobs/trades.py")
    assert verdict.exit_code(strict=False) == 3


@pytest.mark.parametrize(
    ("job", "table", "column", "value"),
    [
        ("trades", "fact_trades", "pnl_usd", "pnl_usd + 0.000000001"),
        pytest.param("trades", "fact_trades", "run_id", "'somebody'", marks=pytest.mark.nightly),
        pytest.param(
            "rejected-signals", "fact_rejected_signals", "theoretical_pnl_usd", "0", marks=pytest.mark.nightly
        ),
        pytest.param("expired-signals", "fact_signals_expired", "max_mfe_pct", "NULL", marks=pytest.mark.nightly),
        pytest.param("strategies", "dim_strategies", "timeframe", "'1Min'", marks=pytest.mark.nightly),
        pytest.param("job-runs", "ops_job_runs", "archived_count", "5", marks=pytest.mark.nightly),
    ],
)
def test_a_value_that_differs_in_its_table(
    job: str, table: str, column: str, value: str, thread: LocalStack, wire: Wire
) -> None:
    statement = f"UPDATE {table} SET {column} = {value} WHERE ds >= '2000-01-01'"  # noqa: S608 - our own tables
    wire.set(before=then(after(table), thread, statement))
    verdict = checked(thread)

    broken(verdict, table, column, job.replace("-", "_"))
    assert verdict.exit_code(strict=False) == 3


def test_a_refused_document_that_is_not_in_quarantine(thread: LocalStack, wire: Wire) -> None:
    here = thread.firestore.collection("check_quarantine")

    def lose(call: Call) -> None:
        if after("fact_trades")(call):
            for one in here.stream():
                one.reference.delete()

    wire.set(before=lose)
    verdict = checked(thread)

    broken(verdict, "quarantine", "refused as NOT_FINITE", "no record of it")


VIEWS = {
    "missing": ("trade_ledger", None, "NotFound"),
    "reckoning wrong": (
        "trade_ledger",
        "SELECT * REPLACE (pnl_usd + 1 AS pnl_usd) FROM `{dataset}.fact_trades`",
        "pnl_usd",
    ),
    "counting wrong": ("daily_pnl", "SELECT *, 2 AS trades FROM `{dataset}.fact_trades`", "trades"),
    "empty": ("rejection_value", "SELECT * FROM `{dataset}.fact_rejected_signals` WHERE signal_id = ''", "no row"),
    "of another table": ("missed_moonshots", "SELECT * FROM `{dataset}.fact_rejected_signals`", "that nobody sent"),
}
QUICK = {"missing", "reckoning wrong"}


@pytest.mark.parametrize(
    ("name", "query", "found"),
    [pytest.param(*one, id=how, marks=() if how in QUICK else pytest.mark.nightly) for how, one in VIEWS.items()],
)
def test_a_view_that_is_missing_or_wrong(
    name: str, query: str | None, found: str, thread: LocalStack, wire: Wire
) -> None:
    wire.set(before=once(after("ops_job_runs"), lambda: view(thread, name, query)))

    broken(checked(thread), name, found, f"schemas/views/{name}.sql")


@pytest.mark.nightly
def test_a_view_that_is_gone_is_made_anew(thread: LocalStack, wire: Wire) -> None:
    checked(thread)
    view(thread, "trade_ledger", None)

    next_one_is_good(thread, wire)


def test_a_broker_that_is_down(thread: LocalStack, wire: Wire) -> None:
    wire.set(before=cuts("broker"))
    verdict = checked(thread, BROKER_ATTEMPTS="1")

    broken(verdict, "market data", "BrokerError", "ALPACA_DATA_URL")
    assert states(verdict)["paper order"] == "not checked"
    assert states(verdict)["trades"] == states(verdict)["trade_ledger"] == "not reached"
    assert states(verdict)["strategy_versions"] == "good"


@pytest.mark.nightly
def test_a_broker_that_takes_no_order(thread: LocalStack, wire: Wire) -> None:
    def refused(call: Call) -> None:
        if call.server == "broker" and call.name.startswith("POST /v2/orders"):
            raise InsteadError(403, b'{"code":40310000,"message":"insufficient buying power"}')

    wire.set(before=refused)
    broken(checked(thread), "paper order", "403 insufficient buying power", "open orders")


@pytest.mark.nightly
def test_an_order_that_is_not_cancelled(thread: LocalStack, wire: Wire) -> None:
    def ignored(call: Call) -> None:
        if call.server == "broker" and call.name.startswith("DELETE "):
            raise InsteadError(204)

    wire.set(before=ignored)
    broken(checked(thread), "paper order", "status new, 0 filled", "by hand")
    next_one_is_good(thread, wire)


def test_a_clean_up_that_is_refused(thread: LocalStack, wire: Wire) -> None:
    shown: list[Call] = []

    def deny(call: Call) -> None:
        if after("ops_job_runs")(call):
            shown.append(call)
        if shown and call.server == "bigquery" and call.mentions("DELETE FROM"):
            raise InsteadError(403, FORBIDDEN.encode())

    wire.set(before=deny)
    verdict = checked(thread)

    broken(verdict, "clean up", "Forbidden", "The next check removes what is left.")
    assert verdict.exit_code(strict=False) == 1
    assert left(thread)[1] > 0
    next_one_is_good(thread, wire)


@pytest.mark.nightly
def test_an_account_that_may_edit_its_dataset_need_not_be_allowed_to_make_one(thread: LocalStack, wire: Wire) -> None:
    parts = there(thread)
    parts.warehouse.client.create_dataset(parts.settings.dataset)
    wire.set(before=forbid(lambda call: call.name.startswith("POST ") and call.name.endswith("/datasets")))

    assert bad(checked(thread)) == {}


def test_a_corner_that_cannot_be_made_ready(thread: LocalStack, wire: Wire) -> None:
    wire.set(before=forbid(lambda call: call.server == "bigquery" and call.name.startswith("POST ")))
    verdict = checked(thread)

    broken(verdict, "make ready", "Forbidden", "may edit dataset")
    assert states(verdict)["hot write"] == "not reached"
