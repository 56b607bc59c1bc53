"""A run and a refused document, told in sentences."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from infra.cli import story
from jobs.entry import EXPECTED
from schemas.run_record import Change, Counts, RunError, RunRecord, Status
from shared.next_steps import known, next_step

BEGAN = datetime(2026, 10, 1, 0, 15, tzinfo=UTC)
RUNBOOK = Path(__file__).parents[2] / "infra" / "README.md"


def record(**changes: Any) -> RunRecord:
    own = {"run_id": "trades-1", "job": "trades", "table": "fact_trades", "lease": "fact_trades", "as_of": BEGAN}
    version = {"git_hash": "0123456789abcdef", "schema_version": "3", "trigger": "schedule"}
    ended = {"started_at": BEGAN, "finished_at": BEGAN + timedelta(seconds=8.25), "status": Status.SUCCEEDED}
    return RunRecord(**{**own, **version, **ended, **changes})


def told(lines: Iterable[story.Line]) -> dict[str, str]:
    return dict(lines)


def test_a_run_says_what_ran_by_which_code_how_long_and_what_it_moved() -> None:
    counts = Counts(read=7, archived=4, already=1, revised=2, not_due=3)
    said = told(story.of_run(record(counts=counts, ds_min=BEGAN.date(), ds_max=BEGAN.date(), broker_calls=5)))

    assert said == {
        "trades-1": "trades did all there was to do.",
        "ran": "2026-10-01 00:15:00 UTC for 8.2 s",
        "by": "commit 0123456789ab, schema 3, started by schedule",
        "found": "7 due; 3 that are not, or not yet",
        "moved": "4 archived, 2 revised, 1 there already, 0 quarantined, 0 pending "
        "(into fact_trades, ds 2026-10-01 to 2026-10-01)",
        "cost": "0 bytes streamed, 0 bytes billed, 5 calls to the broker; about 0 USD",
        "next": "Nothing.",
    }


def test_what_was_refused_noticed_and_changed_is_told_with_what_to_do() -> None:
    said = told(
        story.of_run(
            record(
                status=Status.PARTIAL,
                counts=Counts(read=2, quarantined=2),
                rejects_by_reason={"NOT_FINITE": 2},
                drift={"mood": 7},
                totals={"posted": Decimal("1.500")},
                blind_spot=1,
                execution="gt-paper-trades-x1",
                attempt=1,
                changes=[Change(path=f"p/{n}", field="exit", old=None, new="1", evidence="order") for n in range(5)],
            )
        )
    )

    assert said["refused"] == "NOT_FINITE 2"
    assert said["new fields"] == "mood 7"
    assert said["sums, USD"] == "posted 1.5"
    assert said["blind spot"].startswith("1 documents")
    assert said["changed"].endswith("p/2 exit None -> 1; and 2 more (--json)")
    assert said["by"].endswith("execution gt-paper-trades-x1, attempt 2")
    assert "quarantine list --job trades" in said["next"]


@pytest.mark.parametrize("status", Status)
def test_every_ending_is_told(status: Status) -> None:
    assert "trades " in told(story.of_run(record(status=status)))["trades-1"]


@pytest.mark.parametrize("status", [Status.INTERRUPTED, Status.ABANDONED])
def test_a_run_that_was_cut_off_is_to_be_run_again(status: Status) -> None:
    assert told(story.of_run(record(status=status)))["next"] == "`golden-thread run trades`"


def test_a_failed_run_says_why_and_what_to_do() -> None:
    error = RunError(type="BrokerError", message="broker /orders: 401")
    said = told(story.of_run(record(status=Status.FAILED, error=error)))

    assert said["failed"] == "BrokerError: broker /orders: 401"
    assert said["next"] == next_step("BrokerError")


def test_every_error_that_the_runbook_advises_on_has_its_step() -> None:
    named = set(re.findall(r"`(\w+Error|PermissionDenied|Forbidden)`", RUNBOOK.read_text(encoding="utf-8")))

    assert len(named) > 5
    assert named <= known()


ALL = [*sorted(known()), "SomethingNobodyThoughtOfError", *(one.__name__ for one in EXPECTED)]


@pytest.mark.parametrize("error", ALL)
def test_every_step_names_something_to_do(error: str) -> None:
    assert re.search(r"`[a-z]|Add|settles", next_step(error))


REFUSED: dict[str, Any] = {
    "path": "live_positions/bad-1",
    "job": "trades",
    "reason": "NOT_POSITIVE",
    "errors": [
        {"field": "qty", "code": "NOT_POSITIVE", "message": "expected a number above zero"},
        {"field": "scaled.price", "code": "BAD_TYPE", "message": "expected a number"},
        {"field": "side", "code": "MISSING_FIELD", "message": "missing"},
    ],
    "errors_total": 4,
    "payload": '{"qty": -1, "scaled": {"price": "dear"}}',
    "first_seen": BEGAN,
    "last_seen": BEGAN,
    "attempts": 1,
    "run_id": "trades-1",
    "resolved_at": None,
}


def test_a_refusal_tells_each_fault_what_the_document_says_and_the_fix() -> None:
    said = told(story.of_refusal(REFUSED))

    assert said["live_positions/bad-1"] == "was refused by trades: NOT_POSITIVE."
    assert said["qty"] == "NOT_POSITIVE: expected a number above zero; the document says -1"
    assert said["scaled.price"] == "BAD_TYPE: expected a number; the document says dear"
    assert said["side"] == "MISSING_FIELD: missing; the document has no such field"
    assert said["and"] == "1 faults more"
    assert said["fix"] == "Prices and quantities must be above zero; correct the named field."
    assert said["then"].startswith("`golden-thread run trades`")
    assert said["seen"].startswith("once, first 2026-10-01 00:15:00 UTC")


@pytest.mark.parametrize(
    ("payload", "field", "said"),
    [
        ('{"filled_at": "2026-10-01T00:00:00"}', "entry_time", "filled_at 2026-10-01T00:00:00"),
        ('{"entry_time": null, "filled_at": ""}', "entry_time", "null"),
        ('{"entry_fill_price": 0, "filled_avg_price": -1}', "entry_fill_price", "filled_avg_price -1"),
        ('{"entry_fill_price": -2, "filled_avg_price": 1}', "entry_fill_price", "-2"),
        ('{"scaled_out_prices": [{"qty": 1}, {"qty": "x"}]}', "scaled_out_prices.1.qty", "x"),
    ],
)
def test_a_refusal_says_what_the_document_holds_wherever_it_writes_it(payload: str, field: str, said: str) -> None:
    fault = {"field": field, "code": "BAD_TYPE", "message": "wrong"}
    story_of_it = told(story.of_refusal({**REFUSED, "errors": [fault], "payload": payload}))

    assert story_of_it[field] == f"BAD_TYPE: wrong; the document says {said}"


def test_a_refusal_by_a_job_that_is_no_more_is_told_all_the_same() -> None:
    assert told(story.of_refusal({**REFUSED, "job": "of-old"}))["qty"].endswith("the document says -1")


def test_a_refusal_whose_document_was_cut_off_tells_the_rest() -> None:
    assert told(story.of_refusal({**REFUSED, "payload": '{"qty": -1, "sca'}))["qty"].endswith("above zero")


def test_a_refusal_that_is_over_says_since_when() -> None:
    over = {**REFUSED, "attempts": 3, "resolved_at": BEGAN, "resolved_by": "trades-2"}
    said = told(story.of_refusal(over))

    assert said["live_positions/bad-1"] == "was refused, and passed on 2026-10-01 00:15:00 UTC (run trades-2)."
    assert (said["then"], said["seen"].partition(",")[0]) == ("Nothing.", "3 times")
