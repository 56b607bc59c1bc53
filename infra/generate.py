"""What is generated from the models and the jobs, by path: the data dictionary and the inputs of Terraform."""

import json

from jobs.registry import loops
from schemas.bigquery import table_definition
from schemas.dictionary import dictionary
from schemas.registry import TABLES


def generated() -> dict[str, str]:
    """Render every generated file: path below the project → text."""
    tables = {row.TABLE.name: table_definition(row) for row in TABLES}
    jobs = {
        loop.name: {
            "module": f"jobs.{loop.name.replace('-', '_')}",
            "schedule": loop.schedule,
            "summary": loop.summary,
            "table": loop.row.TABLE.name,
        }
        for loop in loops().values()
    }
    return {
        "schemas/README.md": dictionary(),
        "infra/gcp/tables.json": json.dumps(tables, indent=2) + "\n",
        "infra/gcp/jobs.json": json.dumps(jobs, indent=2) + "\n",
    }
