from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from schemas.expired_signals import LiveSignalDocument
from schemas.reasons import Reason
from schemas.rejected_signals import RejectedSignalDocument
from schemas.trades import PositionDocument
from shared.quarantine import Reject
from tests.unit.samples import ENTRY, EXIT, MICROSECOND, POSITION, admitted, guarded


@pytest.mark.parametrize(("engine", "ours"), [("buy", "LONG"), ("sell", "SHORT"), ("LONG", "LONG"), ("SHORT", "SHORT")])
def test_both_words_for_a_side_are_read(engine: str, ours: str) -> None:
    assert admitted(PositionDocument, side=engine).side == ours


@pytest.mark.parametrize("side", ["BUY", "Long", "flat", "LONG "])
def test_no_other_word_is_a_side(side: str) -> None:
    result = guarded(PositionDocument, side=side)

    assert isinstance(result, Reject)
    assert result.reason is Reason.UNKNOWN_ENUM


ALTERNATIVES = [
    (PositionDocument, "entry_fill_price", "filled_avg_price", 101, 102),
    (PositionDocument, "entry_time", "filled_at", ENTRY, ENTRY + MICROSECOND),
    (PositionDocument, "entry_order_id", "alpaca_order_id", "one", "two"),
    (PositionDocument, "current_stop", "current_stop_loss", 95, 96),
    (RejectedSignalDocument, "take_profit_1", "tp1", 120, 121),
    (LiveSignalDocument, "take_profit_1", "tp1", 120, 121),
]
spelled_twice = pytest.mark.parametrize(("model", "first", "second", "value", "another"), ALTERNATIVES)


@spelled_twice
def test_the_other_spelling_alone_is_read(model: Any, first: str, second: str, value: Any, another: Any) -> None:
    document = admitted(model, **{first: None, second: value})

    assert getattr(document, first) == value != another
    assert document.extra == {}


@spelled_twice
def test_two_spellings_that_agree_are_one(model: Any, first: str, second: str, value: Any, another: Any) -> None:
    document = admitted(model, **{first: value, second: value})

    assert getattr(document, first) == value != another
    assert document.extra == {}


@spelled_twice
def test_of_two_spellings_that_differ_the_first_counts_and_the_second_is_kept(
    model: Any, first: str, second: str, value: Any, another: Any
) -> None:
    document = admitted(model, **{first: value, second: another})

    assert getattr(document, first) == value
    assert document.extra == {second: another}


@spelled_twice
def test_a_null_in_either_spelling_does_not_hide_the_other(
    model: Any, first: str, second: str, value: Any, another: Any
) -> None:
    document = admitted(model, **{first: value, second: None})

    assert getattr(document, first) == value != another
    assert document.extra == {}


@pytest.mark.parametrize("nothing", [0, 0.0, "0", "0.00", "", None])
def test_a_fill_price_that_says_nothing_does_not_hide_the_other_spelling(nothing: Any) -> None:
    first = admitted(PositionDocument, entry_fill_price=nothing, filled_avg_price=101)
    second = admitted(PositionDocument, entry_fill_price=101, filled_avg_price=nothing)

    assert first.entry_fill_price == second.entry_fill_price == 101
    assert first.extra == second.extra == {}


@pytest.mark.parametrize(
    ("model", "fields", "reason"),
    [
        (PositionDocument, {"entry_time": 0, "filled_at": ENTRY}, Reason.BAD_TYPE),
        (PositionDocument, {"current_stop": 0, "current_stop_loss": 95}, Reason.NOT_POSITIVE),
        (RejectedSignalDocument, {"take_profit_1": 0, "tp1": 120}, Reason.NOT_POSITIVE),
    ],
)
def test_garbage_that_is_zero_is_refused_although_the_other_spelling_is_good(
    model: Any, fields: dict[str, Any], reason: Reason
) -> None:
    result = guarded(model, **fields)

    assert isinstance(result, Reject)
    assert result.reason is reason


def test_a_fill_price_that_is_no_number_is_not_taken_for_an_unknown_one() -> None:
    first = guarded(PositionDocument, entry_fill_price="cheap", filled_avg_price=101)
    second = admitted(PositionDocument, entry_fill_price=101, filled_avg_price="cheap")

    assert isinstance(first, Reject)
    assert first.reason is Reason.BAD_TYPE
    assert second.extra == {"filled_avg_price": "cheap"}


def test_an_empty_order_id_does_not_hide_the_other_spelling() -> None:
    assert admitted(PositionDocument, entry_order_id="", alpaca_order_id="o-in").entry_order_id == "o-in"


def test_a_second_spelling_of_another_type_does_not_spoil_the_first() -> None:
    assert admitted(PositionDocument, entry_fill_price=1, filled_avg_price=True).entry_fill_price == 1


def test_each_generation_of_the_engine_is_read_alike() -> None:
    blank = dict.fromkeys(("entry_fill_price", "entry_time", "entry_order_id"))
    old = {"filled_avg_price": 100, "filled_at": ENTRY, "alpaca_order_id": "o-in", "current_stop_loss": 95}
    new = {"entry_fill_price": 100, "entry_time": ENTRY, "entry_order_id": "o-in", "current_stop": 95}

    assert admitted(PositionDocument, side="buy", **{**blank, **old}) == admitted(PositionDocument, **new)


def test_unknown_fields_are_kept_as_they_were() -> None:
    unknown = {"note": "hello", "tags": ["a", None], "nested": {"deep": {"er": 1.5}}, "gone": None, "raw": b"\x00"}

    assert admitted(PositionDocument, **unknown).extra == unknown


@pytest.mark.parametrize(
    "name",
    [
        *(
            "document_id",
            "extra",
            "KEY",
            "SPELLINGS",
            "model_fields",
            "model_extra",
            "model_config",
            "model_dump",
            "copy",
        ),
        *("exit_order_ids", "__class__", "__dict__", "__init__", "__pydantic_extra__", "__fields_set__", "self", "cls"),
        *("_key_matches", "with space", "dotted.name", "`quoted`", "käse", "'"),
    ],
)
def test_an_unknown_field_named_like_our_own_machinery_changes_nothing(name: str) -> None:
    document = admitted(PositionDocument, **{name: "stolen"})

    assert document.extra == {name: "stolen"}
    assert document.document_id == "p-1"
    assert document.exit_order_ids == ("o-out",)
    assert document.model_dump(include={"qty"}) == {"qty": 2}


def test_a_field_under_the_reserved_name_of_the_id_cannot_replace_the_id() -> None:
    document = admitted(PositionDocument, __id__="stolen")

    assert (document.document_id, document.extra) == ("p-1", {})


def test_a_null_in_a_field_that_is_called_as_our_own_is_kept_like_any_unknown_one() -> None:
    document = admitted(PositionDocument, document_id=None, mood=None, price_patch=None)

    assert document.extra == {"document_id": None, "mood": None}


@given(st.text(min_size=1), st.text())
def test_any_field_name_no_model_knows_is_kept(name: str, value: str) -> None:
    second = {other for others in PositionDocument.SPELLINGS.values() for other in others}
    assume(name not in {*PositionDocument.model_fields, *second, "__id__"})

    assert admitted(PositionDocument, **{name: value}).extra == {name: value}


@pytest.mark.parametrize("key", ["p-2", "P-1", "p-1 ", "p-1\x00"])
def test_a_key_that_differs_from_the_id_is_refused(key: str) -> None:
    result = guarded(PositionDocument, position_id=key)

    assert isinstance(result, Reject)
    assert result.reason is Reason.KEY_MISMATCH


@pytest.mark.parametrize("value", [None, ""])
@pytest.mark.parametrize("name", ["position_id", "symbol", "exit_reason", "asset_class", "side", "status"])
def test_an_empty_required_text_is_missing(name: str, value: Any) -> None:
    result = guarded(PositionDocument, **{name: value})

    assert isinstance(result, Reject)
    assert result.reason is Reason.MISSING_FIELD
    assert [fault.field for fault in result.faults] == [name]


@pytest.mark.parametrize("value", [None, ""])
def test_an_empty_optional_text_is_none(value: Any) -> None:
    assert admitted(PositionDocument, discord_thread_id=value).discord_thread_id is None


def test_a_trade_without_a_type_was_executed() -> None:
    assert admitted(PositionDocument, trade_type=None).trade_type == "EXECUTED"


def test_a_position_may_open_and_close_at_once_but_not_backwards() -> None:
    assert admitted(PositionDocument, exit_time=ENTRY).exit_time == ENTRY
    result = guarded(PositionDocument, exit_time=ENTRY - MICROSECOND)

    assert isinstance(result, Reject)
    assert result.reason is Reason.EXIT_BEFORE_ENTRY


def test_times_are_compared_as_moments_not_as_text() -> None:
    document = admitted(PositionDocument, entry_time="2026-03-02T15:45:00+05:45", exit_time="2026-03-02T04:00:00-06:00")

    assert document.entry_time == document.exit_time == ENTRY


def test_a_signal_may_not_end_before_it_began() -> None:
    assert admitted(LiveSignalDocument, valid_until=ENTRY).valid_until == ENTRY
    result = guarded(LiveSignalDocument, valid_until=ENTRY - MICROSECOND)

    assert isinstance(result, Reject)
    assert result.reason is Reason.EXIT_BEFORE_ENTRY


def test_scale_outs_are_read_with_the_same_rules_as_the_document() -> None:
    parts = [{"qty": "0.5", "price": 105.25, "timestamp": "2026-03-02T12:00:00Z", "note": "half"}]
    document = admitted(PositionDocument, scaled_out_prices=parts, scaled_out_qty=0.5, scaled_out_price=0)

    assert document.scaled_out_prices is not None
    (part,) = document.scaled_out_prices
    assert (part.qty, part.price, part.timestamp) == (Decimal("0.5"), Decimal("105.25"), ENTRY + timedelta(hours=2))
    assert document.scaled_out_price is None


GOOD_PART = {"qty": 1, "price": 105, "timestamp": EXIT}


@pytest.mark.parametrize(
    ("spoil", "field", "reason"),
    [
        (lambda part: {**part, "qty": 0}, "scaled_out_prices.1.qty", Reason.NOT_POSITIVE),
        (lambda part: {**part, "price": "nan"}, "scaled_out_prices.1.price", Reason.NOT_FINITE),
        (lambda part: {**part, "timestamp": "2026-03-02T12:00:00"}, "scaled_out_prices.1.timestamp", Reason.NAIVE_TIME),
        (lambda part: {"qty": part["qty"], "price": 1}, "scaled_out_prices.1.timestamp", Reason.MISSING_FIELD),
        (lambda _: "half", "scaled_out_prices.1", Reason.BAD_TYPE),
        (lambda _: None, "scaled_out_prices.1", Reason.BAD_TYPE),
    ],
)
def test_a_bad_scale_out_is_named_by_its_position(
    spoil: Callable[[dict[str, Any]], Any], field: str, reason: Reason
) -> None:
    result = guarded(PositionDocument, scaled_out_prices=[GOOD_PART, spoil(GOOD_PART)])

    assert isinstance(result, Reject)
    assert result.reason is reason
    assert [fault.field for fault in result.faults] == [field]


def test_exits_are_named_once_in_the_order_exit_target_stop() -> None:
    document = admitted(PositionDocument, exit_order_id="b", tp_order_id="a", sl_order_id="b")

    assert document.exit_order_ids == ("b", "a")
    assert admitted(PositionDocument, exit_order_id="", tp_order_id=None).exit_order_ids == ()


@pytest.mark.parametrize(
    ("symbol", "asset_class"),
    [
        ("BTC/USD", "CRYPTO"),
        ("AAPL", "EQUITY"),
        ("BRK.B", "EQUITY"),
        ("AAPL260918C00150000", "OPTION"),
        ("X1", "EQUITY"),
    ],
)
def test_a_position_names_an_instrument_of_its_class(symbol: str, asset_class: str) -> None:
    assert admitted(PositionDocument, symbol=symbol, asset_class=asset_class).symbol == symbol


@pytest.mark.parametrize(
    ("symbol", "asset_class"),
    [("BTCUSD", "CRYPTO"), ("BTC/USD", "EQUITY"), ("AAPL", "OPTION"), ("aapl", "EQUITY"), ("AAPL\n", "EQUITY")],
)
def test_a_symbol_of_another_class_is_refused(symbol: str, asset_class: str) -> None:
    result = guarded(PositionDocument, symbol=symbol, asset_class=asset_class)

    assert isinstance(result, Reject)
    assert result.reason is Reason.BAD_TYPE


def test_a_read_document_cannot_be_changed() -> None:
    document = admitted(PositionDocument)

    with pytest.raises(ValueError, match="frozen"):
        setattr(document, "qty", Decimal(3))  # noqa: B010 - the type checker knows that it cannot be set
    assert document.qty == POSITION["qty"]
