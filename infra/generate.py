"""What is generated from the models and the jobs, by path: the data dictionary and the inputs of Terraform."""

import json
from dataclasses import asdict
from typing import Any

from infra.firestore_layout import firestore_layout
from infra.needs import NEEDS_OF_CHECK, needs_of
from jobs import check
from jobs.registry import all_jobs
from schemas.bigquery import table_definition
from schemas.dictionary import dictionary
from schemas.registry import TABLES
from shared.jobs import Job


def generated() -> dict[str, str]:
    """Render every generated file: path below the project → text."""
    tables = {row.TABLE.name: table_definition(row) for row in TABLES}
    jobs = {job.name: _job(job) for job in all_jobs().values()} | {check.NAME: _check()}
    return {
        "schemas/README.md": dictionary(),
        "infra/gcp/tables.json": _json(tables),
        "infra/gcp/jobs.json": _json(jobs),
        "infra/gcp/firestore.json": _json(firestore_layout()),
    }


def _job(job: Job) -> dict[str, Any]:
    return {
        "module": f"jobs.{job.name.replace('-', '_')}",
        "schedule": job.schedule,
        "summary": job.summary,
        "table": job.table,
        "needs": asdict(needs_of(job)),
    }


def _check() -> dict[str, Any]:
    """Describe what is deployed as the jobs are, and is none of them."""
    return {
        "module": check.__name__,
        "schedule": check.SCHEDULE,
        "summary": check.SUMMARY,
        "table": "",
        "needs": asdict(NEEDS_OF_CHECK),
    }


def _json(value: object) -> str:
    return json.dumps(value, indent=2) + "\n"
