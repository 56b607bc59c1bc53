from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from schemas.document import Document
from schemas.reasons import Reason
from schemas.rejected_signals import RejectedSignalDocument
from schemas.trades import PositionDocument
from shared.guardian import SchemaGuardian
from shared.loop import Evidence
from shared.market import Market
from shared.quarantine import Reject
from tests.unit.fields import FIELDS, REQUIRED, SPOILT
from tests.unit.samples import (
    AS_OF,
    ENTRY,
    MICROSECOND,
    ORDERS,
    POSITION,
    SAMPLES,
    admitted,
    built,
    candidate,
    evidence,
    guarded,
    order,
    raw,
    settings,
)
from tests.unit.tape import Tape, flat

EVERY_FIELD = [
    pytest.param(model, name, kind, id=f"{model.__name__}.{name}")
    for model, fields in FIELDS.items()
    for name, kind in fields.items()
]
CANARY = "c4n4ry"
CANARIES: tuple[Any, ...] = (
    *(CANARY, [CANARY], {CANARY: CANARY}, CANARY.encode(), [{"qty": CANARY, "price": CANARY, "timestamp": CANARY}]),
    *(-87654321.25, "87654321e40", "1987-06-05T04:03:02Z", "1987-06-05T04:03:02", True),
)


def reason_of(result: object) -> Reason | None:
    return result.reason if isinstance(result, Reject) else None


def canonical(model: type[Document], name: str) -> str:
    """The name that faults use for a field in any spelling."""
    return next((first for first, others in model.SPELLINGS.items() if name in others), name)


@pytest.mark.parametrize("model", FIELDS)
def test_the_table_of_kinds_knows_every_field_in_every_spelling(model: type[Document]) -> None:
    spellings = {other for others in model.SPELLINGS.values() for other in others}

    assert set(FIELDS[model]) == {*model.model_fields, *spellings} - {"document_id"}
    assert {canonical(model, name) for name in REQUIRED[model]} <= set(model.model_fields)


@pytest.mark.parametrize(("model", "name", "kind"), EVERY_FIELD)
def test_every_bad_value_of_a_field_has_its_reason_and_names_the_field(
    model: type[Document], name: str, kind: str
) -> None:
    first = canonical(model, name)
    for value, expected in SPOILT[kind]:
        result = guarded(model, **{first: None, name: value})

        assert isinstance(result, Reject), f"{value!r} was taken"
        assert (result.reason, value) == (expected, value)
        assert {fault.field.split(".")[0] for fault in result.faults} == {first}


@pytest.mark.parametrize(("model", "name", "kind"), EVERY_FIELD)
def test_a_field_that_is_absent_or_null_is_missing_only_if_required(
    model: type[Document], name: str, kind: str
) -> None:
    first = canonical(model, name)
    absent = {key: value for key, value in SAMPLES[model].items() if key != first}
    expected = Reason.MISSING_FIELD if first in REQUIRED[model] else None

    assert reason_of(guarded(model, **{first: None, name: None})) is expected, kind
    assert reason_of(SchemaGuardian(model, 1000).admit(raw(model, absent))) is expected


@pytest.mark.parametrize(("model", "name", "kind"), EVERY_FIELD)
def test_no_message_repeats_the_value(model: type[Document], name: str, kind: str) -> None:
    for value in CANARIES:
        result = guarded(model, **{canonical(model, name): None, name: value})

        if isinstance(result, Reject):
            told = repr(result.faults)
            assert CANARY not in told, kind
            assert "8765" not in told
            assert "1987" not in told


def test_no_message_repeats_the_key() -> None:
    result = guarded(PositionDocument, position_id=CANARY)

    assert isinstance(result, Reject)
    assert CANARY not in repr(result.faults)


def refused_trade(orders: Any = ORDERS, **changes: Any) -> Any:
    return built("trades", candidate(PositionDocument, **changes), evidence(orders=orders))


STOCK: Mapping[str, Any] = {"symbol": "AAPL", "asset_class": "EQUITY"}
OVER_NIGHT: Mapping[str, Any] = {"exit_time": ENTRY + timedelta(days=1)}


def of_a_split_stock() -> Evidence:
    """What there is about a stock of which one share became ten on the day after the entry."""
    days = list(flat(ENTRY, 24, 100)), list(flat(ENTRY + timedelta(days=1), 24, 10))
    traded, adjusted = {"AAPL": [*days[0], *days[1]]}, {"AAPL": [*flat(ENTRY, 24, 10), *days[1]]}
    orders = [{**one, "symbol": "AAPL"} for one in ORDERS]
    market = Market(Tape(traded, settings(), adjusted), "1Hour", AS_OF)
    return replace(evidence(orders=orders), market=market)


UNFILLED = (ORDERS[0], order("o-out", "sell", None, "0"))
EARLIER: Mapping[str, datetime] = {"exit_time": ENTRY - MICROSECOND}
EXAMPLES: Mapping[Reason, Callable[[], Any]] = {
    Reason.TOO_LARGE: lambda: SchemaGuardian(PositionDocument, 1000).admit(raw(PositionDocument, POSITION, size=1001)),
    Reason.KEY_MISMATCH: lambda: guarded(PositionDocument, position_id="p-2"),
    Reason.MISSING_FIELD: lambda: guarded(PositionDocument, qty=None),
    Reason.BAD_TYPE: lambda: guarded(PositionDocument, qty="many"),
    Reason.NOT_FINITE: lambda: guarded(PositionDocument, qty=float("nan")),
    Reason.NAIVE_TIME: lambda: guarded(PositionDocument, entry_time="2026-03-02T10:00:00"),
    Reason.UNKNOWN_ENUM: lambda: guarded(PositionDocument, side="UP"),
    Reason.NOT_POSITIVE: lambda: guarded(PositionDocument, qty=0),
    Reason.OUT_OF_RANGE: lambda: guarded(PositionDocument, qty=1e30),
    Reason.EXIT_BEFORE_ENTRY: lambda: guarded(PositionDocument, **EARLIER),
    Reason.BROKER_ORDER_MISSING: lambda: refused_trade(orders=()),
    Reason.BROKER_NOT_FILLED: lambda: refused_trade(UNFILLED),
    Reason.MISSING_FILL_PRICE: lambda: refused_trade(UNFILLED, exit_fill_price=None),
    Reason.FEE_RATE_UNKNOWN: lambda: refused_trade(
        [{**one, "symbol": "AAPL"} for one in ORDERS],
        symbol="AAPL",
        asset_class="EQUITY",
        entry_time="2010-01-04T15:00:00Z",
    ),
    Reason.STOCK_SPLIT: lambda: built("trades", candidate(PositionDocument, **STOCK, **OVER_NIGHT), of_a_split_stock()),
}


@pytest.mark.parametrize("reason", Reason)
def test_every_reason_can_happen_and_tells_what_to_do_next(reason: Reason) -> None:
    result = EXAMPLES[reason]()

    assert reason_of(result) is reason
    assert [fault.code for fault in result.faults] == [reason.value]
    assert reason.advice.endswith(".")


def test_the_good_documents_are_good() -> None:
    for model in SAMPLES:
        assert admitted(model).extra == {}


@pytest.mark.parametrize("word", ["FILTERED", "THEORETICAL", "RISK_BLOCKED", "EXECUTED"])
def test_a_rejected_signal_may_be_classed_in_four_ways(word: str) -> None:
    assert admitted(RejectedSignalDocument, trade_type=word).trade_type == word
