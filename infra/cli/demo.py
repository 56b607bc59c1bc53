"""`golden-thread demo`: the whole thread on this machine, in one command."""

import json
import sys
import tempfile
from pathlib import Path
from typing import get_args

import click

from infra.cli import show
from infra.cli.files import blamed, written
from infra.cli.run import show_results
from infra.local.demo import QUESTIONS, Demo
from infra.local.emulators import Firestore


@click.command()
@click.option("--firestore", "kind", type=click.Choice(get_args(Firestore)), help="Default: the first one found.")
@click.option("--seed", default=1, show_default=True, help="Another seed is another month.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON, complete.")
@click.option("--report", "page", type=click.Path(dir_okay=False, path_type=Path), help="Also write the report there.")
def command(kind: Firestore | None, seed: int, *, as_json: bool, page: Path | None) -> None:
    """Bring up a local stack, load an invented month, run every job twice, show what came of it, take the stack down.

    \b
    Examples:
      golden-thread demo
      golden-thread demo --firestore embedded --seed 7
      golden-thread demo --report demo.html
    \b
    Exit codes: 0 all went as it must, 1 the stack did not start, 3 something came out other than expected.
    """
    if page is not None:
        require_writable(page)
    with (
        tempfile.TemporaryDirectory(prefix="golden-thread-demo-") as folder,
        Demo.started(Path(folder), kind, seed, say=lambda text: click.echo(text, err=True)) as demo,
    ):
        faults = _print_json(demo) if as_json else _present(demo)
        if page is not None:
            text = demo.report()
            with written(page):
                page.write_text(text, encoding="utf-8")
    for fault in faults:
        click.echo(f"unexpected: {fault}", err=True)
    sys.exit(3 if faults else 0)


def require_writable(page: Path) -> None:
    """Find out before the work, which takes a minute, that the page can be written: only opening it makes sure.

    Raises:
        click.FileError: It cannot.
    """
    with blamed(page):
        is_new = not page.exists()
        page.open("ab").close()
        if is_new:
            page.unlink()


def _present(demo: Demo) -> list[str]:
    click.echo("First run: everything that is due is archived, the dirty documents are quarantined.")
    show_results(list(demo.run_all()))
    click.echo("Second run: nothing changes.")
    second = demo.run_all()
    show_results(list(second))
    refused = demo.refused()
    total = sum(documents for _, documents, _, _ in refused)
    show.as_table(f"quarantine: {total} documents", ("reason", "documents", "example", "what to do"), refused)
    for question in QUESTIONS:
        show.as_records(question.title, demo.ask(question))
    return demo.faults(second)


def _print_json(demo: Demo) -> list[str]:
    first, second = demo.run_all(), demo.run_all()
    faults = demo.faults(second)
    columns = ("reason", "documents", "example", "advice")
    show.as_json(
        {
            "first": [json.loads(one.model_dump_json()) for one in first],
            "second": [json.loads(one.model_dump_json()) for one in second],
            "quarantine": [dict(zip(columns, one, strict=True)) for one in demo.refused()],
            "answers": {question.title: demo.ask(question) for question in QUESTIONS},
            "unexpected": faults,
        }
    )
    return faults
