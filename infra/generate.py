"""What is generated from the models and the jobs, by path: the data dictionary and the inputs of Terraform."""

import json

from jobs.registry import all_jobs
from schemas.bigquery import table_definition
from schemas.dictionary import dictionary
from schemas.registry import TABLES


def generated() -> dict[str, str]:
    """Render every generated file: path below the project → text."""
    tables = {row.TABLE.name: table_definition(row) for row in TABLES}
    jobs = {
        job.name: {
            "module": f"jobs.{job.name.replace('-', '_')}",
            "schedule": job.schedule,
            "summary": job.summary,
            "table": job.table,
        }
        for job in all_jobs().values()
    }
    return {
        "schemas/README.md": dictionary(),
        "infra/gcp/tables.json": json.dumps(tables, indent=2) + "\n",
        "infra/gcp/jobs.json": json.dumps(jobs, indent=2) + "\n",
    }
