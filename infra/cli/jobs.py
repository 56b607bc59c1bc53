"""`golden-thread jobs`: what there is to run."""

import click

from infra.cli import show
from jobs import check
from jobs.registry import all_jobs


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """List the jobs, in the order of `run all`; those that it leaves out come last.

    \b
    Examples:
      golden-thread jobs
      golden-thread jobs --json
    """
    listed = [
        {"job": job.name, "what": job.summary, "writes": job.table, "schedule": _schedule(job.schedule)}
        for job in all_jobs().values()
    ]
    listed.append(
        {
            "job": check.NAME,
            "what": f"`golden-thread check`: {check.SUMMARY}",
            "writes": "",
            "schedule": _schedule(check.SCHEDULE),
        }
    )
    if as_json:
        show.as_json(listed)
    else:
        show.as_records("", listed)


def _schedule(cron: str) -> str:
    return f"{cron} (UTC)" if cron else "by name only"
