from datetime import UTC, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.trades import reconcile
from schemas.bigquery import columns
from schemas.trades import PositionDocument, Trade
from shared.loop import Verdict, by_revision
from shared.revision import stored_of
from shared.warehouse import Stored
from tests.unit.samples import EXIT, MICROSECOND, REVISION, built, candidate, evidence

PATCHED = {column.name for column in columns(Trade) if column.patched_by}
SUMS = {"fees_usd", "pnl_usd", "pnl_pct"}


def trade(**changes: Any) -> Trade:
    """The row of the good position with changed cells."""
    found = built("trades", candidate(PositionDocument), evidence())
    return Trade.model_validate({**found.model_dump(), **changes})


PATCH: dict[str, Any] = {
    "actual_fee_usd": Decimal("1.23"),
    "fee_finalized": True,
    "fee_method": "EXACT",
    "fee_tier": "1",
    "fee_unattributed_usd": Decimal("0.01"),
    "fee_reconciled_at": datetime(2026, 3, 4, tzinfo=UTC),
}

money = st.integers(-(10**20), 10**20).map(lambda billionths: Decimal(f"{billionths}E-9"))
patches = st.fixed_dictionaries(
    {
        "actual_fee_usd": st.none() | st.just(Decimal(0)) | money,
        "fee_finalized": st.booleans(),
        "fee_method": st.sampled_from(["ESTIMATED", "EXACT", "PRORATA", "NONE_POSTED"]),
        "fee_tier": st.none() | st.text(max_size=3),
        "fee_unattributed_usd": st.none() | money,
        "fee_reconciled_at": st.none() | st.datetimes(timezones=st.just(UTC)),
    }
)
revisions = st.fixed_dictionaries(
    {"gross_pnl_usd": money, "fee_estimate_usd": money, "exit_reason": st.text(min_size=1, max_size=3)},
    optional={
        "qty": st.just(Decimal(3)),
        "entry_price": st.just(Decimal(101)),
        "exit_price": st.just(Decimal(111)),
        "entry_order_id": st.sampled_from([None, "other"]),
        "exit_order_id": st.sampled_from([None, "other"]),
    },
)


def test_the_example_patch_covers_every_column_of_the_fee_patch() -> None:
    assert set(PATCH) == PATCHED


@given(patches, revisions)
def test_a_revision_keeps_what_the_patch_wrote_and_takes_the_rest_from_the_document(
    patch: dict[str, Any], revision: dict[str, Any]
) -> None:
    stored, new = trade(**patch), trade(**revision)
    row = reconcile(new, stored)

    assert row.model_dump(include=PATCHED - {"fee_finalized"}) == stored.model_dump(include=PATCHED - {"fee_finalized"})
    assert row.model_dump(exclude=PATCHED | SUMS) == new.model_dump(exclude=PATCHED | SUMS)
    assert Trade.model_validate(row.model_dump()) == row


@given(patches, revisions)
def test_after_a_revision_the_sums_hold(patch: dict[str, Any], revision: dict[str, Any]) -> None:
    row = reconcile(trade(**revision), trade(**patch))
    actual = patch["actual_fee_usd"]
    exact = Fraction(row.pnl_usd) / Fraction(row.entry_price * row.qty * row.contract_multiplier) * 100

    assert row.fees_usd == (revision["fee_estimate_usd"] if actual is None else actual)
    assert row.pnl_usd == row.gross_pnl_usd - row.fees_usd
    assert row.pnl_pct == Decimal(f"{round(exact * 10**9)}E-9")


@pytest.mark.parametrize(
    "change",
    [
        {"entry_order_id": "other"},
        {"exit_order_id": None},
        {"entry_price": Decimal("100.000000001")},
        {"exit_price": Decimal(111)},
        {"qty": Decimal(3)},
        {"order_ids": '{"entry":["o-in","o-0"],"exit":["o-out"]}'},
        {"order_ids": None},
    ],
    ids=str,
)
def test_fees_are_open_again_when_what_they_were_found_for_changed(change: dict[str, Any]) -> None:
    row = reconcile(trade(**change), trade(**PATCH))

    assert not row.fee_finalized
    assert row.actual_fee_usd == PATCH["actual_fee_usd"]


@pytest.mark.parametrize(
    "change",
    [
        {},
        {"exit_reason": "OTHER"},
        {"strategy_version": 9},
        {"source_rev": EXIT},
        {"qty": Decimal("2.00")},
        {"order_ids": '{"exit": ["o-out"], "entry": ["o-in"]}'},
    ],
    ids=str,
)
def test_fees_stay_final_when_fills_are_the_same(change: dict[str, Any]) -> None:
    assert reconcile(trade(**change), trade(**PATCH)).fee_finalized


def test_a_row_older_than_the_list_of_orders_does_not_open_the_fees() -> None:
    row = reconcile(trade(), trade(**{**PATCH, "order_ids": None}))

    assert row.fee_finalized
    assert row.order_ids == '{"entry":["o-in"],"exit":["o-out"]}'


def test_fees_that_were_not_final_do_not_become_so() -> None:
    assert not reconcile(trade(), trade(**{**PATCH, "fee_finalized": False})).fee_finalized


def test_a_known_fee_of_zero_is_a_fee() -> None:
    row = reconcile(trade(), trade(**{**PATCH, "actual_fee_usd": Decimal(0)}))

    assert (row.fees_usd, row.pnl_usd) == (Decimal(0), row.gross_pnl_usd)


def test_without_a_known_fee_the_new_estimate_counts() -> None:
    row = reconcile(trade(fee_estimate_usd=Decimal(5)), trade(**{**PATCH, "actual_fee_usd": None}))

    assert (row.fees_usd, row.pnl_usd) == (Decimal(5), Decimal(15))


def test_the_sums_hold_for_the_largest_amounts_too() -> None:
    gross = Decimal("12345678901234567890123456789.123456789")
    row = reconcile(trade(gross_pnl_usd=gross), trade(**{**PATCH, "actual_fee_usd": Decimal("0.1")}))

    assert Fraction(row.pnl_usd) == Fraction(gross) - Fraction(1, 10)


KEY = ("p-1",)


def verdict(*held: datetime, key: tuple[str, ...] = KEY, refresh: bool = False) -> Verdict:
    stored = [Stored(key, EXIT.date(), revision) for revision in held]
    return by_revision(candidate(PositionDocument, stored), KEY, refresh)


def test_a_key_that_the_table_lacks_is_new() -> None:
    assert verdict() is Verdict.NEW
    assert verdict(REVISION, key=("p-2",)) is Verdict.NEW


@pytest.mark.parametrize(
    ("held", "expected"),
    [(REVISION, Verdict.ALREADY), (REVISION + MICROSECOND, Verdict.ALREADY), (REVISION - MICROSECOND, Verdict.REVISED)],
)
def test_only_an_older_revision_is_revised(held: datetime, expected: Verdict) -> None:
    assert verdict(held) is expected
    assert verdict(held, refresh=True) is expected


def test_of_several_rows_under_one_key_the_newest_decides() -> None:
    assert verdict(REVISION - MICROSECOND, REVISION) is Verdict.ALREADY


def test_a_row_is_known_by_its_key_its_partition_and_its_revision() -> None:
    row = built("trades", candidate(PositionDocument), evidence())

    assert stored_of(row) == Stored(("p-1",), EXIT.date(), REVISION)
