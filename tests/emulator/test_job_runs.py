"""The records of runs in the warehouse: each once, as it ended, its own by the next run."""

from tests.emulator.promises import read_table
from tests.stack import LocalStack


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
