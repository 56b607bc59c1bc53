"""Fills from the real client: what a run asks the broker beyond its orders, and what it makes of the answers.

What every kind of order becomes is in the golden pair of the loop.
"""

import json
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

from infra.local.fixtures import write_bars, write_broker
from schemas.run_record import Status
from tests.emulator.builders import HOUR, START, Fields, bars, order_id, orders, position, put, write_market
from tests.emulator.promises import Promises, read_table
from tests.emulator.two_accounts import two_accounts
from tests.stack import LocalStack

ACTIVITIES = "/v2/account/activities"
CALL = "AAPL210903C00150000"
EXPIRY = "2021-09-03T20:00:00+00:00"


def execution(number: int, price: str, qty: str = "1") -> Fields:
    """The execution of a position's exit."""
    return {
        "id": f"20210901{number:09}::{order_id(number, 'exit')}",
        "activity_type": "FILL",
        "type": "fill",
        "transaction_time": (START + (number + 2) * HOUR).isoformat(),
        "price": price,
        "qty": qty,
        "side": "sell",
        "symbol": "BTC/USD",
        "order_id": order_id(number, "exit"),
    }


def unpriced(number: int) -> list[Fields]:
    """The orders of a position whose exit does not say at what price it filled."""
    entry, leave = orders(number)
    return [entry, {**leave, "filled_avg_price": None}]


def market(stack: LocalStack, directory: Path, *rows: Iterable[Fields], activities: Iterable[Fields] = ()) -> None:
    """Seed the broker with orders and activities, and with bars."""
    write_bars(directory, "BTC/USD", bars())
    write_broker(directory, {"orders": [one for some in rows for one in some], "activities": list(activities)})
    stack.seed(directory)


def activity_reads(stack: LocalStack) -> list[dict[str, Any]]:
    return [call["query"] for call in stack.broker_calls() if call["path"].startswith(ACTIVITIES)]


def prices(stack: LocalStack) -> dict[str, Decimal]:
    return {row["trade_id"]: row["exit_price"] for row in read_table(stack)}


def test_clean_trades_read_no_activities(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path, range(1, 31)))
    put(stack, "live_positions", *map(position, range(1, 31)))

    assert stack.run("trades").counts.archived == 30
    assert activity_reads(stack) == []
    assert len([call for call in stack.broker_calls() if call["path"] == "/v2/orders"]) == 1


def test_the_executions_of_all_trades_that_need_them_are_read_at_once(stack: LocalStack, tmp_path: Path) -> None:
    needy = (1, 20, 40)
    market(
        stack,
        tmp_path,
        *(unpriced(number) if number in needy else orders(number) for number in range(1, 41)),
        activities=[execution(number, f"{110 + number}") for number in needy],
    )
    put(stack, "live_positions", *(position(number, exit_fill_price=0) for number in range(1, 41)))

    assert stack.run("trades").counts.archived == 40
    (read,) = activity_reads(stack)
    assert read["activity_types"] == "FILL"
    expected = {f"position-{n:04}": Decimal(110 + n if n in needy else 110) for n in range(1, 41)}
    assert prices(stack) == expected
    Promises(stack).assert_kept()


def test_no_page_reads_what_another_has_read(stack: LocalStack, tmp_path: Path) -> None:
    numbers = (1, 20, 100)
    market(stack, tmp_path, *map(unpriced, numbers), activities=[execution(number, "111") for number in numbers])
    put(stack, "live_positions", *(position(number, exit_fill_price=None) for number in numbers))

    assert stack.run("trades", PAGE_SIZE="1").counts.archived == 3
    assert set(prices(stack).values()) == {Decimal(111)}
    spans = [tuple(datetime.fromisoformat(read[name]) for name in ("after", "until")) for read in activity_reads(stack)]
    assert len(spans) == 3
    # Only the edges, which the broker leaves out, are read twice.
    assert all(after >= until - timedelta(seconds=2) for (_, until), (after, _) in pairwise(spans))


def test_an_order_that_nobody_knows_is_waited_for_until_its_executions_come(stack: LocalStack, tmp_path: Path) -> None:
    entry, _ = orders(1)
    market(stack, tmp_path, [entry])
    put(stack, "live_positions", position(1))

    assert stack.run("trades").rejects_by_reason == {"BROKER_ORDER_MISSING": 1}
    Promises(stack).assert_kept({"live_positions/position-0001": "BROKER_ORDER_MISSING"})

    market(stack, tmp_path, [entry], activities=[execution(1, "110")])
    assert stack.run("trades").counts.archived == 1
    Promises(stack).assert_kept()


def test_a_theoretical_trade_is_archived_as_it_says_and_asks_for_no_activities(
    stack: LocalStack, tmp_path: Path
) -> None:
    market(stack, tmp_path)
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"))

    assert stack.run("trades").status is Status.SUCCEEDED
    (row,) = read_table(stack)
    assert (row["broker_check"], row["order_ids"], activity_reads(stack)) == ("NOT_FOUND", None, [])


def option(**changes: Any) -> Fields:
    """A call bought with order 1 that was open at its expiry."""
    return position(
        1, symbol=CALL, asset_class="OPTION", exit_time=EXPIRY, exit_order_id=None, exit_fill_price=0, **changes
    )


def expiry(kind: str = "OPEXP", **more: Any) -> Fields:
    return {
        "id": f"20210903000000000::{order_id(1, 'exit')}",
        "activity_type": kind,
        "date": "2021-09-03",
        "created_at": "2021-09-04T02:00:00Z",
        "symbol": CALL,
        "qty": "-1",
        "net_amount": "0",
        "status": "executed",
        **more,
    }


def test_an_option_is_archived_once_the_broker_has_booked_its_expiry(stack: LocalStack, tmp_path: Path) -> None:
    bought = {**orders(1)[0], "symbol": CALL, "asset_class": "us_option"}
    market(stack, tmp_path, [bought])
    put(stack, "live_positions", option())
    assert stack.run("trades").rejects_by_reason == {"BROKER_ORDER_MISSING": 1}

    market(stack, tmp_path, [bought], activities=[expiry(status="canceled"), expiry(id="20210903000000000::booked")])
    assert stack.run("trades").counts.archived == 1
    (row,) = read_table(stack)
    assert (row["exit_price"], row["exit_order_id"], row["broker_check"]) == (0, None, "MATCHED")
    assert json.loads(row["order_ids"]) == {"entry": [order_id(1, "entry")], "exit": ["20210903000000000::booked"]}
    assert {read["activity_types"] for read in activity_reads(stack)} == {"OPEXP,OPASN,OPEXC"}
    Promises(stack).assert_kept()


def test_an_assignment_that_nobody_values_is_not_guessed(stack: LocalStack, tmp_path: Path) -> None:
    bought = {**orders(1)[0], "symbol": CALL, "asset_class": "us_option"}
    market(stack, tmp_path, [bought], activities=[expiry("OPASN")])
    put(stack, "live_positions", option())

    assert stack.run("trades").rejects_by_reason == {"MISSING_FILL_PRICE": 1}


def test_orders_and_executions_are_found_in_whichever_account_has_them(stack: LocalStack, tmp_path: Path) -> None:
    (entry, leave), far = orders(1), orders(2)
    market(stack, tmp_path, [entry, leave])
    second = {"orders": [far[0], {**far[1], "filled_avg_price": "0"}], "activities": [execution(2, "112")]}
    put(stack, "live_positions", position(1), position(2))
    with two_accounts(stack, tmp_path, second) as both:
        record = both.run("trades")

    assert record.counts.archived == 2
    assert prices(stack) == {"position-0001": Decimal(110), "position-0002": Decimal(112)}


def test_the_entry_of_a_position_is_no_exit_of_another_that_its_name_begins_with(
    stack: LocalStack, tmp_path: Path
) -> None:
    (opened, closed), (sold, bought) = orders(1), orders(2)
    name = "position-0001-x1"
    # A quarter of the first is still to be sold when the second, a short one, is opened.
    closed = {**closed, "filled_qty": "0.75"}
    quarter = {"filled_qty": "0.25", "filled_avg_price": "90"}
    sold = {**sold, **quarter, "side": "sell", "client_order_id": name}
    bought = {**bought, **quarter, "side": "buy", "client_order_id": f"{name}-x1"}
    market(stack, tmp_path, [opened, closed, sold, bought])
    put(stack, "live_positions", position(1), position(2, position_id=name, side="SHORT", qty=0.25, exit_order_id=None))

    assert stack.run("trades").counts.archived == 2
    found = {row["trade_id"]: (row["qty"], json.loads(row["order_ids"])["exit"]) for row in read_table(stack)}
    assert found == {
        "position-0001": (Decimal("0.75"), [order_id(1, "exit")]),
        name: (Decimal("0.25"), [order_id(2, "exit")]),
    }


def test_two_positions_that_left_by_one_order_are_not_counted_twice(stack: LocalStack, tmp_path: Path) -> None:
    (first, both), (second, _) = orders(1), orders(2)
    market(stack, tmp_path, [first, second, {**both, "filled_qty": "2"}])
    put(stack, "live_positions", position(1), position(2, exit_order_id=order_id(1, "exit")))

    assert stack.run("trades").rejects_by_reason == {"BROKER_NOT_FILLED": 2}
    assert read_table(stack) == []


def test_a_trade_waits_for_the_price_of_its_last_exit(stack: LocalStack, tmp_path: Path) -> None:
    entry, leave = orders(1)
    target = {**leave, "id": order_id(11, "exit"), "client_order_id": "position-0001-tp", "filled_qty": "0.25"}
    rest = {**leave, "filled_qty": "0.75", "filled_avg_price": None}
    market(stack, tmp_path, [entry, target, rest])
    put(stack, "live_positions", position(1))
    assert stack.run("trades").rejects_by_reason == {"MISSING_FILL_PRICE": 1}

    market(stack, tmp_path, [entry, target, {**rest, "filled_avg_price": "114"}])
    assert stack.run("trades").counts.archived == 1
    assert prices(stack) == {"position-0001": 113}
    Promises(stack).assert_kept()
