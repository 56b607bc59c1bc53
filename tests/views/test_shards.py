"""Each shard of a table has runs of its own, and the views tell of the whole table. A day here is a case."""

from collections.abc import Iterator
from typing import Any

import pytest

from schemas.table import ArchivedRow
from shared.shards import shards
from tests.stack import LocalStack
from tests.views.rows import corner_with, job_run, shown

LEASES = [shard.of("fact_trades") for shard in shards(4)]
REFUSED = ('{"NOT_FINITE":1}', '{"BAD_TYPE":30,"NOT_FINITE":20}', None, '{"NOT_FINITE":300}')
MET = ('{"leverage":1}', '{"leverage":20,"say \\"when\\": 7":2}', None, '{"leverage":300}')


def runs_of_shards() -> Iterator[ArchivedRow]:
    for number, lease in enumerate(LEASES):
        found = {"rejects": REFUSED[number], "drift": MET[number], "pending_count": 10**number, "archived_count": 1}
        yield run(f"all well {number}", f"03-01 00:0{number}", "PARTIAL", number, **found)
        yield run(f"twice, early {number}", f"03-02 00:0{number}", "PARTIAL", number, **found)
        yield run(f"one failed {number}", f"03-03 00:0{number}", "PARTIAL" if number else "FAILED", number)
        yield run(f"mended, early {number}", f"03-04 00:0{number}", "SUCCEEDED" if number else "FAILED", number)
        yield run(f"one skipped {number}", f"03-05 00:0{number}", "SUCCEEDED" if number else "SKIPPED", number)
        yield run(f"all skipped {number}", f"03-06 00:0{number}", "SKIPPED", number)
        yield job_run(f"clean {number}", f"03-07 00:0{number}", "SUCCEEDED", lease=lease)
    yield run("twice, late", "03-02 12:00", "PARTIAL", 3, rejects='{"NOT_FINITE":4}', drift='{"leverage":5}')
    yield run("mended, late", "03-04 12:00", "SUCCEEDED", 0)


def run(name: str, started: str, status: str, shard: int, **columns: Any) -> ArchivedRow:
    return job_run(name, started, status, **columns, lease=LEASES[shard], blind_spot=7)


@pytest.fixture(scope="module")
def split(servers: LocalStack) -> Iterator[LocalStack]:
    with corner_with(servers, runs_of_shards()) as corner:
        yield corner


def refused(stack: LocalStack, day: str) -> dict[str | None, int]:
    return {row["reason"]: row["refused"] for row in shown(stack, "quarantine_trend", day)}


def test_a_split_table_refused_what_all_its_shards_refused(split: LocalStack) -> None:
    assert refused(split, "03-01") == {"BAD_TYPE": 30, "NOT_FINITE": 321}


def test_what_is_pending_in_all_shards_is_told_once_in_each_row(split: LocalStack) -> None:
    assert [row["pending"] for row in shown(split, "quarantine_trend", "03-01")] == [1111, 1111]


def test_the_last_of_the_shards_runs_stands_for_them(split: LocalStack) -> None:
    (drifted,) = (row for row in shown(split, "field_drift", "03-02") if row["field"] == "leverage")

    assert {row["job_run_id"] for row in shown(split, "quarantine_trend", "03-01")} == {"all well 3"}
    assert drifted["job_run_id"] == "twice, late"


def test_a_second_run_of_a_shard_takes_the_place_of_its_first_one_alone(split: LocalStack) -> None:
    assert refused(split, "03-02") == {"BAD_TYPE": 30, "NOT_FINITE": 25}
    assert {row["pending"] for row in shown(split, "quarantine_trend", "03-02")} == {111}


@pytest.mark.parametrize("day", ["03-01", "03-02"])
def test_fields_that_no_schema_knows_are_counted_over_all_shards_whatever_a_later_run_had_to_read(
    split: LocalStack, day: str
) -> None:
    met = {row["field"]: row["documents"] for row in shown(split, "field_drift", day)}

    assert met == {"leverage": 321, 'say \\"when\\": 7': 2}


def test_a_split_table_that_refused_nothing_has_one_row_without_a_reason(split: LocalStack) -> None:
    (row,) = shown(split, "quarantine_trend", "03-07")

    assert (row["reason"], row["refused"], row["pending"]) == (None, 0, 0)


def test_the_runs_of_all_shards_are_added_and_their_common_blind_spot_is_not(split: LocalStack) -> None:
    (row,) = shown(split, "data_freshness", "03-01")

    assert {name: row[name] for name in ("runs", "ended_well", "failed", "skipped")} == {
        "runs": 4,
        "ended_well": 4,
        "failed": 0,
        "skipped": 0,
    }
    assert (row["archived"], row["blind_spot"]) == (4, 7)


def test_a_split_table_fared_as_the_worst_of_its_shards_though_others_ended_later(split: LocalStack) -> None:
    statuses = {day: shown(split, "data_freshness", day)[0]["last_status"] for day in ("03-03", "03-04", "03-05")}

    assert statuses == {"03-03": "FAILED", "03-04": "SUCCEEDED", "03-05": "SUCCEEDED"}
    assert shown(split, "data_freshness", "03-06")[0]["last_status"] == "SKIPPED"


def test_a_split_table_is_as_fresh_as_its_stalest_shard(split: LocalStack) -> None:
    ended = {day: shown(split, "data_freshness", day)[0]["last_ended_well_at"] for day in ("03-02", "03-03", "03-04")}

    assert {day: moment and f"{moment:%H:%M:%S}" for day, moment in ended.items()} == {
        "03-02": "00:00:10",
        "03-03": None,
        "03-04": "00:01:10",
    }
