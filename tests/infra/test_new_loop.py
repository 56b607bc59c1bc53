"""A new loop reaches the cloud by the README's recipe, without an edit to Terraform."""

import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.infra.extract import PROJECT
from tests.infra.workspace import Workspace

RENAMED = {
    "expired-signals": "late-signals",
    "fact_signals_expired": "fact_late_signals",
    "schemas.expired_signals": "schemas.late_signals",
    "35 0 * * *": "50 0 * * *",
}
"""What makes another loop of the shortest one there is."""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the project with a further loop and its table, after the README's steps 1, 2 and 4."""
    root = tmp_path / "project"
    for package in ("jobs", "schemas", "shared", "infra"):
        shutil.copytree(PROJECT / package, root / package, ignore=shutil.ignore_patterns("__pycache__", ".terraform*"))
    for folder in ("jobs", "schemas"):
        text = (root / folder / "expired_signals.py").read_text(encoding="utf-8")
        (root / folder / "late_signals.py").write_text(_renamed(text), encoding="utf-8")
    registry = root / "schemas" / "registry.py"
    text = registry.read_text(encoding="utf-8")
    further = "\nfrom schemas.late_signals import ExpiredSignal as LateSignal\n\nTABLES = (*TABLES, LateSignal)\n"
    registry.write_text(text + further, encoding="utf-8")
    command = [sys.executable, "-m", "infra.cli", "schema", "docs"]
    subprocess.run(command, cwd=root, check=True, capture_output=True, timeout=60)  # noqa: S603 - our own command line
    return root


def _renamed(text: str) -> str:
    for old, new in RENAMED.items():
        text = text.replace(old, new)
    return text


def test_the_generated_definitions_hold_the_new_loop(project: Path) -> None:
    jobs, tables = (json.loads((project / "infra" / "gcp" / f"{name}.json").read_text()) for name in ("jobs", "tables"))

    assert jobs["late-signals"]["module"] == "jobs.late_signals"
    assert jobs["late-signals"]["schedule"] == "50 0 * * *"
    assert jobs["late-signals"]["needs"]["writes"] == ["fact_late_signals"]
    assert tables["fact_late_signals"]["partition_field"] == "ds"


def test_terraform_makes_for_it_what_it_makes_for_the_loop_it_resembles(
    project: Path, workspace_of: Callable[[Path], Workspace]
) -> None:
    made = set(workspace_of(project).plan("paper").resources)
    like = {address for address in made if "expired-signals" in address or "fact_signals_expired" in address}

    assert {_renamed(address) for address in like} <= made
    assert {address.partition("[")[0] for address in like} >= {
        "google_bigquery_table.table",
        "google_bigquery_table_iam_member.writes",
        "google_cloud_run_v2_job.job",
        "google_cloud_scheduler_job.schedule",
        "google_monitoring_alert_policy.silent",
        "google_project_iam_member.source",
        "google_service_account.job",
    }
