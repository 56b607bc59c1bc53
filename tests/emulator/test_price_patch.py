"""The price patch on real servers: a price only where none is, only a final one, and both values on record."""

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from infra.local.fixtures import write_bars, write_broker
from schemas.run_record import RunRecord, Status
from tests.emulator import moments
from tests.emulator.builders import Fields, bars, order_id, orders, position, put
from tests.emulator.promises import Promises, read_table
from tests.emulator.wire import PATIENCE_S, Gate, Wire, cut, nth
from tests.stack import LocalStack

NOWHERE = {"filled_qty": "0", "filled_avg_price": None, "filled_at": None}


def broker_has(stack: LocalStack, directory: Path, *rows: Fields) -> None:
    """Seed orders and bars."""
    write_bars(directory, "BTC/USD", bars())
    write_broker(directory, {"orders": list(rows)})
    stack.seed(directory)


def document(stack: LocalStack, number: int = 1) -> dict[str, Any]:
    return stack.firestore.document(f"live_positions/position-{number:04}").get().to_dict() or {}


def without_prices(number: int = 1, **changes: Any) -> Fields:
    return position(number, **{"entry_fill_price": None, "exit_fill_price": None, **changes})


@pytest.mark.parametrize("nothing", [None, 0, 0.0, "0", "0.000", float("nan"), ""])
def test_whatever_is_no_price_is_replaced_by_the_broker_s(nothing: Any, stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, entry_fill_price=nothing, exit_fill_price=nothing))

    record = stack.run("price-patch")

    assert (record.status, record.counts.read, record.counts.revised) == (Status.SUCCEEDED, 1, 1)
    assert (document(stack)["entry_fill_price"], document(stack)["exit_fill_price"]) == (100.0, 110.0)
    assert record.outcomes == {"patched": 2}


def test_a_price_that_is_there_is_left_alone_however_wrong(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, entry_fill_price=99, exit_fill_price="111"))
    before = stack.firestore.document("live_positions/position-0001").get()

    assert stack.run("price-patch").counts.read == 0
    assert stack.firestore.document("live_positions/position-0001").get().update_time == before.update_time


def test_a_patch_keeps_to_the_spelling_of_the_document(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    fields = without_prices(filled_avg_price=0)
    del fields["entry_fill_price"]
    put(stack, "live_positions", fields)

    stack.run("price-patch")

    assert document(stack)["filled_avg_price"] == 100.0
    assert "entry_fill_price" not in document(stack)


def test_old_and_new_value_are_on_record_in_the_document_and_in_the_run(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1, "110.123456789"))
    put(stack, "live_positions", position(1, exit_fill_price=0))

    record = stack.run("price-patch")

    (change,) = record.changes
    assert (change.path, change.field, change.old, change.new) == (
        "live_positions/position-0001",
        "exit_fill_price",
        "0",
        "110.123456789",
    )
    noted = document(stack)["price_patch"]["exit_fill_price"]
    assert (noted["old"], noted["new"], noted["order_id"]) == (0, "110.123456789", order_id(1, "exit"))
    assert noted["run_id"] == record.run_id
    stored = stack.firestore.document(f"job_metadata/{record.run_id}").get().to_dict() or {}
    assert [one["new"] for one in stored["changes"]] == ["110.123456789"]


def test_a_price_that_no_double_holds_is_written_as_text(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1, "123456789012.123456789"))
    put(stack, "live_positions", position(1, exit_fill_price=0))

    stack.run("price-patch")

    assert document(stack)["exit_fill_price"] == "123456789012.123456789"


UNFILLED = {
    "canceled": "never filled",
    "expired": "never filled",
    "rejected": "never filled",
    "new": "still working",
    "accepted": "still working",
    "held": "still working",
    "something new": "still working",
}


@pytest.mark.parametrize(("status", "outcome"), UNFILLED.items())
def test_an_order_without_a_fill_is_never_a_price(status: str, outcome: str, stack: LocalStack, tmp_path: Path) -> None:
    entry, leave = orders(1)
    broker_has(stack, tmp_path, entry, {**leave, **NOWHERE, "status": status})
    put(stack, "live_positions", position(1, exit_fill_price=None))

    record = stack.run("price-patch")

    assert (record.status, record.counts.pending, record.outcomes) == (Status.PARTIAL, 1, {outcome: 1})
    assert document(stack)["exit_fill_price"] is None


def test_an_order_still_filling_is_waited_for(stack: LocalStack, tmp_path: Path) -> None:
    entry, leave = orders(1)
    broker_has(stack, tmp_path, {**entry, "status": "partially_filled", "filled_qty": "0.4"}, leave)
    put(stack, "live_positions", without_prices(status="OPEN"))

    assert stack.run("price-patch").outcomes == {"still working": 1}


def test_an_order_the_broker_does_not_know_is_not_found(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path)
    put(stack, "live_positions", position(1, entry_fill_price=None), position(2, entry_fill_price=0))

    record = stack.run("price-patch")

    assert record.outcomes == {"not found": 2}
    assert document(stack)["entry_fill_price"] is None


@pytest.mark.parametrize("wrong", ["../account", "not-a-uuid", "a/b?c=d", "%2e%2e", "ünïcode"])
def test_an_id_that_is_none_is_not_found_and_never_part_of_an_address(
    wrong: str, stack: LocalStack, tmp_path: Path
) -> None:
    broker_has(stack, tmp_path)
    put(stack, "live_positions", position(1, entry_fill_price=None, entry_order_id=wrong, exit_order_id=None))

    assert stack.run("price-patch").outcomes == {"not found": 1}
    assert {call["path"] for call in stack.broker_calls()} == {"/v2/orders:by_client_order_id"}


def test_the_price_of_a_position_closed_in_parts_is_the_average_of_all_parts(stack: LocalStack, tmp_path: Path) -> None:
    entry, leave = orders(1)
    first = {**leave, "id": order_id(11, "exit"), "client_order_id": "position-0001-scale1"}
    halves = {"qty": "0.5", "filled_qty": "0.5"}
    broker_has(stack, tmp_path, entry, {**first, **halves, "filled_avg_price": "120"}, {**leave, **halves})
    put(stack, "live_positions", position(1, exit_fill_price=None))

    assert stack.run("price-patch").outcomes == {"patched": 1}
    assert document(stack)["exit_fill_price"] == 115


def test_a_part_is_never_taken_for_the_whole(stack: LocalStack, tmp_path: Path) -> None:
    entry, leave = orders(1)
    broker_has(stack, tmp_path, entry, {**leave, "qty": "0.5", "filled_qty": "0.5"})
    put(stack, "live_positions", position(1, exit_fill_price=None, tp_order_id=order_id(99, "exit")))

    assert stack.run("price-patch").outcomes == {"not found": 1}
    assert document(stack)["exit_fill_price"] is None


def test_a_leg_of_a_spread_has_its_own_price_and_not_the_net_one(stack: LocalStack, tmp_path: Path) -> None:
    call, put_option = "AAPL261218C00230000", "AAPL261218P00200000"
    entry, _ = orders(1)
    legs = [
        {
            **entry,
            "id": order_id(n, "entry"),
            "client_order_id": f"leg-{n}",
            "symbol": symbol,
            "filled_avg_price": price,
        }
        for n, (symbol, price) in enumerate([(call, "4.1"), (put_option, "2.2")], start=31)
    ]
    spread = {**entry, "symbol": "", "side": "", "order_class": "mleg", "filled_avg_price": "1.9", "legs": legs}
    broker_has(stack, tmp_path, spread)
    put(stack, "live_positions", without_prices(status="OPEN", symbol=call, asset_class="OPTION"))

    assert stack.run("price-patch").outcomes == {"patched": 1}
    assert document(stack)["entry_fill_price"] == 4.1


def test_open_positions_need_an_entry_price_only(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", without_prices(status="OPEN"))

    assert stack.run("price-patch").outcomes == {"patched": 1}
    assert (document(stack)["entry_fill_price"], document(stack)["exit_fill_price"]) == (100.0, None)


def test_paper_positions_and_unknown_states_are_nobody_s_business(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", without_prices(1, trade_type="THEORETICAL"), without_prices(2, status="odd"))

    assert stack.run("price-patch").counts.read == 0


def test_an_entry_known_by_its_client_id_alone_is_found(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, entry_fill_price=None, entry_order_id=None))

    assert stack.run("price-patch").outcomes == {"patched": 1}


def test_one_position_can_be_patched_alone(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1), *orders(2))
    put(stack, "live_positions", without_prices(1), without_prices(2))

    record = stack.run("price-patch", position="position-0002")

    assert (record.counts.read, record.counts.revised) == (1, 1)
    assert document(stack, 1)["entry_fill_price"] is None
    assert document(stack, 2)["entry_fill_price"] == 100.0


def test_a_position_that_is_not_there_is_named_by_a_run_and_by_a_dry_run(stack: LocalStack) -> None:
    put(stack, "live_positions", without_prices(1))

    for options in ((), ("--dry-run",)):
        done = stack.command("run", "price-patch", "--position", "position-1", "--json", *options)

        assert done.returncode == 1
        record = json.loads(done.stdout)
        assert (record["status"], record["error"]) == (
            "FAILED",
            {"type": "NoSuchDocumentError", "message": "there is no live_positions/position-1"},
        )
    assert document(stack)["exit_fill_price"] is None


def test_a_position_that_lacks_nothing_is_no_error(stack: LocalStack) -> None:
    put(stack, "live_positions", position(1))

    record = stack.run("price-patch", position="position-0001")

    assert (record.status, record.counts.read) == (Status.SUCCEEDED, 0)


def test_a_dry_run_shows_old_and_new_and_writes_nothing(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, exit_fill_price=0))

    shown = stack.command("run", "price-patch", "--dry-run", "--json")

    assert shown.returncode == 0, shown.stderr
    (change,) = json.loads(shown.stdout)["changes"]
    assert (change["field"], change["old"], change["new"]) == ("exit_fill_price", "0", "110")
    assert document(stack)["exit_fill_price"] == 0
    assert [one.id for one in stack.firestore.collection("job_metadata").stream()] == []


@pytest.fixture
def while_asking(stack: LocalStack, wired: LocalStack, wire: Wire) -> Callable[[Fields | None], RunRecord]:
    """Patch, and update the document, or delete it, while the broker is being asked."""

    def patch(update: Fields | None) -> RunRecord:
        reference = stack.firestore.document("live_positions/position-0001")
        gate = Gate(moments.asks_broker)
        wire.set(before=gate)
        with ThreadPoolExecutor(1) as thread:
            patching = thread.submit(wired.run, "price-patch")
            with gate.held():
                _ = reference.update(update) if update else reference.delete()
            return patching.result(PATIENCE_S)

    return patch


def balance(record: RunRecord) -> dict[str, int]:
    """The counts that are not zero."""
    return {name: number for name, number in record.counts.model_dump().items() if number}


LEARNT = {"exit_fill_price": 109.5}
NO_PRICES = {"entry_fill_price": 0, "exit_fill_price": 0}


@pytest.mark.parametrize("update", [LEARNT, None], ids=["learnt", "deleted"])
def test_what_happens_to_a_document_meanwhile_is_not_undone(
    update: Fields | None, while_asking: Callable[[Fields | None], RunRecord], stack: LocalStack, tmp_path: Path
) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, exit_fill_price=0))

    record = while_asking(update)

    assert (record.outcomes, balance(record)) == ({"known meanwhile": 1}, {"read": 1, "already": 1})
    assert document(stack) == ({**position(1), **update} if update else {})


def test_of_two_prices_the_one_that_is_still_lacking_is_written(
    while_asking: Callable[[Fields | None], RunRecord], stack: LocalStack, tmp_path: Path
) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, **NO_PRICES))

    record = while_asking(LEARNT)

    assert record.outcomes == {"known meanwhile": 1, "patched": 1}
    assert balance(record) == {"read": 1, "revised": 1}
    assert [change.field for change in record.changes] == ["entry_fill_price"]
    assert (document(stack)["entry_fill_price"], document(stack)["exit_fill_price"]) == (100, 109.5)
    assert document(stack)["price_patch"].keys() == {"entry_fill_price"}


def test_a_document_that_learns_one_price_and_still_lacks_the_other_is_pending(
    while_asking: Callable[[Fields | None], RunRecord], stack: LocalStack, tmp_path: Path
) -> None:
    broker_has(stack, tmp_path, orders(1)[1])
    put(stack, "live_positions", position(1, **NO_PRICES))

    record = while_asking(LEARNT)

    assert record.outcomes == {"known meanwhile": 1, "not found": 1}
    assert balance(record) == {"read": 1, "pending": 1}


@pytest.mark.parametrize("absurd", ["1e30", "1e-30", "9e999999"])
def test_a_price_that_no_column_holds_is_told_of_its_document_and_stops_no_other(
    absurd: str, stack: LocalStack, tmp_path: Path
) -> None:
    broker_has(stack, tmp_path, *orders(1, absurd), *orders(2))
    put(stack, "live_positions", position(1, exit_fill_price=0), position(2, exit_fill_price=0))

    record = stack.run("price-patch")

    assert (record.status, record.outcomes) == (Status.PARTIAL, {"unusable price": 1, "patched": 1})
    assert (document(stack, 1)["exit_fill_price"], document(stack, 2)["exit_fill_price"]) == (0, 110)


def test_the_entry_of_another_position_is_no_exit_however_it_is_named(stack: LocalStack, tmp_path: Path) -> None:
    (entry, leave), (short, _) = orders(1), orders(2)
    short = {**short, "side": "sell", "client_order_id": "position-0001-x1", "filled_avg_price": "90"}
    broker_has(stack, tmp_path, entry, {**leave, "client_order_id": "position-0001-x2", "filled_qty": "0.75"}, short)
    # Named by nothing but its client id, and looked for by name since the rest is dust.
    put(stack, "live_positions", position(1, exit_fill_price=0, exit_order_id=None))
    put(stack, "live_positions", position(2, position_id="position-0001-x1", status="OPEN"))

    assert stack.run("price-patch").outcomes == {"patched": 1}
    assert document(stack)["exit_fill_price"] == 110


def test_a_healed_document_leaves_the_quarantine_with_the_next_run(stack: LocalStack, tmp_path: Path) -> None:
    entry, leave = orders(1)
    broker_has(stack, tmp_path, entry, {**leave, **NOWHERE, "status": "new"})
    put(stack, "live_positions", position(1, exit_fill_price=None))
    assert stack.run("trades").rejects_by_reason == {"MISSING_FILL_PRICE": 1}

    broker_has(stack, tmp_path / "filled", leave)
    assert stack.run("price-patch").outcomes == {"patched": 1}
    assert stack.run("trades").counts.archived == 1

    (record,) = Promises(stack).quarantine
    assert record["resolved_at"] is not None
    (row,) = read_table(stack)
    assert row["broker_check"] == "MATCHED"
    Promises(stack).assert_kept()


def test_a_trade_archived_with_the_broker_s_price_is_revised_once(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, exit_fill_price=0))
    stack.run("trades")
    (before,) = read_table(stack)
    assert (before["broker_check"], before["reported_exit_price"]) == ("CORRECTED", None)

    stack.run("price-patch")

    assert stack.run("trades").counts.revised == 1
    assert stack.run("trades").counts.already == 1
    (after,) = read_table(stack)
    assert (after["broker_check"], after["reported_exit_price"]) == ("MATCHED", 110)
    changed = {name for name in after if after[name] != before[name]}
    assert changed <= {"broker_check", "reported_exit_price", "source_rev", "revised_by", "revised_at"}
    assert after["source_extra"] is None, "the patch's own note is no unknown field"


def test_a_patch_whose_answer_is_lost_is_told_of_all_the_same(
    stack: LocalStack, wired: LocalStack, wire: Wire, tmp_path: Path
) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, exit_fill_price=0))
    patches = nth(1, lambda call: call.name == "Commit" and call.mentions("live_positions/"))
    wire.set(after=cut(patches))

    record = wired.run("price-patch")

    assert (record.status, record.outcomes) == (Status.SUCCEEDED, {"patched": 1})
    assert [(change.field, change.old, change.new) for change in record.changes] == [("exit_fill_price", "0", "110")]


def test_a_broker_that_fails_leaves_the_document_as_it_was(stack: LocalStack, tmp_path: Path) -> None:
    broker_has(stack, tmp_path, *orders(1))
    put(stack, "live_positions", position(1, exit_fill_price=0))
    stack.fail_broker(path="/v2/orders*", kind="status", status=500, times=1000)

    record = stack.run("price-patch", RETRY_SECONDS="0.5")

    assert (record.status, record.counts.pending) == (Status.FAILED, 1)
    assert document(stack)["exit_fill_price"] == 0
