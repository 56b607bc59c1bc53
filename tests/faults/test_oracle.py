"""The oracle finds every wrong that is planted into the stores, names it, and knows nothing of the code under test."""

import ast
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from google.cloud.firestore_v1.base_query import FieldFilter

from infra.local.fixtures import write_bars, write_broker
from tests.emulator.builders import account, bars, live_signal, orders, position, put, rejected_signal, strategy
from tests.faults import oracle as oracle_module
from tests.faults.oracle import Oracle
from tests.stack import LocalStack

REFUSED = {"live_positions/position-0003": "NOT_FINITE", "live_signals/signal-0003": "MISSING_FIELD"}
JOBS = ("strategies", "trades", "rejected-signals", "expired-signals", "account-snapshot")
_PRODUCT = {"jobs", "shared", "schemas", "infra"}


def imports(module: Path) -> set[str]:
    """Everything a file imports, and all that the files of this project among it import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    files = (module.parents[2] / f"{name.replace('.', '/')}.py" for name in found)
    return found.union(*(imports(file) for file in files if file.exists()))


def test_the_oracle_imports_nothing_of_the_code_it_judges() -> None:
    found = imports(Path(oracle_module.__file__))
    assert "tests.faults.rows" in found
    assert {name for name in found if name.partition(".")[0] in _PRODUCT} == set()


@pytest.fixture
def lived(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Every job has run; something of everything is there."""
    write_bars(tmp_path, "BTC/USD", bars())
    write_broker(tmp_path, {"account": account("110"), "orders": [one for n in range(1, 30) for one in orders(n)]})
    stack.seed(tmp_path)
    put(stack, "dim_strategies", strategy(1))
    put(stack, "live_positions", *map(position, range(10, 30)))
    put(stack, "live_positions", position(3, qty="NaN"), position(4, status="OPEN"))
    put(stack, "rejected_signals", *map(rejected_signal, range(1, 5)))
    put(stack, "live_signals", live_signal(1), live_signal(2, status="WAITING"), live_signal(3, valid_until=None))
    for job in JOBS:
        stack.run(job)
    return stack


@pytest.fixture
def oracle(lived: LocalStack) -> Oracle:
    return Oracle(lived.environment)


def test_it_sees_nothing_wrong_in_a_history_that_went_well_and_what_must_be_in_quarantine(oracle: Oracle) -> None:
    assert oracle.broken(refused=REFUSED) == []
    assert oracle.broken(at_rest=False) == []
    assert len(oracle.broken()) == 2
    assert len(oracle.broken(refused={**REFUSED, "live_positions/position-0010": "BAD_TYPE"})) == 2
    wrong = oracle.broken(refused={**REFUSED, "live_positions/position-0003": "BAD_TYPE"})
    assert wrong == ["live_positions/position-0003 is in quarantine for NOT_FINITE, not for BAD_TYPE"]


def test_one_more_run_leaves_the_fingerprint_and_an_edit_changes_it(lived: LocalStack, oracle: Oracle) -> None:
    before = oracle.fingerprint()
    for job in JOBS:
        lived.run(job)
    assert oracle.fingerprint() == before
    put(lived, "live_positions", position(10, exit_reason="corrected"))
    lived.run("trades")
    after = oracle.fingerprint()
    assert {name for name in after if after[name] != before[name]} == {"live_positions", "table fact_trades"}


Plant = Callable[[LocalStack], object]


def update(table: str, changes: str, where: str = "TRUE") -> Plant:
    return lambda stack: stack.rows(f"UPDATE {table} SET {changes} WHERE ds >= '2000-01-01' AND {where}")  # noqa: S608 - constants


def delete(table: str, where: str = "TRUE") -> Plant:
    return lambda stack: stack.rows(f"DELETE FROM {table} WHERE ds >= '2000-01-01' AND {where}")  # noqa: S608 - constants


def copy(table: str, changed: str, where: str = "TRUE") -> Plant:
    """Insert a row again, with a column changed."""
    columns = f"* REPLACE({changed})"
    return lambda stack: stack.rows(
        f"INSERT INTO {table} SELECT {columns} FROM {table} WHERE ds >= '2000-01-01' AND {where}"  # noqa: S608 - constants
    )


def trade(number: int) -> str:
    return f"trade_id = 'position-{number:04}'"


def change(collection: str, name: str, value: object, **fields: Any) -> Plant:
    """Change the one document of a collection that holds a value."""

    def plant(stack: LocalStack) -> None:
        (found,) = stack.firestore.collection(collection).where(filter=FieldFilter(name, "==", value)).stream()
        found.reference.update(fields)

    return plant


def erase(stack: LocalStack) -> None:
    for run in stack.firestore.collection("job_metadata").stream():
        if run.get("job") == "trades":
            run.reference.delete()


def hold_lease(stack: LocalStack) -> None:
    stack.firestore.document("job_leases/fact_trades").update({"owner": "dead"})


def archive_open(stack: LocalStack) -> None:
    """Reopen a position and let its row claim that very revision."""
    result = stack.firestore.document("live_positions/position-0021").update({"status": "OPEN"})
    revision = f"source_rev = TIMESTAMP '{result.update_time.isoformat()}'"
    update("fact_trades", revision, trade(21))(stack)


def give_receipt(number: int, *, later: timedelta = timedelta(0), gone: bool = True) -> Plant:
    """Leave a receipt for a position at a revision this much newer than it has."""

    def plant(stack: LocalStack) -> None:
        document = stack.firestore.document(f"live_positions/position-{number:04}")
        key, revision = [document.id], document.get().update_time + later
        receipt = {"path": f"live_positions/{document.id}", "table": "fact_trades", "key": key, "source_rev": revision}
        stack.firestore.collection("retired").document(document.id).set(receipt)
        if gone:
            document.delete()

    return plant


_A_DAY_LATER = "TIMESTAMP_ADD(source_rev, INTERVAL 1 DAY)"
_A_DAY_EARLIER = "TIMESTAMP_SUB(source_rev, INTERVAL 1 DAY)"
PLANTED: dict[str, tuple[Plant, str]] = {
    "a duplicate in another partition": (
        copy("fact_trades", "DATE '2021-09-09' AS ds", trade(10)),
        "position-0010',) 2 times",
    ),
    "a row under a second key": (copy("fact_trades", "'x' AS trade_id", trade(11)), "2 rows of live_positions"),
    "a lost row": (delete("fact_trades", trade(12)), "lost the row ('position-0012',)"),
    "a lost row of rejected signals": (
        delete("fact_rejected_signals", "signal_id = 'signal-0002'"),
        "rejected_signals/signal-0002 is due",
    ),
    "a lost row of expired signals": (delete("fact_signals_expired"), "live_signals/signal-0001 is due"),
    "a repeated version": (
        copy("dim_strategies", "TIMESTAMP_ADD(valid_from, INTERVAL 1 SECOND) AS valid_from"),
        "in a row",
    ),
    "lost versions": (delete("dim_strategies"), "another configuration"),
    "a lost snapshot": (delete("snapshot_accounts"), "of which there is no row"),
    "a revision made newer": (update("fact_trades", f"source_rev = {_A_DAY_LATER}", trade(13)), "is newer than"),
    "a revision that fell": (update("fact_trades", f"source_rev = {_A_DAY_EARLIER}", trade(14)), "fell back"),
    "an older text under the newest revision": (
        update("fact_trades", "exit_reason = 'older'", trade(15)),
        "exit_reason is 'older'",
    ),
    "a wrong price under the newest revision": (
        update("fact_rejected_signals", "entry_price = NUMERIC '100.000000001'", "signal_id = 'signal-0003'"),
        "entry_price is",
    ),
    "a sum that is off by a billionth": (
        update("fact_trades", "pnl_usd = pnl_usd + NUMERIC '0.000000001'", trade(16)),
        "pnl_usd is",
    ),
    "a gross profit of other prices": (update("fact_trades", "gross_pnl_usd = 11", trade(17)), "its prices say"),
    "a posted fee that was not taken": (update("fact_trades", "actual_fee_usd = 3", trade(18)), "made of says 3"),
    "a percentage of something else": (update("fact_trades", "pnl_pct = 3", trade(19)), "pnl_pct is 3"),
    "a row in the wrong partition": (update("fact_trades", "ds = DATE '2021-09-09'", trade(20)), "its time says"),
    "an open position that is archived": (archive_open, "though it is not due"),
    "a row of nobody": (update("fact_trades", "run_id = 'nobody'", trade(22)), "not on record: nobody"),
    "a row revised by nobody": (update("fact_trades", "revised_by = 'x'", trade(23)), "not on record: x"),
    "a row without its revision's run": (update("fact_trades", "git_hash = NULL", trade(24)), "git_hash is NULL"),
    "an edit that no run has seen": (
        change("rejected_signals", "signal_id", "signal-0004", rejection_reason="new"),
        "rejected_signals/signal-0004 is due",
    ),
    "a receipt for what no table holds": (give_receipt(3, gone=False), "but fact_trades holds []"),
    "a receipt for a newer revision than the table's": (
        give_receipt(25, later=timedelta(seconds=1)),
        "position-0025 was retired at",
    ),
    "a receipt for what is still there": (give_receipt(26, gone=False), "position-0026 has a receipt"),
    "a refusal resolved without a cure": (
        change("quarantine", "reason", "MISSING_FIELD", resolved_at="now"),
        "signal-0003 is not in quarantine",
    ),
    "a record that claims a row too many": (
        change("job_metadata", "job", "expired-signals", **{"counts.archived": 3, "counts.read": 4}),
        "says 3 rows were archived",
    ),
    "a record that hides its refusals": (
        change("job_metadata", "job", "expired-signals", status="SUCCEEDED"),
        "left 1 in quarantine",
    ),
    "a record that does not add up": (
        change("job_metadata", "job", "rejected-signals", **{"counts.read": 99}),
        "does not add up",
    ),
    "a run that ended without a time": (
        change("job_metadata", "job", "rejected-signals", finished_at=None),
        "finished at None",
    ),
    "a run that never ended": (change("job_metadata", "job", "strategies", status="RUNNING"), "says it is running"),
    "an erased record": (erase, "not on record: trades-"),
    "a lease that nobody gave back": (hold_lease, "the lease fact_trades is held by dead"),
    "an intent that nobody settled": (
        change("job_leases", "owner", "dead", intent={"run_id": "dead"}),
        "holds an intent of dead",
    ),
}


def test_every_planted_wrong_is_found_and_named(lived: LocalStack, oracle: Oracle) -> None:
    known = oracle.broken(refused=REFUSED)
    assert known == []
    for what, (plant, sentence) in PLANTED.items():
        plant(lived)
        found = oracle.broken(refused=REFUSED)
        assert any(sentence in one for one in found if one not in known), what
        known = found
