from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.registry import loops
from jobs.strategies import contradictions
from schemas import SCHEMA_VERSION
from schemas.bigquery import columns
from schemas.registry import TABLES
from schemas.strategies import StrategyVersion
from schemas.table import ArchivedRow
from schemas.trades import PositionDocument, Trade
from shared.audit_rows import CURRENT, check, key_is_whole, recomputed, version_of
from shared.loop import AccountState, Candidate, Evidence, Loop
from tests.unit.samples import AS_OF, ENTRY, candidate, evidence, order
from tests.unit.samples import built as build
from tests.unit.tape import hourly

every_loop = pytest.mark.parametrize("loop", loops().values(), ids=lambda loop: loop.name)
HISTORY = [(date(2026, 3, day), str(99_000 + 777 * day)) for day in (1, 9, 5, 7)]


def sample(loop: Loop[Any, Any]) -> tuple[Candidate[Any], Any]:
    """The good record of a loop, and the row it becomes."""
    one = candidate(loop.document)
    row = build(loop.name, one, given_evidence())
    assert isinstance(row, ArchivedRow)
    return one, row.model_copy(update={"schema_version": SCHEMA_VERSION})


def given_evidence(**more: Any) -> Evidence:
    bars = hourly(ENTRY, *[("100", "121", "95", "118")] * 48)
    return evidence({"BTC/USD": bars}, account=AccountState((), HISTORY, {}, {}), **more)


def changed(value: Any) -> Any:
    """Another value of the same type."""
    match value:
        case bool():
            return not value
        case Decimal() | int():
            return value + 1
        case date():
            return value + timedelta(days=1)
        case list():
            return [*value, "another"]
        case None:
            return Decimal(7)
        case _:
            return f"{value}?"


@every_loop
def test_a_row_as_it_was_built_follows_from_itself_and_says_what_its_document_says(loop: Loop[Any, Any]) -> None:
    one, row = sample(loop)

    assert recomputed(row, loop.follows, one.as_of) == []
    assert {name: getattr(row, name) for name in loop.takes_over(one.document)} == loop.takes_over(one.document)
    assert check(loop.row, row.model_dump()).row == row


@every_loop
def test_a_change_of_any_derived_column_is_noticed(loop: Loop[Any, Any]) -> None:
    one, row = sample(loop)
    derived = loop.follows(row, one.as_of)

    assert "ds" in derived
    for name in derived:
        wrong = row.model_copy(update={name: changed(getattr(row, name))})
        assert name in recomputed(wrong, loop.follows, one.as_of), name


@every_loop
def test_the_columns_of_a_form_exist(loop: Loop[Any, Any]) -> None:
    one, row = sample(loop)
    model: type[ArchivedRow] = loop.row
    known = {column.name for column in columns(model)}

    assert {*loop.follows(row, one.as_of), *loop.takes_over(one.document)} <= known


price = st.decimals("0.000001", "99999", places=6)
quantity = st.decimals("0.000000001", "9999", places=9)


@given(
    st.sampled_from(["LONG", "SHORT"]), price, price, price, quantity, st.timedeltas(timedelta(0), timedelta(days=9))
)
def test_no_honest_trade_fails_to_follow(
    side: str, entry: Decimal, leave: Decimal, target: Decimal, qty: Decimal, held: timedelta
) -> None:
    sides = ("buy", "sell") if side == "LONG" else ("sell", "buy")
    orders = [
        order(name, way, str(at), str(qty), client_order_id=client)
        for name, way, at, client in (("o-in", sides[0], entry, "p-1"), ("o-out", sides[1], leave, "p-1-x"))
    ]
    one = candidate(PositionDocument, side=side, qty=qty, target_entry_price=target, exit_time=ENTRY + held)
    row = build("trades", one, evidence(orders=orders))

    assert isinstance(row, Trade)
    assert recomputed(row, loops()["trades"].follows, AS_OF) == []


def trade(version: int | str, **changes: Any) -> Mapping[str, Any]:
    _, row = sample(loops()["trades"])
    return {**row.model_dump(), "order_ids": None, "schema_version": str(version), **changes}


@pytest.mark.parametrize(
    ("record", "faults", "newer"),
    [
        (trade(CURRENT), (), False),
        (trade(1), (), False),
        (trade(1, revised_at=AS_OF), ("revised_at",), False),
        (trade(2, revised_at=AS_OF), ("revised_at",), False),
        (trade(2, order_ids="{}"), (), False),
        (trade(1, order_ids="{}", revised_at=AS_OF), ("order_ids", "revised_at"), False),
        (trade(3, order_ids="{}", revised_at=AS_OF), (), False),
        (trade(CURRENT, side="UP", symbol=None), ("symbol", "side"), False),
        (trade(1, side="UP", order_ids=7), ("order_ids", "side"), False),
        (trade(CURRENT + 1, side="UP"), (), True),
        (trade("new"), ("schema_version",), False),
        (trade("²"), ("schema_version",), False),
        (trade(CURRENT, schema_version=None), ("schema_version",), False),
    ],
)
def test_a_row_is_held_to_the_schema_it_was_written_under(
    record: Mapping[str, Any], faults: tuple[str, ...], *, newer: bool
) -> None:
    checked = check(Trade, record)

    assert (checked.faults, checked.newer) == (faults, newer)


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.TABLE.name)
def test_no_column_is_younger_than_the_schema_and_one_that_came_later_is_nullable(row: type[ArchivedRow]) -> None:
    later = [column for column in columns(row) if column.since > 1]

    assert later
    assert all(column.since <= CURRENT and column.mode == "NULLABLE" for column in later)


@pytest.mark.parametrize("missing", ["trade_id", "source_rev"])
def test_a_row_without_key_or_revision_cannot_be_placed(missing: str) -> None:
    assert key_is_whole(Trade, trade(CURRENT))
    assert not key_is_whole(Trade, trade(CURRENT, **{missing: None}))


def test_a_version_is_a_plain_number() -> None:
    assert [version_of({"schema_version": text}) for text in ("3", "03", "-3", "3.0", "", None, 3)] == [
        *(3, 3),
        *[None] * 5,
    ]


def versions(*found: tuple[int, str]) -> Sequence[StrategyVersion]:
    _, row = sample(loops()["strategies"])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    return [
        row.model_copy(update={"version": number, "config_hash": name, "valid_from": start + timedelta(days=day)})
        for day, (number, name) in enumerate(found)
    ]


@pytest.mark.parametrize(
    ("found", "wrong"),
    [
        (versions(), []),
        (versions((1, "a"), (2, "b"), (3, "a")), []),
        (versions((1, "a"), (3, "b")), ["its versions are [1, 3] by valid_from"]),
        (versions((2, "a"), (1, "b")), ["its versions are [2, 1] by valid_from"]),
        (versions((1, "a"), (1, "b")), ["its versions are [1, 1] by valid_from"]),
        (versions((2, "a")), ["its versions are [2] by valid_from"]),
        (versions((1, "a"), (2, "a"), (3, "b")), ["version 2 repeats the configuration before it"]),
    ],
)
@pytest.mark.parametrize("order_of", [list, lambda rows: list(reversed(rows))])
def test_versions_of_a_strategy_are_numbered_without_a_gap_and_differ_from_the_one_before(
    found: Sequence[StrategyVersion], wrong: list[str], order_of: Callable[[Any], list[Any]]
) -> None:
    assert contradictions(order_of(found)) == wrong
