"""The records of runs in the warehouse: each once, as it ended, its own by the next run."""

from datetime import date
from typing import Any

import pytest

from jobs.registry import all_jobs
from shared.run import run
from shared.survey import Options
from tests.emulator.builders import position, put
from tests.emulator.promises import read_table
from tests.stack import LocalStack
from tests.views.rows import lay_out


def held(stack: LocalStack) -> dict[str, str]:
    """How the runs in the table ended, by their id."""
    return {row["job_run_id"]: row["status"] for row in read_table(stack, "job-runs")}


def test_a_run_archives_those_that_ended_and_the_next_one_archives_it(stack: LocalStack) -> None:
    trades = stack.run("trades")
    first = stack.run("job-runs")
    assert held(stack) == {trades.run_id: "SUCCEEDED"}

    second = stack.run("job-runs")

    assert (second.counts.archived, second.counts.already, second.counts.not_due) == (1, 1, 1)
    assert held(stack) == {trades.run_id: "SUCCEEDED", first.run_id: "SUCCEEDED"}


def test_a_run_that_is_found_dead_is_archived_as_abandoned(stack: LocalStack) -> None:
    record = stack.run("trades").model_dump(mode="json")
    stack.put("job_metadata", [{**record, "run_id": "dead", "status": "RUNNING", "finished_at": None}], "run_id")
    stack.run("job-runs")
    assert "dead" not in held(stack)

    stack.run("trades")
    stack.run("job-runs")

    assert held(stack)["dead"] == "ABANDONED"


@pytest.mark.parametrize(
    ("job", "narrow"),
    [
        ("trades", {"limit": 1}),
        ("trades", {"since": date(2021, 9, 1)}),
        ("trades", {"until": date(2021, 9, 1)}),
        ("price-patch", {"position": "position-0001"}),
    ],
)
def test_a_run_of_a_part_says_so_and_the_views_of_the_whole_leave_it_out(
    job: str, narrow: dict[str, Any], stack: LocalStack
) -> None:
    good = [position(number, trade_type="THEORETICAL") for number in (1, 2, 3)]
    put(stack, "live_positions", *good, *(position(number, qty="NaN") for number in (4, 5, 6, 7)))
    lay_out(stack)
    whole = run(all_jobs()["trades"], Options(), stack.parts())
    part = run(all_jobs()[job], Options(**narrow), stack.parts())
    stack.run("job-runs")

    said = {row["job_run_id"]: row["narrowed"] for row in read_table(stack, "job-runs")}
    trend = stack.rows("SELECT job_run_id, refused FROM quarantine_trend WHERE ds > '2000-01-01' AND job = 'trades'")
    assert said == {whole.run_id: False, part.run_id: True}
    assert trend == [{"job_run_id": whole.run_id, "refused": 4}]
