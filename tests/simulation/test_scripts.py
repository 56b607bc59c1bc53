"""Histories without chance, told to the last count: what each run says that it did, and what is then in the tables."""

from datetime import timedelta
from typing import Any

import pytest

from shared.retirement import RECEIPTS, receipts
from tests.emulator.builders import orders, position
from tests.simulation.scripts import SCRIPTS, SOON
from tests.simulation.test_conformance import SimulatedStage
from tests.simulation.world import Errand

Counts = dict[str, int]
TOLD: dict[str, list[tuple[str, str, Counts, Counts]]] = {
    "revisions": [
        ("trades", "SUCCEEDED", {"read": 4, "archived": 4, "not_due": 1}, {}),
        ("trades", "PARTIAL", {"read": 2, "revised": 1, "quarantined": 1, "not_due": 2}, {"NOT_FINITE": 1}),
        ("trades", "SUCCEEDED", {"read": 2, "already": 1, "revised": 1, "not_due": 2}, {}),
    ],
    "late_fees": [
        ("trades", "SUCCEEDED", {"read": 3, "archived": 3}, {}),
        ("fee-patch", "PARTIAL", {"read": 3, "revised": 1, "pending": 2}, {}),
        ("fee-patch", "PARTIAL", {"read": 3, "revised": 2, "pending": 1}, {}),
        ("trades", "SUCCEEDED", {"read": 3, "already": 2, "revised": 1}, {}),
        ("fee-patch", "SUCCEEDED", {"read": 3, "already": 2, "revised": 1}, {}),
    ],
    "moving_days": [
        ("rejected-signals", "SUCCEEDED", {"read": 1, "archived": 1, "not_due": 1}, {}),
        ("expired-signals", "SUCCEEDED", {"read": 1, "archived": 1, "not_due": 1}, {}),
        ("rejected-signals", "SUCCEEDED", {"read": 1, "revised": 1, "not_due": 1}, {}),
        ("expired-signals", "PARTIAL", {"read": 2, "archived": 1, "quarantined": 1}, {"NOT_FINITE": 1}),
    ],
    "configurations": [
        *[("strategies", "SUCCEEDED", {"read": 1, "archived": 1}, {})] * 3,
        ("strategies", "SUCCEEDED", {"read": 1, "already": 1}, {}),
    ],
    "lacking_prices": [
        ("trades", "SUCCEEDED", {"read": 1, "archived": 1}, {}),
        ("price-patch", "SUCCEEDED", {"read": 1, "revised": 1}, {}),
        ("trades", "SUCCEEDED", {"read": 1, "revised": 1}, {}),
    ],
}


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_run_tells_what_it_did(name: str) -> None:
    stage = SimulatedStage()

    SCRIPTS[name](stage)

    assert [(job, status, positive(counts), why) for job, status, counts, why in stage.told] == TOLD[name]


def positive(counts: dict[str, Any]) -> Counts:
    return {name: count for name, count in counts.items() if count}


def test_a_late_fee_reaches_its_trade_and_outlives_a_revision() -> None:
    stage = SimulatedStage()

    SCRIPTS["late_fees"](stage)

    rows = sorted(stage.rows("trades"), key=lambda row: str(row["trade_id"]))
    assert [(row["fee_finalized"], row["fee_method"]) for row in rows] == [
        (True, "EXACT"),
        (True, "EXACT"),
        (True, "NONE_POSTED"),
    ]
    assert [row["revised_by"] is None for row in rows] == [False, True, True]
    assert all(row["fees_usd"] == row["actual_fee_usd"] for row in rows[:2])


@pytest.fixture
def retired() -> SimulatedStage:
    """Three archived positions of which one was edited since, two days later, and the retirement."""
    stage = SimulatedStage()
    stage.trade([order for number in (1, 2, 3) for order in orders(number)], [])
    for number in (1, 2, 3):
        stage.put("live_positions", position(number))
    stage.run("trades", SOON)
    stage.put("live_positions", position(2, note="edited"))
    stage.world.time.sleep(timedelta(days=2).total_seconds())
    return stage


def test_what_the_table_has_held_for_long_enough_is_deleted_and_leaves_a_receipt(retired: SimulatedStage) -> None:
    held = {row["trade_id"]: row["source_rev"] for row in retired.rows("trades")}

    (ended,) = retired.world.run(Errand("retire"))

    assert ended.record is not None
    assert positive(ended.record.counts.model_dump()) == {"read": 2, "revised": 2, "not_due": 1}
    assert ended.record.outcomes == {"deleted live_positions": 2}
    assert set(retired.world.documents("live_positions")) == {"position-0002"}
    receipts = [fields for _, fields in retired.world.documents(RECEIPTS).values()]
    assert sorted((one["path"], one["table"], one["key"], one["source_rev"], one["run_id"]) for one in receipts) == [
        (f"live_positions/{name}", "fact_trades", [name], held[name], ended.record.run_id)
        for name in ("position-0001", "position-0003")
    ]
    assert all(one["retired_at"] >= ended.record.started_at for one in receipts)


def test_receipts_are_read_back_by_their_table(retired: SimulatedStage) -> None:
    held = {row["trade_id"]: row["source_rev"] for row in retired.rows("trades")}
    retired.world.run(Errand("retire"))
    now, documents = retired.world.time.now(), retired.world.parts().documents

    with retired.world.governed():
        read, others = (list(receipts(documents, table, now)) for table in ("fact_trades", "rejected_signals"))

    names = ("position-0001", "position-0003")
    assert sorted(read) == [(f"live_positions/{name}", (name,), held[name]) for name in names]
    assert others == []


def test_what_was_retired_is_not_retired_again_and_what_is_put_back_is_no_new_trade(retired: SimulatedStage) -> None:
    retired.world.run(Errand("retire"))

    (again,) = retired.world.run(Errand("retire"))

    assert again.record is not None
    assert positive(again.record.counts.model_dump()) == {"not_due": 1}
    assert len(retired.rows("trades")) == 3
