"""Jobs touch on the wire what `infra.needs` says they need, which is what Terraform grants them, and nothing else."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from google.cloud.firestore_v1.types import CommitRequest

from infra.needs import Needs, SourceUse, needs_of
from jobs.registry import all_jobs
from schemas.registry import TABLES
from schemas.run_record import Status
from shared.jobs import Job
from tests.emulator.builders import live_signal, put, rejected_signal, strategy
from tests.emulator.test_retire import age
from tests.emulator.wire import Call, Wire
from tests.emulator.work import seed_work
from tests.stack import LocalStack

BOOKS = "golden-thread"
WRITES: dict[SourceUse, set[str]] = {
    SourceUse.READS: set(),
    SourceUse.MENDS: {"update live_positions"},
    SourceUse.DELETES: {"delete live_positions", "update retired"},
}
"""What each use of the sources does to their database here."""


@pytest.fixture
def at_work(wired: LocalStack, tmp_path: Path) -> LocalStack:
    """A stack with work for every job, whose leases, run records and quarantine are in a database of their own."""
    seed_work(wired, tmp_path)
    put(wired, "rejected_signals", rejected_signal(1))
    put(wired, "live_signals", live_signal(1))
    put(wired, "dim_strategies", strategy(1))
    return wired.changed(FIRESTORE_BOOKKEEPING_DATABASE=BOOKS)


def test_every_job_touches_what_it_is_said_to_need(at_work: LocalStack, wire: Wire) -> None:
    for job in all_jobs().values():
        if job.name == "retire":
            age(at_work)
        wire.set()
        assert at_work.run(job.name).status in {Status.SUCCEEDED, Status.PARTIAL}
        assert touched(wire.calls) == wanted(job), job.name


def wanted(job: Job) -> dict[str, object]:
    needs: Needs = needs_of(job)
    return {
        "broker": needs.broker,
        "source writes": WRITES[needs.source],
        "tables": {*needs.reads, *needs.writes},
        "tables written": set(needs.writes),
    }


def touched(calls: Sequence[Call]) -> dict[str, object]:
    warehouse = [call for call in calls if call.server in {"bigquery", "storage"}]
    changing = [call for call in warehouse if call.server == "storage" or call.mentions("UPDATE `")]
    return {
        "broker": any(call.server == "broker" for call in calls),
        "source writes": set(_source_writes(calls)),
        "tables": set(_tables(warehouse)),
        "tables written": set(_tables(changing)),
    }


def _tables(calls: Sequence[Call]) -> Iterator[str]:
    for table in (row.TABLE.name for row in TABLES):
        if any(f"/{table}" in call.name or any(map(call.mentions, _named(table))) for call in calls):
            yield table


def _named(table: str) -> tuple[str, str]:
    """Spell a table as streams and statements do: the records that `job-runs` streams hold bare names."""
    return f"tables/{table}", f".{table}`"


def _source_writes(calls: Sequence[Call]) -> Iterator[str]:
    """Name what commits do outside the books: the kind of write and its collection."""
    for call in calls:
        if call.name != "Commit":
            continue
        request = CommitRequest.deserialize(call.request)
        if request.database.endswith(f"/{BOOKS}"):
            continue
        for write in request.writes:
            name = write.delete or write.update.name
            yield f"{'delete' if write.delete else 'update'} {name.split('/')[-2]}"
