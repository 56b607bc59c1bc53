"""`golden-thread jobs`: what there is to run."""

import click

from infra.cli import show
from jobs.registry import loops


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """List the jobs, in the order of `run all`.

    \b
    Examples:
      golden-thread jobs
      golden-thread jobs --json
    """
    listed = [
        {"job": loop.name, "what": loop.summary, "table": loop.row.TABLE.name, "schedule": f"{loop.schedule} (UTC)"}
        for loop in loops().values()
    ]
    if as_json:
        show.as_json(listed)
    else:
        show.as_records("", listed)
