"""`golden-thread bench`: what moving trades costs, against the least it can cost and against other ways."""

from pathlib import Path
from typing import get_args

import click

from infra.bench.environment import missing
from infra.bench.measured import MeasurementError
from infra.bench.report import Repeats, as_dict, lines, ratios
from infra.bench.series import NAMES, Plan, measured
from infra.cli import show
from infra.local.emulators import Firestore


@click.command()
@click.option("--documents", default=5000, show_default=True, type=click.IntRange(1, 50_000), help="How many to move.")
@click.option("--repeats", default=3, show_default=True, type=click.IntRange(min=1), help="Medians are of so many.")
@click.option("--only", multiple=True, type=click.Choice(NAMES), help="Measure only these; repeatable. Default: all.")
@click.option("--firestore", "kind", type=click.Choice(get_args(Firestore)), help="Default: the first one found.")
@click.option("--profiles", type=click.Path(file_okay=False, path_type=Path), help="Write cProfile files here.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, with every measurement.")
def command(
    documents: int, repeats: int, only: tuple[str, ...], kind: Firestore | None, profiles: Path | None, *, as_json: bool
) -> None:
    """Move seeded trades by each way in turn, on a stack of its own: drain, floor, stock client, dlt, ours.

    `drain` receives and looks at nothing; `floor` reads, decodes, validates and serialises; `stock` does that by the
    stock client; `ours` is the trades job with everything on; `again` is that job when the table holds everything.
    Each is a process of its own; starting it and importing libraries is not counted. dlt is measured where
    `make .venv/.bench` brought it.

    \b
    Examples:
      golden-thread bench
      golden-thread bench --documents 50000 --firestore sdk --json
      golden-thread bench --only floor --only ours --repeats 5
      golden-thread bench --only ours --repeats 1 --profiles ./profiles
    """
    absent = missing()
    chosen = [name for name in NAMES if name in (only or NAMES) and name not in absent]
    for name, reason in absent.items():
        click.echo(f"without {name}: {reason}", err=True)
    if profiles:
        profiles.mkdir(parents=True, exist_ok=True)
    try:
        found = measured(Plan(documents, repeats, chosen, kind, profiles=profiles), _say)
    except MeasurementError as error:
        raise click.ClickException(str(error)) from None
    if as_json:
        show.as_json(as_dict(found))
    else:
        _print(found)


def _say(text: str) -> None:
    click.echo(text, err=True)


def _print(found: Repeats) -> None:
    columns = ("contender", "documents", "CPU µs/document", "documents/s", "wall s", "peak MiB")
    table = (
        (
            one.contender,
            one.documents,
            round(one.cpu_us, 1),
            round(one.per_second),
            round(one.wall_s, 3),
            round(one.peak_mib),
        )
        for one in lines(found)
    )
    show.as_table(f"medians of {len(found)}", columns, table)
    compared = (
        (one.what, f"{one.of} / {one.to}", round(one.value, 2), f"{one.spread[0]:.2f} to {one.spread[1]:.2f}")
        for one in ratios(found)
    )
    show.as_table("ratios, medians of those within each repeat", ("what", "ratio", "median", "spread"), compared)
