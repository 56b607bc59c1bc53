"""A canary in place of the broker's keys: searched for in everything that any job writes."""

import json
from pathlib import Path

import pytest

from jobs.registry import all_jobs
from schemas.registry import TABLES
from tests.emulator.fees import SOON, post
from tests.emulator.work import seed_work
from tests.stack import LocalStack

KEY, SECRET = "PKCANARYKEY0001", "canary/secret+0002"
COLLECTIONS = ("job_metadata", "quarantine", "job_leases", "live_positions", "retired")


@pytest.fixture
def canary(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """A stack whose jobs carry the canary, with work for every job: trades, a broken document, a missing price."""
    seed_work(stack, tmp_path)
    return stack.changed(ALPACA_API_KEY=KEY, ALPACA_SECRET_KEY=SECRET)


def everything_written(stack: LocalStack) -> dict[str, str]:
    """All that the jobs left behind, as text, by place."""
    client = stack.firestore
    documents = {name: [one.to_dict() for one in client.collection(name).stream()] for name in COLLECTIONS}
    names = [row.TABLE.name for row in TABLES]
    rows = {name: stack.rows(f"SELECT * FROM {name} WHERE ds >= '2000-01-01'") for name in names}  # noqa: S608 - our own tables
    found = {**documents, **rows, "log": stack.log.getvalue()}
    return {name: json.dumps(what, default=str) for name, what in found.items()}


def assert_no_secret(stack: LocalStack) -> None:
    written = everything_written(stack)
    assert len(written["job_metadata"]) > 1000, "the jobs wrote nothing to search"
    assert {name for name, text in written.items() if KEY in text or SECRET in text} == set()


def test_no_job_writes_a_key_when_all_goes_well(canary: LocalStack) -> None:
    for job in all_jobs():
        canary.run(job, SOON)

    assert_no_secret(canary)


@pytest.mark.parametrize("status", [401, 403, 422, 500])
def test_no_job_writes_a_key_that_the_broker_echoes(status: int, canary: LocalStack) -> None:
    canary.run("trades", SOON)
    echo = {"code": 40110000, "message": f"key {KEY} with secret {SECRET} may not"}
    canary.fail_broker(path="/*", kind="status", status=status, body=echo, times=10_000)

    records = [canary.run(job, SOON, RETRY_SECONDS="0.2") for job in all_jobs()]

    assert {record.status.value for record in records} > {"FAILED"}
    assert all("***" in record.error.message for record in records if record.error)
    assert_no_secret(canary)


def test_no_key_is_written_that_comes_back_in_the_broker_s_own_rows(canary: LocalStack, tmp_path: Path) -> None:
    strange = {"id": f"20210901000000000::{KEY}", "activity_type": "FILL", "transaction_time": "2021-09-01T01:00:00Z"}
    post(canary, tmp_path / "strange", strange)
    canary.run("trades", SOON)

    record = canary.run("fee-patch", SOON)

    assert record.outcomes["unreadable activities"] == 1
    assert_no_secret(canary)
