"""`golden-thread local`: the stack on this machine."""

import os
import shlex
from pathlib import Path
from typing import get_args

import click

from infra.cli import show
from infra.local.demo_data import generate
from infra.local.emulators import Firestore
from infra.local.seed import seed as load_directory
from infra.local.stack import Stack
from shared.dataset import Dataset
from shared.documents import open_firestore
from shared.settings import load
from shared.warehouse import open_bigquery


@click.group()
def command() -> None:
    """Firestore, BigQuery and a stand-in broker on this machine; no account, no network.

    State is kept in GOLDEN_THREAD_STATE (default: ~/.local/state/golden-thread) until `reset`.
    """


@command.command()
@click.option("--firestore", "kind", type=click.Choice(get_args(Firestore)), help="Default: the first one found.")
def up(kind: Firestore | None) -> None:
    """Start the stack and create the tables and views. Already up: say so; with another Firestore: refuse.

    \b
    Examples:
      golden-thread local up
      golden-thread local up --firestore embedded
    """
    stack = Stack()
    was_up = stack.running() is not None
    running = stack.up(kind, say=_say)
    settings = load(running.environment())
    Dataset(open_bigquery(settings), settings).hold()
    servers = f"Firestore ({running.firestore_kind}), BigQuery and broker"
    click.echo(f"{'already up' if was_up else 'up'}: {servers}; `golden-thread local env` prints exports")


@command.command()
def down() -> None:
    """Stop the stack; its state stays.

    \b
    Example:
      golden-thread local down
    """
    click.echo("down" if Stack().down(say=_say) else "was not up")


@command.command()
def reset() -> None:
    """Stop the stack and delete its state.

    \b
    Example:
      golden-thread local reset
    """
    stack = Stack()
    stack.reset(say=_say)
    click.echo(f"removed {stack.directory}")


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
@click.pass_context
def status(ctx: click.Context, as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Show what is up, where, and its log; exit 1 when the stack is down.

    \b
    Example:
      golden-thread local status
    """
    stack = Stack()
    running = stack.running()
    if running is None:
        if as_json:
            show.as_json({"servers": []})
        else:
            click.echo("down")
        ctx.exit(1)
    lines = [
        {"server": name, "pid": server.pid, "ports": server.ports, "log": str(stack.log_of(name))}
        for name, server in running.servers.items()
    ]
    if as_json:
        show.as_json({"firestore": running.firestore_kind, "state": str(stack.directory), "servers": lines})
    else:
        show.as_records(f"up; Firestore: {running.firestore_kind}; state: {stack.directory}", lines)


@command.command()
@click.option("--json", "as_json", is_flag=True, help="Print the variables as JSON.")
def env(as_json: bool) -> None:  # noqa: FBT001 - click passes it by name
    """Print exports that point a shell at the stack.

    \b
    Example:
      eval "$(golden-thread local env)"
    """
    running = Stack().running()
    if running is None:
        raise click.ClickException("the local stack is down; `golden-thread local up` starts it")
    if as_json:
        show.as_json(running.environment())
        return
    for name, value in running.environment().items():
        click.echo(f"export {name}={shlex.quote(value)}")


@command.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--invent", is_flag=True, help="Write the invented month of the demo to DIRECTORY first.")
@click.option("--json", "as_json", is_flag=True, help="Print as JSON how many documents of each collection.")
def seed(directory: Path, invent: bool, as_json: bool) -> None:  # noqa: FBT001 - click passes them by name
    """Load a fixture directory: documents, broker records, bars. Several directories add up.

    \b
    Examples:
      golden-thread local seed ./fixtures/btc
      golden-thread local seed ./month --invent
    """
    running = Stack().running()
    if running is None:
        raise click.ClickException("the local stack is down; `golden-thread local up` starts it")
    settings = load({**os.environ, **running.environment()})
    if not invent and not directory.is_dir():
        raise click.UsageError(f"there is no directory {directory}; --invent writes one")
    if invent:
        generate(directory)
    counts = load_directory(directory, open_firestore(settings), settings)
    if as_json:
        show.as_json(counts)
    else:
        show.as_table(f"seeded {directory}", ("collection", "documents"), sorted(counts.items()))


def _say(text: str) -> None:
    click.echo(text, err=True)
