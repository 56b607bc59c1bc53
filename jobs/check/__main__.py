"""`python -m jobs.check`: the check as its Cloud Run Job runs it."""

import sys

import click

from jobs.check.verdict import check
from jobs.entry import guarded
from shared.interrupt import stop_on_signals
from shared.log import Log
from shared.settings import load


@click.command(name="check")
@click.option("--strict", is_flag=True, help="A hop over its target fails the check.")
def command(*, strict: bool) -> None:
    """Send marked records through a dataset of its own, hold every value to what it must be, remove them.

    \b
    Example:
      python -m jobs.check --strict
    """
    log = Log(sys.stdout)
    stop_on_signals()
    sys.exit(guarded(log, lambda: check(load(), log).exit_code(strict=strict)))


command()
