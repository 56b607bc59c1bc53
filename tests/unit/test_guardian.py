from collections.abc import Mapping
from decimal import DivisionByZero
from functools import partial
from typing import Annotated, Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydantic import BeforeValidator, TypeAdapter, ValidationError

from jobs.registry import loops
from schemas.accounts import AccountDocument
from schemas.arrow import record_batch
from schemas.document import DOCUMENT_ID, Document, refuse
from schemas.expired_signals import LiveSignalDocument
from schemas.reasons import Reason
from schemas.rejected_signals import RejectedSignalDocument
from schemas.strategies import StrategyDocument
from schemas.table import ArchivedRow
from schemas.trades import PositionDocument, Trade
from shared.guardian import MAX_NAME, MAX_NAMES, OTHER, SchemaGuardian, rejected
from shared.loop import AccountState, Candidate, RefusedError
from shared.quarantine import Reject
from shared.values import to_json
from tests.unit import anything
from tests.unit.fields import FIELDS
from tests.unit.samples import (
    AS_OF,
    ENTRY,
    ORDERS,
    POSITION,
    SAMPLES,
    built,
    candidate,
    evidence,
    guarded,
    name_of,
    order,
    raw,
)
from tests.unit.tape import flat

MODELS = sorted(SAMPLES, key=lambda model: model.__name__)
JOBS = [
    ("trades", PositionDocument),
    ("rejected-signals", RejectedSignalDocument),
    ("expired-signals", LiveSignalDocument),
    ("strategies", StrategyDocument),
    ("account-snapshot", AccountDocument),
]
SECOND_SPELLINGS = {other for model in MODELS for others in model.SPELLINGS.values() for other in others}


def guardian(model: type[Document], max_bytes: int = 500_000) -> SchemaGuardian[Any, Any]:
    return SchemaGuardian(model, max_bytes)


def names(model: type[Document]) -> list[str]:
    """Every field of a model in every spelling."""
    return [*model.model_fields, *(other for others in model.SPELLINGS.values() for other in others)]


@st.composite
def spoilt(draw: st.DrawFn, model: type[Document], contents: st.SearchStrategy[Any]) -> dict[str, Any]:
    """A good document from which fields were taken and into which anything was written."""
    gone = draw(st.sets(st.sampled_from(names(model)), max_size=2))
    written = draw(st.dictionaries(st.sampled_from(names(model)) | anything.texts, contents, max_size=4))
    return {**{name: value for name, value in SAMPLES[model].items() if name not in gone}, **written}


@pytest.mark.parametrize("model", MODELS)
@given(st.data())
def test_no_document_whatever_makes_the_guardian_raise(model: type[Document], data: st.DataObject) -> None:
    fields = data.draw(spoilt(model, anything.values))

    result = guardian(model).admit(raw(model, fields))

    if isinstance(result, Reject):
        assert result.reason in Reason
        assert result.faults
        assert all(fault.code in Reason.__members__ and fault.message for fault in result.faults)
    else:
        assert result.document_id == name_of(model)


@st.composite
def extreme(draw: st.DrawFn, model: type[Document], scale: int) -> dict[str, Any]:
    """A good document whose numbers, times, texts and maps are as odd as the rules allow, with unknown fields."""
    strategies = anything.odd_but_good(scale)
    fixed = {model.KEY, "symbol", *SECOND_SPELLINGS}
    free = [name for name, kind in FIELDS[model].items() if kind in strategies and name not in fixed]
    odd = {name: draw(strategies[FIELDS[model][name]]) for name in free if draw(st.booleans())}
    known = {*names(model), DOCUMENT_ID}
    new_names = st.text(min_size=1, max_size=8).filter(lambda name: name not in known)
    unknown = draw(st.dictionaries(new_names, anything.stored_values, max_size=2))
    return {**unknown, **SAMPLES[model], **odd}


@pytest.mark.parametrize(("job", "model"), JOBS)
@settings(max_examples=200)
@given(st.data())
def test_whatever_is_admitted_becomes_a_row_that_can_be_sent_or_a_reject(
    job: str, model: type[Document], data: st.DataObject
) -> None:
    scale = data.draw(st.sampled_from([0, 1, 2]))
    source = raw(model, data.draw(extreme(model, scale)))
    document = guardian(model).admit(source)
    if isinstance(document, Reject):
        assert document.reason is Reason.EXIT_BEFORE_ENTRY
        return
    fills = [order(one["id"], one["side"], *data.draw(anything.broker_fills(scale))) for one in ORDERS]
    found = evidence({"BTC/USD": list(flat(ENTRY, 30))}, fills, account=AccountState((), (), {}, {}))

    result = built(job, Candidate(document, source, AS_OF), found)

    assert to_json(document.extra).startswith("{")
    if not isinstance(result, Reject):
        assert record_batch(loops()[job].row, [result]).num_rows == 1


@given(st.integers(0, 2000), st.integers(1000, 2000))
@example(1000, 1000)
@example(1001, 1000)
def test_a_document_is_too_large_from_one_byte_above_the_limit(size: int, limit: int) -> None:
    result = guardian(PositionDocument, limit).admit(raw(PositionDocument, POSITION, size=size))

    assert isinstance(result, Reject) == (size > limit)
    if isinstance(result, Reject):
        assert result.reason is Reason.TOO_LARGE


def test_of_several_faults_the_gravest_gives_the_reason_and_all_are_listed() -> None:
    result = guarded(PositionDocument, qty=0, entry_time="2026-03-02T10:00:00", side="flat", symbol=None)

    assert isinstance(result, Reject)
    assert result.reason is Reason.MISSING_FIELD
    assert {fault.field: fault.code for fault in result.faults} == {
        "qty": "NOT_POSITIVE",
        "entry_time": "NAIVE_TIME",
        "side": "UNKNOWN_ENUM",
        "symbol": "MISSING_FIELD",
    }


def test_what_is_grave_is_told_by_the_list_of_reasons_and_not_by_the_alphabet() -> None:
    result = guarded(PositionDocument, qty="many", entry_time="2026-03-02T10:00:00", symbol=None, side="flat")

    assert isinstance(result, Reject)
    assert result.reason is Reason.MISSING_FIELD


def test_a_fault_names_the_field_and_nothing_of_our_machinery() -> None:
    rejects = [
        guardian(model).admit(raw(model, {**SAMPLES[model], name: ["wrong"]}))
        for model in MODELS
        for name in names(model)
        if name != "document_id"
    ]
    found = {fault.field for reject in rejects if isinstance(reject, Reject) for fault in reject.faults}

    assert {field for field in found if not field.replace(".", "").replace("_", "").isalnum()} == set()


@given(st.lists(st.sampled_from(["note", "mood", "weather"]), unique=True, max_size=3))
def test_unknown_fields_are_counted_once_per_admitted_document(unknown: list[str]) -> None:
    guard = guardian(PositionDocument)
    extra: Mapping[str, Any] = dict.fromkeys(unknown, 1)

    guard.admit(raw(PositionDocument, {**POSITION, **extra}))
    guard.admit(raw(PositionDocument, {**POSITION, **extra, "qty": None}))
    guard.admit(raw(PositionDocument, {**POSITION, **extra}))

    assert guard.drift == dict.fromkeys(unknown, 2)


@pytest.mark.parametrize(
    ("name", "counted"),
    [
        ("n" * MAX_NAME, True),
        ("n" * (MAX_NAME + 1), False),
        ("ä" * (MAX_NAME // 2), True),
        ("ä" * (MAX_NAME // 2) + "n", False),
        ("", False),
        ("__reserved__", False),
        ("____", False),
        ("__two\nlines__", False),
        ("__begun", True),
        ("ended__", True),
    ],
)
def test_an_unknown_field_is_counted_by_its_name_where_a_record_can_hold_that(name: str, *, counted: bool) -> None:
    guard = guardian(PositionDocument)

    guard.admit(raw(PositionDocument, {**POSITION, name: 1}))

    assert guard.drift == {name if counted else OTHER: 1}


def test_a_document_with_half_a_character_in_a_field_s_name_is_refused() -> None:
    assert isinstance(guarded(PositionDocument, **{"half \ud800": 1}), Reject)


def test_only_so_many_unknown_fields_are_counted_one_by_one() -> None:
    guard = guardian(PositionDocument)
    guard.drift.update(f"field {number}" for number in range(MAX_NAMES - 1))

    for name in ("last", "late", "later", "last", "field 0"):
        guard.admit(raw(PositionDocument, {**POSITION, name: 1}))

    assert len(guard.drift) == MAX_NAMES + 1
    assert [guard.drift[name] for name in ("last", "field 0", "late", "later", OTHER)] == [2, 2, 0, 0, 2]


def test_a_row_that_breaks_its_own_schema_is_rejected_with_the_column() -> None:
    source = raw(PositionDocument, POSITION)
    row = built("trades", candidate(PositionDocument), evidence())

    def overgrown() -> ArchivedRow:
        return Trade.model_validate({**row.model_dump(), "strategy_version": 2**63, "pnl_pct": "1.5"})

    result = guardian(PositionDocument).check(source, overgrown)

    assert isinstance(result, Reject)
    assert result.reason is Reason.BAD_TYPE
    assert {fault.field: fault.code for fault in result.faults} == {
        "strategy_version": "OUT_OF_RANGE",
        "pnl_pct": "BAD_TYPE",
    }


@pytest.mark.parametrize("reason", Reason)
def test_a_refusal_while_building_keeps_its_reason(reason: Reason) -> None:
    source = raw(PositionDocument, POSITION)

    def refused() -> ArchivedRow:
        raise RefusedError(reason, "qty", "for a reason")

    def out_of_range() -> ArchivedRow:
        raise refuse(reason, "for a reason")

    by_job = guardian(PositionDocument).check(source, refused)
    by_rule = guardian(PositionDocument).check(source, out_of_range)

    assert isinstance(by_job, Reject)
    assert isinstance(by_rule, Reject)
    assert by_job.reason is by_rule.reason is reason
    said = {"code": reason.value, "message": "for a reason"}
    assert [vars(fault) for fault in by_job.faults] == [{"field": "qty", **said}]
    assert [vars(fault) for fault in by_rule.faults] == [{"field": "", **said}]


@pytest.mark.parametrize("error", [DivisionByZero(), OverflowError(), orjson.JSONEncodeError(), RecursionError()])
def test_a_row_that_cannot_be_computed_is_out_of_range(error: Exception) -> None:
    def incomputable() -> ArchivedRow:
        raise error

    result = guardian(PositionDocument).check(raw(PositionDocument, POSITION), incomputable)

    assert isinstance(result, Reject)
    assert result.reason is Reason.OUT_OF_RANGE
    text = f"a column cannot be computed from these values ({type(error).__name__})"
    assert [vars(fault) for fault in result.faults] == [{"field": "", "code": "OUT_OF_RANGE", "message": text}]


def test_a_reject_carries_the_document_that_was_refused() -> None:
    def raising(error: Exception) -> ArchivedRow:
        raise error

    invalid = raw(PositionDocument, {**POSITION, "qty": None})
    huge, source = raw(PositionDocument, POSITION, size=2000), raw(PositionDocument, POSITION)
    guard = guardian(PositionDocument, 1000)
    errors = (refuse(Reason.BAD_TYPE, "x"), RefusedError(Reason.BAD_TYPE, "qty", "x"), DivisionByZero())

    assert [getattr(guard.admit(one), "source", None) for one in (invalid, huge)] == [invalid, huge]
    assert [getattr(guard.check(source, partial(raising, one)), "source", None) for one in errors] == [source] * 3
    assert getattr(guard.check(source, partial(Trade.model_validate, {})), "source", None) is source


def test_a_document_that_is_too_large_is_told_by_how_much() -> None:
    result = guardian(PositionDocument, 1000).admit(raw(PositionDocument, POSITION, size=1001))

    assert isinstance(result, Reject)
    text = "1001 bytes; the limit is 1000"
    assert [vars(fault) for fault in result.faults] == [{"field": "", "code": "TOO_LARGE", "message": text}]


def test_the_name_of_a_faulty_field_and_the_words_about_it_are_cut() -> None:
    def wordy(_value: object) -> int:
        raise refuse(Reason.BAD_TYPE, "w" * 301)

    with pytest.raises(ValidationError) as caught:
        TypeAdapter(dict[str, Annotated[int, BeforeValidator(wordy)]]).validate_python({"n" * 201: 1})
    (fault,) = rejected(raw(PositionDocument, POSITION), caught.value).faults

    assert (fault.field, fault.message) == ("n" * 200, "w" * 300)


def test_a_bug_of_ours_is_not_mistaken_for_bad_data() -> None:
    def buggy() -> ArchivedRow:
        raise AttributeError("no such attribute")

    with pytest.raises(AttributeError, match="no such attribute"):
        guardian(PositionDocument).check(raw(PositionDocument, POSITION), buggy)
