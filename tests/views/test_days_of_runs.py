"""What the views of runs, and the questions to them, say of a job that ran several times. A month here is a case."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from google.cloud.bigquery import ScalarQueryParameter

from infra.report import asking
from schemas.questions import question_named
from schemas.table import ArchivedRow
from tests.stack import LocalStack
from tests.views.rows import corner_with, job_run, shown

SHARDS = ("fact_trades-0", "fact_trades-1")
ASKED = {"of the report": asking.QUESTIONS["jobs"], "saved": question_named("data_freshness").sql}


def runs() -> Iterator[ArchivedRow]:
    yield from skipped_after_it_failed()
    yield from healed()
    yield from met_again()
    yield from looked_at_one()


def skipped_after_it_failed() -> Iterator[ArchivedRow]:
    yield job_run("good", "01-10 00:15", "SUCCEEDED", blind_spot=3)
    yield job_run("failed", "01-10 23:59", "FAILED")
    yield job_run("skipped", "01-11 00:00", "SKIPPED")
    yield job_run("skipped again", "01-12 00:00", "SKIPPED")


def healed() -> Iterator[ArchivedRow]:
    yield job_run("blind", "02-10 00:15", "SUCCEEDED", blind_spot=3)
    yield job_run("sees", "02-10 12:00", "PARTIAL", blind_spot=0)
    yield job_run("never came to look", "02-10 13:00", "FAILED", blind_spot=7)
    yield job_run("did not look", "02-11 00:15", "FAILED", blind_spot=0)
    for number, lease in enumerate(SHARDS):
        yield job_run(f"blind {number}", f"02-12 00:0{number}", "SUCCEEDED", lease=lease, blind_spot=3)
    yield job_run("one sees", "02-12 12:00", "SUCCEEDED", lease=SHARDS[0], blind_spot=0)
    yield job_run("did not look either", "02-13 00:15", "FAILED", blind_spot=0)


def met_again() -> Iterator[ArchivedRow]:
    yield job_run("met six", "03-10 00:15", "SUCCEEDED", drift='{"leverage":6}')
    yield job_run("met two", "03-10 06:00", "PARTIAL", drift='{"leverage":2,"lever":1}')
    yield job_run("read nothing new", "03-10 12:00", "SUCCEEDED")
    yield job_run("failed", "03-10 13:00", "FAILED", drift='{"leverage":90}')


def looked_at_one() -> Iterator[ArchivedRow]:
    whole = {"blind_spot": 2, "drift": '{"leverage":2}', "narrowed": False}
    yield job_run("whole", "04-10 00:15", "PARTIAL", '{"NOT_FINITE":4}', **whole)
    yield job_run("a part", "04-10 12:00", "SUCCEEDED", drift='{"leverage":5,"lever":1}', narrowed=True)
    yield job_run("before it was said", "04-11 00:15", "PARTIAL", '{"NOT_FINITE":4}', narrowed=None)
    yield job_run("only a part", "04-12 00:15", "PARTIAL", '{"NOT_FINITE":1}', narrowed=True)


@pytest.fixture(scope="module")
def ran(servers: LocalStack) -> Iterator[LocalStack]:
    with corner_with(servers, runs()) as corner:
        yield corner


def of_trades(stack: LocalStack, sql: str, since: str, until: str) -> dict[str, Any]:
    """What a question says of the job's days."""
    days = {"since": date.fromisoformat(f"2026-{since}"), "until": date.fromisoformat(f"2026-{until}")}
    parameters = [ScalarQueryParameter(name, "DATE", day) for name, day in days.items()]
    (row,) = stack.parts().warehouse.rows(sql, parameters)
    return dict(row)


@pytest.mark.parametrize("sql", ASKED.values(), ids=ASKED)
def test_days_on_which_every_run_was_skipped_do_not_hide_how_the_last_one_ended(sql: str, ran: LocalStack) -> None:
    assert of_trades(ran, sql, "01-01", "01-12")["last_status"] == "FAILED"
    assert of_trades(ran, sql, "01-11", "01-12")["last_status"] == "SKIPPED"


def test_days_on_which_every_run_was_skipped_do_not_hide_a_blind_spot(ran: LocalStack) -> None:
    assert of_trades(ran, ASKED["of the report"], "01-01", "01-12")["blind_spot"] == 3


def test_a_blind_spot_is_that_of_the_last_run_that_ended_well(ran: LocalStack) -> None:
    blind = {day: shown(ran, "data_freshness", day)[0]["blind_spot"] for day in ("02-10", "02-11", "02-12")}

    assert blind == {"02-10": 0, "02-11": None, "02-12": 3}


def test_a_day_without_a_good_run_does_not_hide_the_blind_spot_of_the_day_before(ran: LocalStack) -> None:
    assert of_trades(ran, ASKED["of the report"], "02-12", "02-13")["blind_spot"] == 3
    assert of_trades(ran, ASKED["of the report"], "01-10", "02-11")["blind_spot"] == 0


def test_a_field_that_no_schema_knows_is_told_of_a_day_whose_later_runs_had_nothing_to_read(ran: LocalStack) -> None:
    met = {row["field"]: (row["documents"], row["job_run_id"]) for row in shown(ran, "field_drift", "03-10")}

    assert met == {"leverage": (6, "met two"), "lever": (1, "met two")}


def test_a_run_of_a_part_does_not_pass_for_the_last_look_at_the_whole(ran: LocalStack) -> None:
    (refused,) = shown(ran, "quarantine_trend", "04-10")
    (met,) = shown(ran, "field_drift", "04-10")
    (fared,) = shown(ran, "data_freshness", "04-10")

    assert (refused["reason"], refused["refused"], refused["job_run_id"]) == ("NOT_FINITE", 4, "whole")
    assert (met["field"], met["documents"], met["job_run_id"]) == ("leverage", 2, "whole")
    assert (fared["runs"], fared["ended_well"], fared["blind_spot"]) == (2, 2, 2)
    assert f"{fared['last_ended_well_at']:%H:%M:%S}" == "00:15:10"


def test_a_run_of_a_part_alone_says_nothing_of_the_whole(ran: LocalStack) -> None:
    (fared,) = shown(ran, "data_freshness", "04-12")

    assert shown(ran, "quarantine_trend", "04-12") == shown(ran, "field_drift", "04-12") == []
    assert (fared["runs"], fared["last_ended_well_at"], fared["blind_spot"]) == (1, None, None)


def test_a_run_that_does_not_say_whether_it_was_of_a_part_was_of_the_whole(ran: LocalStack) -> None:
    assert [row["refused"] for row in shown(ran, "quarantine_trend", "04-11")] == [4]
    assert shown(ran, "data_freshness", "04-11")[0]["last_ended_well_at"] is not None
