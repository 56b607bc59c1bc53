"""What the views of runs, and the questions to them, say of a job that ran several times."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from google.cloud.bigquery import ScalarQueryParameter

from infra.report import asking
from schemas.questions import question_named
from schemas.table import ArchivedRow
from tests.stack import LocalStack
from tests.views.rows import corner_with, job_run

ASKED = {"of the report": asking.QUESTIONS["jobs"], "saved": question_named("data_freshness").sql}


def skipped_after_it_failed() -> Iterator[ArchivedRow]:
    yield job_run("good", "01-10 00:15", "SUCCEEDED", blind_spot=3)
    yield job_run("failed", "01-10 23:59", "FAILED")
    yield job_run("skipped", "01-11 00:00", "SKIPPED")
    yield job_run("skipped again", "01-12 00:00", "SKIPPED")


@pytest.fixture(scope="module")
def ran(servers: LocalStack) -> Iterator[LocalStack]:
    with corner_with(servers, skipped_after_it_failed()) as corner:
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
