"""Several environments beside each other: bookkeeping in a database of its own, prefixed collections, labelled data."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from google.cloud import firestore

from jobs.registry import loops
from schemas.run_record import Status
from shared.audit import Audit
from shared.documents import open_firestore
from shared.warehouse import open_bigquery
from tests.emulator.builders import orders, position, put, strategy, write_market
from tests.emulator.promises import read_table
from tests.emulator.test_price_patch import broker_has, without_prices
from tests.emulator.test_retire import FAR_AHEAD, age, names, receipts
from tests.stack import LocalStack

BOOKS = "bookkeeping"
OURS = {"job_leases", "job_metadata", "quarantine"}


def collections(client: firestore.Client) -> set[str]:
    return {one.id for one in client.collections()}


def books(stack: LocalStack) -> firestore.Client:
    return open_firestore(stack.settings(), BOOKS)


def passes_its_audit(stack: LocalStack) -> bool:
    return Audit(loops()["trades"], stack.parts(), None).check().passed


def two_trades_and_a_broken_one(stack: LocalStack, directory: Path) -> None:
    stack.seed(write_market(directory, [1, 2]))
    put(stack, "live_positions", position(1), position(2), position(3, qty="NaN"))


@pytest.fixture
def apart(stack: LocalStack, tmp_path: Path) -> LocalStack:
    """Leases, records and quarantine in another database than the sources."""
    apart = stack.changed(FIRESTORE_BOOKKEEPING_DATABASE=BOOKS)
    two_trades_and_a_broken_one(apart, tmp_path)
    return apart


def test_an_archival_writes_nothing_where_its_sources_are(apart: LocalStack) -> None:
    assert apart.run("trades").status is Status.PARTIAL

    assert len(read_table(apart)) == 2
    assert collections(apart.firestore) == {"live_positions"}
    assert collections(books(apart)) == OURS
    assert passes_its_audit(apart)


def test_the_command_line_looks_where_the_bookkeeping_is(apart: LocalStack) -> None:
    ran = apart.run("trades")
    assert ran.run_id in apart.command("runs", "--json").stdout
    assert "NOT_FINITE" in apart.command("quarantine", "list", "--json").stdout


def test_run_records_are_archived_from_where_the_bookkeeping_is(apart: LocalStack) -> None:
    ran = apart.run("trades")

    archiving = apart.run("job-runs")

    assert (archiving.counts.read, archiving.counts.not_due, archiving.blind_spot) == (1, 1, 0)
    assert [row["job_run_id"] for row in read_table(apart, "job-runs")] == [ran.run_id]
    report = Audit(loops()["job-runs"], apart.parts(), None).check()
    assert (report.passed, report.archived, report.due) == (True, 1, 2)


def test_receipts_stay_where_the_documents_were(apart: LocalStack) -> None:
    apart.run("trades")
    age(apart)

    assert apart.run("retire", FAR_AHEAD).outcomes == {"deleted live_positions": 2}

    assert names(apart) == {"position-0003"}
    assert len(receipts(apart)) == 2
    assert collections(books(apart)) == OURS
    assert passes_its_audit(apart)


def test_the_price_patch_mends_the_source_and_keeps_its_record_apart(stack: LocalStack, tmp_path: Path) -> None:
    apart = stack.changed(FIRESTORE_BOOKKEEPING_DATABASE=BOOKS)
    broker_has(apart, tmp_path, *orders(1))
    put(apart, "live_positions", without_prices())

    assert apart.run("price-patch").counts.revised == 1

    assert collections(apart.firestore) == {"live_positions"}
    assert collections(books(apart)) == {"job_leases", "job_metadata"}


def test_two_environments_share_a_database_without_seeing_each_other(stack: LocalStack, tmp_path: Path) -> None:
    two_trades_and_a_broken_one(stack, tmp_path)
    paper = stack.changed(COLLECTION_PREFIX="paper_", BIGQUERY_DATASET="paper_of_the_same")
    put(paper, "live_positions", position(9, trade_type="THEORETICAL"))

    stack.run("trades")
    paper.run("trades")

    assert {row["trade_id"] for row in read_table(stack)} == {"position-0001", "position-0002"}
    assert [row["source_path"] for row in read_table(paper)] == ["paper_live_positions/position-0009"]
    assert collections(stack.firestore) == {
        "live_positions",
        "paper_live_positions",
        *OURS,
        "paper_job_leases",
        "paper_job_metadata",
    }
    assert passes_its_audit(stack)
    assert passes_its_audit(paper)


def test_a_retired_document_leaves_its_receipt_under_the_prefix(stack: LocalStack) -> None:
    paper = stack.changed(COLLECTION_PREFIX="paper_")
    put(paper, "live_positions", position(9, trade_type="THEORETICAL"))
    paper.run("trades")
    age(paper)

    assert paper.run("retire", FAR_AHEAD).counts.revised == 1

    assert "paper_retired" in collections(stack.firestore)
    assert passes_its_audit(paper)


def label(stack: LocalStack, environment: str) -> None:
    """Say of the dataset whose history it holds."""
    client = open_bigquery(stack.settings())
    dataset = client.create_dataset(stack.environment["BIGQUERY_DATASET"], exists_ok=True)
    dataset.labels = {"environment": environment}
    client.update_dataset(dataset, ["labels"])


@pytest.mark.parametrize(("dataset", "run"), [("prod", "paper"), ("paper", "prod"), ("paper", "dev")])
def test_a_run_never_touches_the_dataset_of_another_environment(dataset: str, run: str, stack: LocalStack) -> None:
    # Theoretical trades ask no broker, so the account, which is the stand-in's, is left out.
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"))
    label(stack, dataset)

    record = stack.changed(ENVIRONMENT=run, ALPACA_API_KEY="", ALPACA_SECRET_KEY="").run("trades")

    assert record.error is not None
    assert (record.status, record.error.type) == (Status.FAILED, "MixedEnvironmentsError")
    assert f"environment={dataset}, but ENVIRONMENT={run}" in record.error.message
    assert not stack.parts().tables.exists(loops()["trades"].row)


def test_a_run_of_the_dataset_s_own_environment_goes_ahead(stack: LocalStack) -> None:
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"))
    label(stack, "paper")
    assert stack.run("trades", ENVIRONMENT="paper").counts.archived == 1


@pytest.mark.parametrize("commit", ["unknown", "4b825dc642cb6eb9a060e54bf8d69288fbee4904-dirty"])
def test_real_money_s_history_is_written_by_no_code_that_nobody_can_look_up(commit: str, stack: LocalStack) -> None:
    put(stack, "dim_strategies", strategy(1))
    prod = stack.changed(ENVIRONMENT="prod", ALPACA_API_KEY="", ALPACA_SECRET_KEY="")

    record = prod.run("strategies", GIT_HASH=commit)

    assert record.error is not None
    assert (record.status, record.error.type, record.git_hash) == (Status.FAILED, "UntraceableCodeError", commit)
    assert commit in record.error.message
    assert not stack.parts().tables.exists(loops()["strategies"].row)
    assert prod.run("strategies", GIT_HASH="4b825dc642cb6eb9a060e54bf8d69288fbee4904").counts.archived == 1


def test_a_dataset_that_a_run_makes_bears_the_label_of_its_environment(stack: LocalStack) -> None:
    put(stack, "live_positions", position(1, trade_type="THEORETICAL"))
    stack.run("trades", ENVIRONMENT="paper")
    made = open_bigquery(stack.settings()).get_dataset(stack.environment["BIGQUERY_DATASET"])
    assert made.labels == {"environment": "paper"}


def test_only_what_explains_nothing_may_expire(apart: LocalStack) -> None:
    """Records of skipped runs and of healed documents carry the time from which the database may delete them."""
    ran = apart.run("trades")
    put(apart, "live_positions", position(2), position(3, trade_type="THEORETICAL"))
    books(apart).document("job_leases/fact_trades").update(
        {"owner": "another", "expires_at": datetime.now(UTC) + timedelta(hours=1)}
    )
    skipped = apart.run("trades")
    books(apart).document("job_leases/fact_trades").update({"owner": None})
    healed = apart.run("trades")

    records = {one.id: (one.to_dict() or {})["expires_at"] for one in books(apart).collection("job_metadata").stream()}
    assert (records[ran.run_id], records[healed.run_id]) == (None, None)
    assert records[skipped.run_id] > datetime.now(UTC) + timedelta(days=80)
    (quarantined,) = [one.to_dict() or {} for one in books(apart).collection("quarantine").stream()]
    assert quarantined["expires_at"] - quarantined["resolved_at"] == timedelta(days=90)


def test_a_record_that_is_opened_again_does_not_expire(apart: LocalStack) -> None:
    apart.run("trades")
    put(apart, "live_positions", position(3, trade_type="THEORETICAL"))
    apart.run("trades")
    put(apart, "live_positions", position(3, qty="NaN"))
    apart.run("trades")
    (quarantined,) = [one.to_dict() or {} for one in books(apart).collection("quarantine").stream()]
    assert (quarantined["resolved_at"], quarantined["expires_at"]) == (None, None)
