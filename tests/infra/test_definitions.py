"""What Terraform is told agrees with the program: tables, settings, the record that alerts read, and the runbook."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from google.cloud import bigquery
from pydantic import BaseModel

from infra.firestore_layout import EXPIRING, EXPIRY
from jobs.check.verdict import BROKEN_THREAD
from schemas.registry import TABLES
from schemas.run_record import RunRecord, Status
from schemas.table import ArchivedRow
from shared.lease import COLLECTION as LEASES
from shared.records import BalanceError
from shared.retirement import RECEIPTS
from shared.settings import Settings
from shared.warehouse import open_bigquery
from tests.emulator.builders import position, put
from tests.infra import files
from tests.infra.extract import PROJECT
from tests.stack import LocalStack

_CURRENT = {"BOOLEAN": "BOOL", "INTEGER": "INT64", "FLOAT": "FLOAT64"}
"""BigQuery answers with its legacy names."""
FILES = files.read()
CORNER = ("CHECK_DATASET", "CHECK_FIRESTORE_DATABASE")
ALERTS = FILES["infra/gcp/metrics.tf"] + FILES["infra/gcp/alerts.tf"]


@pytest.mark.parametrize("row", TABLES, ids=lambda row: row.TABLE.name)
def test_terraform_makes_the_table_that_schema_apply_makes(row: type[ArchivedRow], stack: LocalStack) -> None:
    settings = stack.settings()
    stack.parts().tables.apply(row)
    made = open_bigquery(settings).get_table(f"{settings.project}.{settings.dataset}.{row.TABLE.name}")

    assert described(made) == {
        name: value
        for name, value in json.loads(FILES["infra/gcp/tables.json"])[row.TABLE.name].items()
        if name not in {"name", "primary_key"}  # keys are not declared to BigQuery, which would not enforce them
    }


def described(table: bigquery.Table) -> dict[str, Any]:
    """Describe a table as the generated definitions do."""
    layout = table.time_partitioning
    return {
        "description": table.description,
        "partition_field": layout.field,
        "partition_type": layout.type_,
        "require_partition_filter": table.require_partition_filter,
        "clustering": table.clustering_fields,
        "schema": [
            {
                "name": field.name,
                "type": _CURRENT.get(field.field_type, field.field_type),
                "mode": field.mode,
                "description": field.description,
            }
            for field in table.schema
        ],
    }


def test_jobs_are_given_settings_that_the_program_knows() -> None:
    block = re.search(r"settings = merge\(\{(.*?)\}, var\.settings\)", FILES["infra/gcp/jobs.tf"], re.DOTALL)
    assert block is not None
    given = set(re.findall(r"^\s+([A-Z_]+) +=", block[1], re.MULTILINE))
    known = {str(field.alias) for field in Settings.model_fields.values()}

    assert given >= {"GOOGLE_CLOUD_PROJECT", "FIRESTORE_BOOKKEEPING_DATABASE", "ENVIRONMENT"}
    assert given | {"TRIGGER", "ALPACA_BASE_URL", "ALPACA_ACCOUNTS", *CORNER} <= known
    assert all(f"{name} " in FILES["infra/gcp/jobs.tf"] for name in CORNER)


def test_alerts_read_fields_that_a_run_record_has() -> None:
    read = set(re.findall(r"jsonPayload\.([a-z_.]+)", ALERTS))

    assert read >= {"status", "counts.quarantined", "error.type", "blind_spot", "dry_run", "run_id"}
    assert {path for path in read if not _has(RunRecord, path.split("."))} == set()


def _has(model: type[BaseModel], path: list[str]) -> bool:
    field = model.model_fields.get(path[0])
    if field is None or len(path) == 1:
        return field is not None
    inner = [one for one in (field.annotation, *getattr(field.annotation, "__args__", ())) if isinstance(one, type)]
    return any(issubclass(one, BaseModel) and _has(one, path[1:]) for one in inner)


def test_alerts_ask_for_states_and_errors_that_there_are() -> None:
    filters = [line.split("status=")[1] for line in ALERTS.splitlines() if "status=" in line]
    asked = {word for text in filters for word in re.findall(r"[A-Z]{4,}", text)}

    assert asked == {Status.SUCCEEDED, Status.PARTIAL, Status.FAILED}
    assert f'jsonPayload.error.type=\\"{BalanceError.__name__}\\"' in ALERTS
    assert f'jsonPayload.error.type=\\"{BROKEN_THREAD}\\"' in ALERTS


def test_the_line_that_ends_a_run_carries_what_alerts_read(stack: LocalStack) -> None:
    put(stack, "live_positions", position(1, qty="NaN"))
    stack.run("trades")
    (line,) = [one for one in map(json.loads, stack.log.getvalue().splitlines()) if "dry_run" in one]

    assert (line["status"], line["dry_run"], line["blind_spot"]) == ("PARTIAL", False, 0)
    assert line["counts"]["quarantined"] == 1
    assert line["run_id"].startswith("trades-")


def test_neither_leases_nor_receipts_ever_expire() -> None:
    fields = json.loads(FILES["infra/gcp/firestore.json"])["bookkeeping_fields"]
    expiring = {(one["collection"], one["field"]) for one in fields if one["ttl"]}

    assert expiring == {("quarantine", EXPIRY), ("job_metadata", EXPIRY)}
    assert {LEASES, RECEIPTS} & set(EXPIRING) == set()


def test_every_alert_leads_to_a_heading_of_the_runbook() -> None:
    headings = set(_anchors(PROJECT / "infra" / "README.md"))
    named = re.findall(r"runbook_url\}#([a-z0-9-]+)", ALERTS)

    assert len(named) == ALERTS.count('resource "google_monitoring_alert_policy"')
    assert set(named) <= headings


def _anchors(path: Path) -> Iterator[str]:
    """Spell headings as links to them do."""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            yield re.sub(r"[^a-z0-9 -]", "", line.lstrip("# ").lower()).replace(" ", "-")
