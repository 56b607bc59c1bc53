"""Runs the stand-in for Firestore: `python -m infra.local.firestore --port N [--data FILE.sqlite]`."""

import signal
import sqlite3
import threading
from pathlib import Path

import click

from infra.local.firestore.server import Server


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The interface to listen on.")
@click.option(
    "--port", type=click.IntRange(0, 65535), required=True, help="0 takes a free one; the ready line names it."
)
@click.option(
    "--data", type=click.Path(dir_okay=False, path_type=Path), help="SQLite file to keep documents in. [default: none]"
)
def main(host: str, port: int, data: Path | None) -> None:
    """Serve Firestore v1 over gRPC without TLS or credentials, until SIGTERM or SIGINT."""
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _signal, _frame: stopping.set())
    try:
        server = Server(host, port, data)
    except (RuntimeError, sqlite3.Error) as error:
        raise click.ClickException(f"{host}:{port} with {data or 'no file'}: {error}") from error
    server.start()
    click.echo(f"stand-in firestore ready on {host}:{server.port}")
    stopping.wait()
    server.stop()


if __name__ == "__main__":
    main()
