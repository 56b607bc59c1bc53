"""Retirement on real servers: what goes is in the table at its exact revision; everything else stays."""

import json
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from schemas.run_record import Status
from tests.emulator import moments
from tests.emulator.builders import live_signal, position, put, rejected_signal, strategy, write_market
from tests.emulator.job_process import kill_at
from tests.emulator.promises import read_table
from tests.emulator.wire import PATIENCE_S, Call, Gate, Wire, cut, nth, numbered
from tests.stack import LocalStack

MUCH_LATER = "2099-01-01T00:00:00Z"
"""Long after everything that a test archives now."""


@pytest.fixture
def archived(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Five archived trades, one open position and one in quarantine."""
    stack.seed(write_market(tmp_path, range(1, 6)))
    put(stack, "live_positions", *map(position, range(1, 6)), position(6, status="OPEN"), position(7, qty="NaN"))
    assert stack.run("trades").counts.archived == 5
    return stack


def names(stack: LocalStack, collection: str = "live_positions") -> set[str]:
    return {one.id for one in stack.firestore.collection(collection).stream()}


def numbers(*which: int) -> set[str]:
    return {f"position-{number:04}" for number in which}


def receipts(stack: LocalStack) -> dict[str, dict[str, Any]]:
    found = (one.to_dict() or {} for one in stack.firestore.collection("retired").stream())
    return {one["path"]: one for one in found}


def assert_nothing_lost(stack: LocalStack, *which: int) -> None:
    """Every position is at its source, or in the table at the revision that its receipt states."""
    left, rows = names(stack), {row["trade_id"]: row for row in read_table(stack)}
    for name in numbers(*which) - left:
        receipt = receipts(stack)[f"live_positions/{name}"]
        assert rows[name]["source_rev"] >= receipt["source_rev"]


def test_by_hand_it_is_a_dry_run_unless_told_to_delete(archived: LocalStack) -> None:
    shown = archived.command("run", "retire", "--as-of", MUCH_LATER, "--json")

    record = json.loads(shown.stdout)
    assert (shown.returncode, record["dry_run"]) == (0, True)
    assert record["outcomes"] == {"deleted live_positions": 5}
    assert len(names(archived)) == 7
    assert receipts(archived) == {}

    really = archived.command("run", "retire", "--as-of", MUCH_LATER, "--delete")

    assert really.returncode == 0, really.stderr
    assert names(archived) == numbers(6, 7)


def test_what_is_open_refused_or_young_stays(archived: LocalStack) -> None:
    assert archived.run("retire").counts.read == 0
    assert len(names(archived)) == 7

    record = archived.run("retire", MUCH_LATER)

    assert (record.status, record.counts.read, record.counts.revised) == (Status.SUCCEEDED, 5, 5)
    assert names(archived) == numbers(6, 7)
    assert {one["table"] for one in receipts(archived).values()} == {"fact_trades"}
    assert_nothing_lost(archived, *range(1, 6))


def test_an_edited_document_is_never_deleted_before_its_revision_is_archived(archived: LocalStack) -> None:
    put(archived, "live_positions", position(3, exit_reason="edited"))

    archived.run("retire", MUCH_LATER)
    assert names(archived) == numbers(3, 6, 7)

    assert archived.run("trades").counts.revised == 1
    archived.run("retire", MUCH_LATER)
    assert names(archived) == numbers(6, 7)
    assert {row["exit_reason"] for row in read_table(archived) if row["trade_id"] == "position-0003"} == {"edited"}


def test_a_document_edited_between_look_and_delete_stays(archived: LocalStack, wire: Wire) -> None:
    gate = Gate(lambda call: (call.server, call.name) == ("firestore", "Commit") and call.mentions("retired/"))
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        retiring = thread.submit(archived.changed(**wire.environment).run, "retire", MUCH_LATER)
        with gate.held():
            put(archived, "live_positions", position(3, exit_reason="edited"))
        record = retiring.result(PATIENCE_S)
    assert (record.status, record.counts.revised, record.counts.pending) == (Status.PARTIAL, 4, 1)
    assert record.outcomes == {"deleted live_positions": 4, "edited meanwhile live_positions": 1}
    assert names(archived) == numbers(3, 6, 7)
    assert "live_positions/position-0003" not in receipts(archived)


def test_a_document_that_comes_back_is_archived_again_and_goes_again(archived: LocalStack) -> None:
    archived.run("retire", MUCH_LATER)
    put(archived, "live_positions", position(1, exit_reason="back"))

    assert archived.run("trades").counts.revised == 1
    archived.run("retire", MUCH_LATER)

    assert names(archived) == numbers(6, 7)
    assert_nothing_lost(archived, *range(1, 6))


def test_signals_go_too_and_strategies_never(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path))
    put(stack, "rejected_signals", rejected_signal(1))
    put(stack, "live_signals", live_signal(2), live_signal(3, status="ACTIVE"))
    put(stack, "dim_strategies", strategy(1))
    for job in ("strategies", "rejected-signals", "expired-signals"):
        assert stack.run(job).counts.archived == 1

    assert stack.run("retire", MUCH_LATER).counts.revised == 2

    assert names(stack, "rejected_signals") == set()
    assert names(stack, "live_signals") == {"signal-0003"}
    assert names(stack, "dim_strategies") == {"strategy-0001"}


def test_a_row_that_is_missing_keeps_its_document(archived: LocalStack) -> None:
    archived.rows("DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND trade_id = 'position-0002'")

    archived.run("retire", MUCH_LATER)

    assert names(archived) == numbers(2, 6, 7)


def test_a_run_killed_at_any_call_loses_nothing(archived: LocalStack, wire: Wire, tmp_path: Path) -> None:
    for number in count(1):
        put(archived, "live_positions", position(1, round=number), position(2, round=number))
        archived.run("trades")
        call = kill_at(
            numbered(number), archived, wire, tmp_path / "output", "jobs.retire", "--delete", "--as-of", MUCH_LATER
        )
        assert_nothing_lost(archived, 1, 2)
        if call is None or moments.writes(call):
            assert archived.run("retire", MUCH_LATER).status is Status.SUCCEEDED, call
            assert names(archived) == numbers(6, 7)
        if call is None:
            break
    assert number > 15


def test_a_lost_answer_deletes_nothing_twice_and_loses_nothing(
    archived: LocalStack, wired: LocalStack, wire: Wire
) -> None:
    for number in count(1):
        put(archived, "live_positions", position(1, round=number))
        archived.run("trades")
        wire.set(after=cut(nth(number, moments.writes)))
        record = wired.run("retire", MUCH_LATER)
        assert record.status is Status.SUCCEEDED, (number, record.error)
        assert_nothing_lost(archived, *range(1, 6))
        if sum(map(moments.writes, wire.calls)) < number:
            break
    assert number > 4


def test_a_zombie_s_late_delete_does_not_touch_a_newer_document(archived: LocalStack, wire: Wire) -> None:
    def deletes(call: Call) -> bool:
        return (call.server, call.name) == ("firestore", "Commit") and call.mentions("retired/")

    gate = Gate(deletes)
    wire.set(before=gate)
    with ThreadPoolExecutor(1) as thread:
        zombie = thread.submit(archived.changed(**wire.environment).run, "retire", MUCH_LATER)
        with gate.held():
            put(archived, "live_positions", position(1, exit_reason="newer"))
            archived.run("trades")
        zombie.result(PATIENCE_S)
    assert names(archived) == numbers(1, 6, 7)


def test_the_audit_knows_what_was_retired_and_misses_what_is_lost(archived: LocalStack) -> None:
    archived.run("retire", MUCH_LATER)

    whole = archived.command("audit", "trades", "--json")
    (report,) = json.loads(whole.stdout)
    assert (whole.returncode, report["retired"], report["orphaned"]["count"]) == (0, 5, 0)

    archived.rows("DELETE FROM fact_trades WHERE ds >= '2000-01-01' AND trade_id = 'position-0002'")

    broken = archived.command("audit", "trades", "--json")
    (report,) = json.loads(broken.stdout)
    assert (broken.returncode, report["lost"]["examples"]) == (3, ["live_positions/position-0002"])
