"""`golden-thread shards`: into how many parts each table is split, and how to split one."""

import sys

import click

from infra.cli import show
from jobs.registry import loops
from shared.log import Log
from shared.parts import connect
from shared.settings import load
from shared.shards import MOST


@click.command()
@click.argument("table", required=False)
@click.argument("count", required=False, type=click.IntRange(1, MOST))
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def command(table: str | None, count: int | None, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Show into how many shards each table is split, or split one: COUNT runs can then fill it at once.

    A job started once fills all shards one after the other. In a Cloud Run execution of n tasks each task takes every
    n-th shard, so give the job as many tasks in Terraform: `limits = { trades = { tasks = 4 } }`. A table can be
    split, or joined again, while no run is under way with it and no commit waits to be settled.

    \b
    Examples:
      golden-thread shards
      golden-thread shards fact_trades 4
      golden-thread shards fact_trades 1
    """
    tables = list(dict.fromkeys(loop.table for loop in loops().values()))
    if table is not None and table not in tables:
        raise click.UsageError(f"no table {table}; there are: {', '.join(tables)}")
    leases = connect(load(), Log(sys.stderr)).leases
    if table is not None and count is not None:
        leases.split(table, count)
    found = [{"table": name, "shards": len(leases.of(name))} for name in ([table] if table else tables)]
    if as_json:
        show.as_json(found)
    else:
        show.as_records("", found)
