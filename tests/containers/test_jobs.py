"""Every job in its container: the same data, the same day, the same outcome as in a process of this machine."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest

from infra.local.demo_data import generate
from jobs.registry import all_jobs
from schemas.registry import TABLES
from shared.settings import Settings
from shared.warehouse import Warehouse, open_bigquery
from tests.containers.engine import GIT_HASH
from tests.containers.outcome import COLLECTIONS, Outcome, outcome
from tests.containers.stack import Containers
from tests.stack import AS_OF, LocalStack

FAR_AHEAD = "2062-01-01T00:00:00Z"
"""Ahead of every clock: for retire, only real time counts."""
ORDER = [*(name for name in all_jobs() if name != "retire"), "retire"]
"""Retirement comes last: it deletes what the others read."""


@dataclass(frozen=True)
class Both:
    """What came of the month in containers, and on this machine."""

    ran: dict[str, subprocess.CompletedProcess[str]]
    contained: Outcome
    local: Outcome


@pytest.fixture(scope="module")
def both(containers: Containers, servers: LocalStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Both]:
    with servers.watched() as corner:
        local = corner.changed(GIT_HASH=GIT_HASH)
        # The same project, for it is part of every document's name and so of its size.
        contained = replace(containers, project=local.environment["GOOGLE_CLOUD_PROJECT"])
        contained.seed()
        month = tmp_path_factory.mktemp("month")
        generate(month)
        local.seed(month)
        ran = {job: run_both(job, contained, local) for job in ORDER}
        yield Both(ran, outcome(contained.settings()), outcome(local.settings()))


def run_both(job: str, contained: Containers, local: LocalStack) -> subprocess.CompletedProcess[str]:
    told: tuple[str, ...] = ()
    if job == "retire":
        age(contained.settings())
        age(local.settings())
        told = ("--delete",)
    local.run(job, as_of(job))
    return contained.run(f"jobs.{job.replace('-', '_')}", *told, as_of=as_of(job))


def as_of(job: str) -> str:
    return FAR_AHEAD if job == "retire" else AS_OF


def age(settings: Settings) -> None:
    """Let all the trades be written long ago, so that their documents may be retired."""
    warehouse = Warehouse(open_bigquery(settings), settings)
    long_ago = "TIMESTAMP '2021-09-02T00:00:00Z'"
    written = f"archived_at = {long_ago}, revised_at = IF(revised_by IS NULL, NULL, {long_ago})"
    list(warehouse.rows(f"UPDATE fact_trades SET {written} WHERE ds >= '2000-01-01'"))  # noqa: S608 - constants


@pytest.mark.parametrize("job", ORDER)
def test_a_job_in_its_container_ends_well(job: str, both: Both) -> None:
    assert both.ran[job].returncode == 0, both.ran[job].stdout + both.ran[job].stderr


@pytest.mark.parametrize("job", ORDER)
def test_its_run_is_recorded_as_on_this_machine(job: str, both: Both) -> None:
    assert both.contained.runs[job] == both.local.runs[job]


@pytest.mark.parametrize("table", [row.TABLE.name for row in TABLES])
def test_a_table_holds_the_same_rows(table: str, both: Both) -> None:
    assert both.contained.tables[table] == both.local.tables[table]
    assert both.contained.tables[table]


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_a_collection_holds_the_same_documents(collection: str, both: Both) -> None:
    assert both.contained.documents[collection] == both.local.documents[collection]
    assert both.contained.documents[collection]
