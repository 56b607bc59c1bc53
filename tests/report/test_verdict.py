"""The first screen's verdict, from what the views say of the runs."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from infra.report import summary
from infra.report.asking import QUESTIONS, Answers, Scope
from jobs.registry import ONLY_BY_NAME, all_jobs

NOW = datetime(2026, 7, 1, 9, tzinfo=UTC)
TODAY = NOW.date()
SCHEDULED = [name for name in all_jobs() if name not in ONLY_BY_NAME]


def run(job: str, **columns: Any) -> dict[str, Any]:
    """A job that ended well this morning."""
    well = {"job": job, "last_status": "SUCCEEDED", "last_ended_well_at": NOW - timedelta(hours=9), "blind_spot": 0}
    return {**well, **columns}


def answers(*rows: dict[str, Any], until: date = TODAY, **others: list[dict[str, Any]]) -> Answers:
    """The jobs as given, and nothing else but what is named."""
    nothing: dict[str, list[dict[str, Any]]] = {name: [] for name in QUESTIONS}
    known = nothing | {"jobs": list(rows)} | others
    return Answers("project.dataset", Scope(date(2026, 1, 1), until), known)


def healthy(**columns: Any) -> list[dict[str, Any]]:
    """All jobs well but for `trades`, of which some columns are given."""
    return [run(name, **(columns if name == "trades" else {})) for name in SCHEDULED]


def test_the_thread_is_whole_when_every_last_run_ended_well_and_saw_everything() -> None:
    verdict = summary.verdict(answers(*healthy()), NOW)

    assert (verdict.state, verdict.faults) == ("whole", ())
    assert "0 documents in quarantine" in verdict.words


@pytest.mark.parametrize("status", ["FAILED", "INTERRUPTED", "ABANDONED"])
def test_a_last_run_that_did_not_end_well_is_named_with_the_command_that_tells_why(status: str) -> None:
    verdict = summary.verdict(answers(*healthy(last_status=status)), NOW)

    assert verdict.state == "look"
    assert verdict.faults == (f"trades: the last run ended {status}; `golden-thread runs --job trades` tells why",)


def test_refused_and_pending_documents_do_not_break_the_thread_and_are_counted_once_for_each_job() -> None:
    waiting = [
        {"job": "trades", "reason": "BAD_TYPE", "refused": 2, "pending": 4, "latest": True},
        {"job": "trades", "reason": "NOT_FINITE", "refused": 3, "pending": 4, "latest": True},
        {"job": "trades", "reason": "NOT_FINITE", "refused": 99, "pending": 99, "latest": False},
    ]
    verdict = summary.verdict(answers(*healthy(last_status="PARTIAL"), quarantine=waiting), NOW)

    assert verdict.state == "whole"
    assert "5 documents in quarantine with a reason each, 4 left for the next run" in verdict.words


def test_a_blind_spot_is_named() -> None:
    (fault,) = summary.verdict(answers(*healthy(blind_spot=1)), NOW).faults

    assert fault.startswith("trades: the last runs did not see 1 document of their source")


def test_a_job_that_missed_two_turns_or_never_ran_is_named() -> None:
    late = healthy(last_ended_well_at=NOW - timedelta(hours=49))
    never = [row for row in healthy() if row["job"] != "trades"]

    assert summary.verdict(answers(*late), NOW).faults == (
        "trades: ended well last on 2026-06-29 08:00 UTC; `golden-thread run trades`",
    )
    assert "trades: no run that ended well is known" in summary.verdict(answers(*never), NOW).faults[0]
    assert summary.verdict(answers(*healthy(last_ended_well_at=NOW - timedelta(hours=47))), NOW).faults == ()


def test_of_days_gone_by_a_job_is_judged_as_of_their_end() -> None:
    then = datetime(2026, 3, 1, tzinfo=UTC)
    rows = [{**row, "last_ended_well_at": then - timedelta(hours=5)} for row in healthy()]

    assert summary.verdict(answers(*rows, until=date(2026, 2, 28)), NOW).state == "whole"


def test_a_job_that_this_version_does_not_know_is_judged_too() -> None:
    strange = run("some-new-job", last_status="FAILED", last_ended_well_at=None)

    assert "some-new-job: the last run ended FAILED" in summary.verdict(answers(*healthy(), strange), NOW).faults[0]


def test_a_job_that_runs_by_name_only_is_never_late() -> None:
    rare = run("price-patch", last_ended_well_at=NOW - timedelta(days=90))

    assert summary.verdict(answers(*healthy(), rare), NOW).state == "whole"


def test_the_job_that_records_the_others_is_not_late_for_want_of_its_own_record() -> None:
    others = [row for row in healthy() if row["job"] != "job-runs"]
    broken = run("job-runs", last_status="FAILED")

    assert summary.verdict(answers(*others), NOW).state == "whole"
    assert summary.verdict(answers(*others, broken), NOW).state == "look"


def test_nothing_is_known_before_the_first_run() -> None:
    assert summary.verdict(answers(), NOW).state == "unknown"
    assert summary.figures(answers()) == []


def test_the_filter_to_look_at_is_the_one_that_cost_most_and_none_that_saved() -> None:
    costs = [
        {"rejection_reason": name, "theoretical_pnl_usd": value, "signals": 1}
        for name, value in (("SAVED", Decimal(-9)), ("COST", Decimal(3)), ("COST_MORE", Decimal(4)), ("UNKNOWN", None))
    ]
    (worst,) = summary.figures(answers(rejections=costs))
    (none,) = summary.figures(answers(rejections=costs[:1]))

    assert ("COST_MORE" in worst.words, worst.value, worst.tone) == (True, "+4.00", "loss")
    assert (none.value, none.tone) == ("none", "gain")
