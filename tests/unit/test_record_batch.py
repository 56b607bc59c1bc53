import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from schemas.accounts import AccountSnapshot
from schemas.arrow import arrow_schema, record_batch
from schemas.bigquery import Column, columns
from schemas.registry import TABLES
from schemas.strategies import StrategyVersion
from schemas.table import ArchivedRow
from schemas.trades import Trade

LARGEST = Decimal("9" * 29 + "." + "9" * 9)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "STRING": st.text(max_size=8),
    "JSON": st.dictionaries(st.text(max_size=4), st.integers(), max_size=2).map(json.dumps),
    "NUMERIC": st.sampled_from([LARGEST, LARGEST.copy_negate(), Decimal("1E+28"), Decimal("1E-9"), Decimal("-0E-9")])
    | st.integers(-(10**38) + 1, 10**38 - 1).map(lambda billionths: Decimal(f"{billionths}E-9")),
    "TIMESTAMP": st.datetimes(timezones=st.just(UTC)),
    "DATE": st.dates(),
    "BOOL": st.booleans(),
    "INT64": st.sampled_from([0, 1, 2**63 - 1]),
}


def cell(column: Column) -> st.SearchStrategy[Any]:
    value = st.sampled_from(column.allowed) if column.allowed else VALUES[column.type]
    if column.mode == "REPEATED":
        return st.lists(value, max_size=3)
    return st.none() | value if column.mode == "NULLABLE" else value


def rows_of(row: type[ArchivedRow]) -> st.SearchStrategy[list[ArchivedRow]]:
    cells = st.fixed_dictionaries({column.name: cell(column) for column in columns(row)})
    return st.lists(cells.map(lambda values: row(**values)), max_size=2)


def received(row: type[ArchivedRow], batch: pa.RecordBatch) -> pa.RecordBatch:
    """The batch as the service reads it: schema and rows travel apart."""
    schema = pa.ipc.read_schema(pa.BufferReader(arrow_schema(row).serialize()))
    return pa.ipc.read_record_batch(pa.BufferReader(batch.serialize().to_pybytes()), schema)


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.TABLE.name)
@settings(max_examples=30)
@given(st.data())
def test_rows_arrive_exactly_as_they_were_sent(row: type[ArchivedRow], data: st.DataObject) -> None:
    sent = data.draw(rows_of(row))

    batch = received(row, record_batch(row, sent))

    batch.validate(full=True)
    assert batch.to_pylist() == [one.model_dump() for one in sent]
    assert [row.model_validate(record) for record in batch.to_pylist()] == sent


def example(row: type[ArchivedRow], **changes: Any) -> dict[str, Any]:
    """Cells of a row as small as can be."""
    plain: dict[str, Any] = {
        "STRING": "x",
        "JSON": "{}",
        "NUMERIC": Decimal(1),
        "TIMESTAMP": datetime(2026, 3, 2, tzinfo=UTC),
        "DATE": date(2026, 3, 2),
        "BOOL": True,
        "INT64": 1,
    }
    cells = {column.name: column.allowed[0] if column.allowed else plain[column.type] for column in columns(row)}
    lists = {column.name: ["x"] for column in columns(row) if column.mode == "REPEATED"}
    return {**cells, **lists, **changes}


def test_a_list_may_be_empty_and_keeps_its_order() -> None:
    rows = [StrategyVersion(**example(StrategyVersion, assets=assets)) for assets in ([], ["b", "a", "b"])]

    batch = received(StrategyVersion, record_batch(StrategyVersion, rows))

    assert batch.column("assets").to_pylist() == [[], ["b", "a", "b"]]


def test_an_empty_batch_has_the_tables_columns() -> None:
    batch = record_batch(Trade, [])

    assert (batch.num_rows, batch.schema.names) == (0, [column.name for column in columns(Trade)])


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("qty", 1),
        ("qty", 1.5),
        ("qty", "1.5"),
        ("qty", None),
        ("qty", Decimal("0.1234567891")),
        ("qty", Decimal(10) ** 29),
        ("qty", Decimal("NaN")),
        ("qty", Decimal("Infinity")),
        ("strategy_version", 2**63),
        ("strategy_version", -(2**63) - 1),
        ("strategy_version", True),
        ("strategy_version", Decimal(1)),
        ("entry_time", datetime.fromisoformat("2026-03-02T10:00:00")),
        ("entry_time", datetime.fromisoformat("2026-03-02T10:00:00+01:00")),
        ("entry_time", "2026-03-02T10:00:00Z"),
        ("ds", datetime(2026, 3, 2, tzinfo=UTC)),
        ("ds", "2026-03-02"),
        ("side", "buy"),
        ("symbol", None),
        ("symbol", b"AAPL"),
        ("fee_finalized", 1),
        ("unheard_of", 1),
    ],
)
def test_a_row_takes_nothing_but_the_exact_type(column: str, value: Any) -> None:
    with pytest.raises(ValidationError) as caught:
        Trade(**example(Trade, **{column: value}))

    assert [error["loc"] for error in caught.value.errors()] == [(column,)]


def test_counts_are_never_negative() -> None:
    with pytest.raises(ValidationError, match="positions_count"):
        AccountSnapshot(**example(AccountSnapshot, positions_count=-1))


def test_a_row_cannot_lack_a_column_that_no_other_job_owns() -> None:
    whole = example(Trade)
    patched = {column.name for column in columns(Trade) if column.patched_by}
    for name in sorted(set(whole) - patched):
        with pytest.raises(ValidationError, match=name):
            Trade(**{key: value for key, value in whole.items() if key != name})


def test_columns_of_the_fee_patch_begin_as_not_known() -> None:
    patched = {column.name for column in columns(Trade) if column.patched_by == "fee-patch"}
    row = Trade(**{name: value for name, value in example(Trade).items() if name not in patched})

    assert row.model_dump(include=patched) == {
        "actual_fee_usd": None,
        "fee_finalized": False,
        "fee_method": "ESTIMATED",
        "fee_tier": None,
        "fee_unattributed_usd": None,
        "fee_reconciled_at": None,
    }


def test_a_time_keeps_its_microseconds_at_both_ends_of_the_calendar() -> None:
    ends = [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC)]
    rows = [Trade(**example(Trade, entry_time=end)) for end in ends]

    arrived = received(Trade, record_batch(Trade, rows)).column("entry_time").to_pylist()

    assert arrived == ends
    assert arrived[1] - arrived[0] == ends[1] - ends[0]
    assert all(one.utcoffset() == timedelta(0) for one in arrived)
