"""`golden-thread report`: how we are doing, as one page."""

from datetime import UTC, date, datetime
from pathlib import Path

import click

from infra.cli.files import written
from infra.report.asking import Scope, ask
from jobs.entry import Day, days_before
from shared.settings import load
from shared.warehouse import Warehouse, open_bigquery

_DAYS = 365


@click.command()
@click.option("--since", type=Day(), help="First day. Default: 365 days before the last.")
@click.option("--until", type=Day(), help="Last day, included. Default: today, UTC.")
@click.option("--strategy", "strategies", multiple=True, help="Only this strategy; may be given several times.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    default=Path("golden-thread.html"),
    show_default=True,
    help="Write to this file.",
)
def command(since: date | None, until: date | None, strategies: tuple[str, ...], out: Path) -> None:
    """Write one HTML page: is the thread whole, and how are we doing? It needs no network to open.

    \b
    Examples:
      golden-thread report
      golden-thread report --since 2021-01-01 --until 2021-06-30 --out half-year.html
      golden-thread report --strategy breakout --strategy mean-reversion
    """
    scope = _scope(since, until, strategies)
    try:
        from infra.report.page import render  # noqa: PLC0415 - its libraries are an extra
    except ImportError as error:
        raise click.ClickException(f"{error.name} is missing; install golden-thread[report]") from None
    settings = load()
    page = render(ask(Warehouse(open_bigquery(settings), settings), scope), datetime.now(UTC))
    with written(out):
        out.write_text(page, encoding="utf-8")


def _scope(since: date | None, until: date | None, strategies: tuple[str, ...]) -> Scope:
    last = until or datetime.now(UTC).date()
    first = since or days_before(last, _DAYS)
    if first > last:
        raise click.UsageError(f"--since {first} lies after --until {last}")
    return Scope(first, last, strategies)
