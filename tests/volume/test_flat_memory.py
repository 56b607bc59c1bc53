"""Documents stream through: however many there are, the process that moves them holds one page at a time."""

from pathlib import Path

import pytest

from tests.emulator.builders import write_market
from tests.stack import LocalStack
from tests.volume.measured_job import Measured, measured
from tests.volume.source import rejected_signals

JOB = "jobs.rejected_signals"
MIB = 2**20
SLOPE = 150
"""Bytes per document that a run may grow by; keys kept in a dict, and paths in a list, take twice as much."""
CAP = 512 * MIB
HUGE = 900_000


@pytest.fixture(autouse=True)
def _market(stack: LocalStack, tmp_path: Path) -> None:
    stack.seed(write_market(tmp_path))


def counted(run: Measured, what: str) -> int:
    """How many documents ended like this, when the run ended well and nothing else did."""
    counts = run.record["counts"]
    assert run.record["error"] is None
    assert counts["read"] == counts[what]
    return int(counts[what])


def test_a_run_of_twenty_thousand_documents_grows_by_no_document(stack: LocalStack, tmp_path: Path) -> None:
    with rejected_signals(stack, tmp_path, 20_000) as many:
        first = measured(many, JOB, PAGE_SIZE="500")
        again = measured(many, JOB, PAGE_SIZE="500")
    assert counted(first, "archived") == counted(again, "already") == 20_000
    # By then names have been read by the page twice, and cyclic garbage has been looked for among the old objects.
    assert first.growth(after=10_000) < SLOPE
    assert again.growth(after=10_000) < SLOPE


def test_pages_of_huge_documents_are_cut_by_weight(stack: LocalStack, tmp_path: Path) -> None:
    with rejected_signals(stack, tmp_path, 120, rejection_metadata={"chart": "#" * HUGE}) as huge:
        run = measured(huge, JOB, MAX_DOCUMENT_BYTES="1048576")
    assert counted(run, "archived") == 120
    assert run.peak < CAP
    assert run.growth(after=40) < HUGE / 2, "what is left of a document that is done with"


@pytest.mark.nightly
def test_a_million_documents_fit_where_a_hundred_thousand_do(stack: LocalStack, tmp_path: Path) -> None:
    with rejected_signals(stack, tmp_path, 1_000_000) as million:
        first = measured(million, JOB)
        again = measured(million, JOB)
    assert counted(first, "archived") == counted(again, "already") == 1_000_000
    for run in (first, again):
        print(f"peak {run.peak / MIB:.0f} MiB, {run.growth(after=100_000):.1f} bytes per document")  # noqa: T201 - the figure
        assert run.peak < CAP
        assert run.resident(at=1_000_000) < 1.1 * run.resident(at=100_000)


@pytest.mark.nightly
def test_a_hundred_thousand_refused_documents_do_not_stay_in_memory(stack: LocalStack, tmp_path: Path) -> None:
    with rejected_signals(stack, tmp_path, 100_000, symbol=5) as refused:
        for _ in ("first", "again"):
            run = measured(refused, JOB)
            assert counted(run, "quarantined") == 100_000
            assert run.peak < CAP
            assert run.growth(after=20_000) < SLOPE
